//! The redirector as a Lambda function.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use function::{
    log::{self, Level},
    with_causes,
};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use redirector::{Config, Event, Redirector, Shortcut, Store};
use serde_json::json;

fn main() -> ExitCode {
    function::run(Config::from_vars, serve)
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    let store = Store::new(&config);
    // Before the first event there is time, and on Lambda a whole core.
    if let Err(error) = store.connect().await {
        log::write(Level::Warn, "starting without DAX", json!({ "error": with_causes(&error) }));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let redirector = Arc::new(Redirector::new(store, &config, SystemTime::now));
    let shortcut = Shortcut::default();
    let parsed = shortcut.clone();
    let handler = service_fn(move |event: LambdaEvent<Option<Event>>| {
        let redirector = Arc::clone(&redirector);
        let event = parsed.event(event.payload).map(|payload| LambdaEvent::new(payload, event.context));
        async move { redirector.handle(event?).await }
    });
    Runtime::new(handler).layer(shortcut).run_concurrent().await
}
