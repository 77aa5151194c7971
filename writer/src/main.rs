//! The writer as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use links::DynamoDbStore;
use writer::{Config, Writer};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Lambda copies standard error to the function's log.
            #[expect(
                clippy::print_stderr,
                reason = "there is nowhere else to say it before or after the event loop"
            )]
            {
                eprintln!("writer: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), lambda_runtime::Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    let variable = |name: &str| std::env::var(name).ok();
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        return Err("this is a Lambda function; `cargo run` in the workspace root starts it with all it needs".into());
    }
    let config = Config::from_vars(variable)?;
    let store = DynamoDbStore::new(config.dynamodb.clone());
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    let writer = Arc::new(Writer::new(store, config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<_>| {
        let writer = Arc::clone(&writer);
        async move { writer.handle(event).await }
    });
    // One thread: a second one costs a wake-up of another core for every event and has nothing to do.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(Runtime::new(handler).run_concurrent())
}
