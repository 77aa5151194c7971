//! Starts the deploy tool.

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        return ExitCode::FAILURE;
    };
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let exit = runtime.block_on(infra::run(std::env::args_os(), ci));
    // A question on the terminal may still be waiting for its answer.
    runtime.shutdown_background();
    exit
}
