//! How a function starts.

use std::{fmt, process::ExitCode};

use lambda_runtime::Error;

use crate::settings::SettingsError;

/// Runs a function until Lambda ends it: reads its settings and serves events.
///
/// The whole `main` of a function. `name` is how it signs what it writes before and after the event loop.
pub fn run<C>(
    name: &str,
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<C, SettingsError>,
    serve: impl AsyncFnOnce(C) -> Result<(), Error>,
) -> ExitCode {
    match try_run(read, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log_startup_error(name, error);
            ExitCode::FAILURE
        }
    }
}

fn try_run<C>(
    read: impl FnOnce(fn(&str) -> Option<String>) -> Result<C, SettingsError>,
    serve: impl AsyncFnOnce(C) -> Result<(), Error>,
) -> Result<(), Error> {
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        let hint = "`cargo run` in the workspace root starts it with all it needs";
        return Err(format!("this is a Lambda function; {hint}").into());
    }
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

/// Reports what is wrong before or after the event loop. Lambda copies standard error to the function's log.
pub fn log_startup_error(name: &str, what: impl fmt::Display) {
    #[expect(clippy::print_stderr, reason = "outside the event loop there is no other log")]
    {
        eprintln!("{name}: {what}");
    }
}
