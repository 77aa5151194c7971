//! A Lambda function that does what its caller asks for: echo, panic, hang, and so on.
//!
//! It is built on the same runtime as the product's functions, so it shows how the platform treats them.

#![expect(
    clippy::exit,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "misbehaving is its purpose"
)]

use std::time::{Duration, UNIX_EPOCH};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    initialise().await;
    lambda_runtime::run(service_fn(handle)).await
}

/// Fails to start in the way that `PROBE_INIT` names.
async fn initialise() {
    let variable = |name| std::env::vars().find(|(key, _)| key == name).map(|(_, value)| value);
    match variable("PROBE_INIT").as_deref() {
        Some("exit") => {
            eprintln!("cannot start");
            std::process::exit(4);
        }
        Some("hang") => std::future::pending().await,
        // The file is made by the first process, so the second one starts.
        Some(file) if std::fs::File::create_new(file).is_ok() => std::process::exit(5),
        _ => {}
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    // An HTTP event, or the payload of a direct call.
    let path = payload.get("rawPath").or_else(|| payload.get("do"));
    let action = path.and_then(Value::as_str).unwrap_or("/echo").to_owned();
    match action.as_str() {
        "/panic" => panic!("asked to panic"),
        "/fail" => Err("asked to fail".into()),
        "/exit" => {
            println!("about to exit");
            std::process::exit(3)
        }
        "/abort" => std::process::abort(),
        "/hang" => std::future::pending().await,
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(text(std::process::id().to_string()))
        }
        "/huge" => Ok(text("x".repeat(7 * 1024 * 1024))),
        "/pid" => Ok(text(std::process::id().to_string())),
        "/print" => {
            println!("to standard output");
            eprintln!("to standard error");
            Ok(text(String::new()))
        }
        "/answer" => Ok(serde_json::from_str(&body(&payload))?),
        "/env" => Ok(json!(std::env::vars().collect::<std::collections::BTreeMap<_, _>>())),
        "/context" => Ok(json!({
            "request_id": context.request_id,
            "deadline_ms": u64::try_from(context.deadline().duration_since(UNIX_EPOCH)?.as_millis())?,
            "arn": context.invoked_function_arn,
            "trace_id": context.xray_trace_id,
            "client_context": context.client_context,
        })),
        "/tick" => {
            // Goes on after the answer, unless the environment is frozen.
            tokio::spawn(async {
                loop {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    println!("tick");
                }
            });
            Ok(text(String::new()))
        }
        "/child" => {
            let child = std::process::Command::new("/bin/sleep").arg("1000").spawn()?;
            Ok(text(child.id().to_string()))
        }
        _ => Ok(payload),
    }
}

fn text(body: String) -> Value {
    json!({ "statusCode": 200, "body": body })
}

fn body(payload: &Value) -> String {
    payload.get("body").and_then(Value::as_str).unwrap_or_default().to_owned()
}
