//! The redirector as a Lambda function.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime},
};

use function::{
    log::{self, Level},
    with_causes,
};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use redirector::{Config, Event, Redirector, Salts, Shortcut, Store};
use serde_json::json;
use tokio::time::timeout;

/// Longest wait for the salts of visitor codes before the first event. Clicks are counted without them.
const SALTS_LIMIT: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    function::run(Config::from_vars, serve)
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    let store = Store::new(&config);
    let salts = Salts::default();
    let get_salts = async {
        let Some(clicks) = &config.clicks else { return };
        tokio::spawn(salts.clone().keep(store.salts(&clicks.table), clock, config.log_level));
        // What takes longer goes on in the background.
        let _ = timeout(SALTS_LIMIT, salts.tried()).await;
    };
    // Before the first event there is time, and on Lambda a whole core.
    let (connected, ()) = tokio::join!(store.connect(), get_salts);
    if let Err(error) = connected {
        log::write(Level::Warn, "starting without DAX", json!({ "error": with_causes(&error) }));
    }
    let redirector = Arc::new(Redirector::new(store, salts, &config, clock));
    let shortcut = Shortcut::default();
    let parsed = shortcut.clone();
    let handler = service_fn(move |event: LambdaEvent<Option<Event>>| {
        let redirector = Arc::clone(&redirector);
        let event = parsed.event(event.payload).map(|payload| LambdaEvent::new(payload, event.context));
        async move { redirector.handle(event?).await }
    });
    Runtime::new(handler).layer(shortcut).run_concurrent().await
}

fn clock() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    SystemTime::now()
}
