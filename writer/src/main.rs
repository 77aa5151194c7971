//! The writer as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use links::with_causes;
use writer::{Config, Identity, Store, Writer};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), lambda_runtime::Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variable = |name: &str| std::env::var(name).ok();
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        let hint = "`cargo run` in the workspace root starts it with all it needs";
        return Err(format!("this is a Lambda function; {hint}").into());
    }
    let config = Config::from_vars(variable)?;
    // One thread: a second one costs a wake-up of another core for every event and has nothing to do. This holds for
    // several requests at a time (Managed Instances) too, since almost all of the work is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    let store = Store::new(&config);
    let identity = Identity::new(&config, &store);
    // Before the first event there is time, and on Lambda a whole core.
    let (dax, keys) = tokio::join!(store.connect(), identity.connect());
    for (what, connected) in [("DAX", dax), ("the table of keys", keys)] {
        if let Err(error) = connected {
            complain(&format!("starting without {what}: {}", with_causes(&error)));
        }
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let writer = Arc::new(Writer::new(store, identity, config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<_>| {
        let writer = Arc::clone(&writer);
        async move { writer.handle(event).await }
    });
    Runtime::new(handler).run_concurrent().await
}

/// Lambda copies standard error to the function's log.
fn complain(what: &str) {
    #[expect(clippy::print_stderr, reason = "there is nowhere else to say it before or after the event loop")]
    {
        eprintln!("writer: {what}");
    }
}
