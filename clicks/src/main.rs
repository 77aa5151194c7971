//! The function that counts clicks, on Lambda.

use std::{process::ExitCode, sync::Arc, time::SystemTime};

use clicks::{Archive, Clicks, Config, Input, Tables};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};

fn main() -> ExitCode {
    function::run(Config::from_vars, serve)
}

async fn serve(config: Config) -> Result<(), lambda_runtime::Error> {
    let tables = Tables::new(&config);
    let archive = config.archive.as_ref().map(Archive::new);
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let clicks = Arc::new(Clicks::new(tables, archive, &config, SystemTime::now));
    let handler = service_fn(move |event: LambdaEvent<Input>| {
        let clicks = Arc::clone(&clicks);
        async move { clicks.handle(event).await }
    });
    // One batch at a time, which is all that a shard has in flight.
    Runtime::new(handler).run().await
}
