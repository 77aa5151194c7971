//! The writer as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use function::{log_startup_error, with_causes};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use writer::{Config, Event, Identity, Store, Writer};

const NAME: &str = "writer";

fn main() -> ExitCode {
    function::run(NAME, Config::from_vars, serve)
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    for setting in &config.without_effect {
        log_startup_error(NAME, format_args!("{setting}"));
    }
    let store = Store::new(&config);
    let identity = Identity::new(&config, &store);
    // Before the first event there is time, and on Lambda a whole core.
    let (dax, keys) = tokio::join!(store.connect(), identity.connect());
    if let Err(error) = dax {
        log_startup_error(NAME, format_args!("starting without DAX: {}", with_causes(&error)));
    }
    if let Err(error) = keys {
        log_startup_error(NAME, format_args!("starting without the keys table: {}", with_causes(&error)));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let writer = Arc::new(Writer::new(store, identity, config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<Event>| {
        let writer = Arc::clone(&writer);
        async move { writer.handle(event).await }
    });
    Runtime::new(handler).run_concurrent().await
}
