//! Two functions: one prints a line for each request, the other counts the lines, which come by CloudWatch Logs and Kinesis.
//!
//! ```console
//! $ cargo run --package lambda-local --example count
//! curl http://localhost:3000/world
//! ```

#![expect(clippy::print_stdout, reason = "what a function prints is its log, and an example shows what it does")]

use std::env;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use lambda_local::{
    Destination, EventSource, Function, Listeners, Platform, PlatformConfig, Route, Stream, Subscription,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    // Lambda and the platform set this variable for functions.
    match env::vars().find(|(name, _)| name == "AWS_LAMBDA_FUNCTION_NAME") {
        Some((_, name)) if name == "greeter" => lambda_runtime::run(service_fn(greet)).await,
        Some(_) => lambda_runtime::run(service_fn(count)).await,
        None => serve().await,
    }
}

async fn serve() -> Result<(), Error> {
    let mut config = PlatformConfig::new();
    for name in ["greeter", "counter"] {
        config.functions.push(Function::new(name, env::current_exe()?));
    }
    config.routes.push(Route::new("GET /{name}", "greeter"));
    let mut lines = Subscription::new("greetings", "greeter", Destination::Stream("lines".to_owned()));
    lines.pattern = "greeted".to_owned();
    config.subscriptions.push(lines);
    config.streams.push(Stream::new("lines"));
    config.event_sources.push(EventSource::new("lines", "counter"));

    let platform = Platform::start(Listeners::bind(3000, 9000).await?, config)?;
    println!("curl {}/world", platform.url());
    tokio::signal::ctrl_c().await?;
    println!("{:?}", platform.delivery_stats("counter"));
    platform.stop().await;
    Ok(())
}

async fn greet(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload.pointer("/pathParameters/name").and_then(Value::as_str).unwrap_or("nobody");
    println!("greeted {name}");
    Ok(json!({ "statusCode": 200, "body": format!("Hello, {name}!\n") }))
}

async fn count(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut lines = 0;
    for record in event.payload.get("Records").and_then(Value::as_array).into_iter().flatten() {
        let data = record.pointer("/kinesis/data").and_then(Value::as_str).unwrap_or_default();
        let data = STANDARD.decode(data)?;
        let mut text = String::new();
        GzDecoder::new(data.as_slice()).read_to_string(&mut text)?;
        let message: Value = serde_json::from_str(&text)?;
        // The first message of a subscription only tries out whether it arrives.
        if message.get("messageType").and_then(Value::as_str) == Some("DATA_MESSAGE") {
            lines += message.get("logEvents").and_then(Value::as_array).map_or(0, Vec::len);
        }
    }
    Ok(json!({ "lines": lines }))
}
