//! A function and the platform that runs it, in one program.
//!
//! ```console
//! $ cargo run --package lambda-local --example hello
//! curl http://localhost:3000/world
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;

use lambda_local::{Function, Listeners, Platform, PlatformConfig, Route};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    // Lambda and the platform set this variable for functions.
    if env::vars_os().any(|(name, _)| name == "AWS_LAMBDA_RUNTIME_API") {
        return lambda_runtime::run(service_fn(hello)).await;
    }

    let mut config = PlatformConfig::new();
    config.functions.push(Function::new("hello", env::current_exe()?));
    config.routes.push(Route::new("GET /{name}", "hello"));
    let platform = Platform::start(Listeners::bind(3000, 9000).await?, config)?;
    println!("curl {}/world", platform.url());

    tokio::signal::ctrl_c().await?;
    platform.stop().await;
    Ok(())
}

async fn hello(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload.pointer("/pathParameters/name").and_then(Value::as_str).unwrap_or("nobody");
    Ok(json!({ "statusCode": 200, "body": format!("Hello, {name}!\n") }))
}
