//! The writer as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use function::{
    log::{self, Level},
    with_causes,
};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde_json::json;
use writer::{Config, Event, Identity, Store, Writer};

fn main() -> ExitCode {
    function::run(Config::from_vars, serve)
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    for setting in &config.without_effect {
        log::write(Level::Warn, "a setting has no effect", json!({ "setting": setting }));
    }
    let store = Store::new(&config);
    let identity = Identity::new(&config, &store);
    // Before the first event there is time, and on Lambda a whole core.
    let (dax, keys) = tokio::join!(store.connect(), identity.connect());
    if let Err(error) = dax {
        log::write(Level::Warn, "starting without DAX", json!({ "error": with_causes(&error) }));
    }
    if let Err(error) = keys {
        log::write(Level::Warn, "starting without the keys table", json!({ "error": with_causes(&error) }));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let writer = Arc::new(Writer::new(store, identity, config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<Event>| {
        let writer = Arc::clone(&writer);
        async move { writer.handle(event).await }
    });
    Runtime::new(handler).run_concurrent().await
}
