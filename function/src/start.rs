//! How a function starts.

use std::{panic, process::ExitCode};

use lambda_runtime::Error;
use serde_json::json;

use crate::{
    log::{self, Level},
    runtime_events,
    settings::SettingsError,
    with_causes,
};

/// Runs a function until Lambda ends it: reads its settings and serves events.
///
/// The whole `main` of a function. Whatever it has to say on Lambda is a line of the [`log`], a panic too.
pub fn run<C>(
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<C, SettingsError>,
    serve: impl AsyncFnOnce(C) -> Result<(), Error>,
) -> ExitCode {
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        explain();
        return ExitCode::FAILURE;
    }
    fixed_environment::keep();
    panic::set_hook(Box::new(|info| log::write(Level::Error, "panicked", json!({ "error": info.to_string() }))));
    runtime_events::write();
    match try_run(read, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::write(Level::Error, "the function cannot run", json!({ "error": with_causes(&*error) }));
            ExitCode::FAILURE
        }
    }
}

fn try_run<C>(
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<C, SettingsError>,
    serve: impl AsyncFnOnce(C) -> Result<(), Error>,
) -> Result<(), Error> {
    let config = read(variable)?;
    // One thread: a second one costs a wake-up of another core for every event and has nothing to do. This holds for
    // several requests at a time (Managed Instances) too, since almost all of the work is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(config))
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var(name).ok()
}

/// Somebody has started the program by hand.
fn explain() {
    #[expect(clippy::print_stderr, reason = "for a person at a terminal")]
    {
        eprintln!("This is a Lambda function; `cargo run` in the workspace root starts it with all it needs.");
    }
}
