//! The redirector as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use links::with_causes;
use redirector::{Config, Event, Redirector, Store};

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
    // Before the first event there is time, and on Lambda a whole core.
    if let Err(error) = store.connect().await {
        complain(&format!("starting without DAX: {}", with_causes(&error)));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let redirector = Arc::new(Redirector::new(store, &config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<Event>| {
        let redirector = Arc::clone(&redirector);
        async move { redirector.handle(event).await }
    });
    Runtime::new(handler).run_concurrent().await
}

/// Lambda copies standard error to the function's log.
fn complain(what: &str) {
    #[expect(clippy::print_stderr, reason = "there is nowhere else to say it before or after the event loop")]
    {
        eprintln!("redirector: {what}");
    }
}
