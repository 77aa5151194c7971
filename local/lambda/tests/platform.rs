//! A platform with a real function: this program, which the platform starts again as the function.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_local::{ConfigError, CrashRecord, Function, Listeners, Observer, Platform, PlatformConfig, Route};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() {
    if env::vars_os().any(|(name, _)| name == "AWS_LAMBDA_RUNTIME_API") {
        lambda_runtime::run(service_fn(greet)).await.unwrap();
        return;
    }
    // Not under the test harness, whose programs cannot be started as something else.
    requests_reach_the_function().await;
    failures_are_observed().await;
    the_invoke_api_calls_the_function().await;
    a_stopped_platform_leaves_no_process().await;
    a_route_to_an_unknown_function_is_refused().await;
}

/// The function: greets by name, and refuses to greet nobody.
async fn greet(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    match event.payload.pointer("/pathParameters/name").and_then(Value::as_str) {
        Some("nobody") => Err("nobody to greet".into()),
        Some(name) => Ok(json!({ "statusCode": 200, "body": format!("Hello, {name}!") })),
        None => Ok(event.payload),
    }
}

async fn requests_reach_the_function() {
    let platform = platform(PlatformConfig::new()).await;
    let gateway = platform.gateway_addr();
    assert_eq!(call(gateway, "GET", "/world", "").await, (200, "Hello, world!".to_owned()));
    assert_eq!(call(gateway, "GET", "/", "").await, (404, r#"{"message":"Not Found"}"#.to_owned()));
    let stats = platform.function_stats("greet").unwrap();
    assert_eq!((stats.started, stats.crashed), (1, 0));
    platform.stop().await;
}

async fn failures_are_observed() {
    let crashes = Arc::new(Crashes::default());
    let mut config = PlatformConfig::new();
    config.observer = crashes.clone();
    config.functions.push(Function::new("missing", "/there/is/no/such/program"));
    config.routes.push(Route::new("GET /missing", "missing"));
    let platform = platform(config).await;
    let gateway = platform.gateway_addr();
    assert_eq!(call(gateway, "GET", "/nobody", "").await.0, 500);
    assert_eq!(call(gateway, "GET", "/missing", "").await.0, 500);
    // Only the program that could not be started is a crash: the function is free to return an error.
    assert_eq!(*crashes.0.lock().unwrap(), ["missing"]);
    platform.stop().await;
}

async fn the_invoke_api_calls_the_function() {
    let platform = platform(PlatformConfig::new()).await;
    let endpoint = platform.lambda_endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    let invocations = |name| format!("/2015-03-31/functions/{name}/invocations");
    assert_eq!(call(endpoint, "POST", &invocations("greet"), r#"{"a":1}"#).await, (200, r#"{"a":1}"#.to_owned()));
    assert_eq!(call(endpoint, "POST", &invocations("other"), "{}").await.0, 404);
    platform.stop().await;
}

async fn a_stopped_platform_leaves_no_process() {
    let platform = platform(PlatformConfig::new()).await;
    call(platform.gateway_addr(), "GET", "/world", "").await;
    let pids = platform.function_stats("greet").unwrap().pids;
    assert_eq!(pids.len(), 1);
    platform.stop().await;
    for pid in pids {
        let process = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        let ended = async {
            while rustix::process::test_kill_process(process).is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the process ends");
    }
}

async fn a_route_to_an_unknown_function_is_refused() {
    let mut config = PlatformConfig::new();
    config.routes.push(Route::new("GET /", "nobody"));
    let error = Platform::start(Listeners::bind(0, 0).await.unwrap(), config).unwrap_err();
    assert!(matches!(error, ConfigError::UnknownFunction { .. }), "{error}");
}

/// Names of the functions that crashed.
#[derive(Debug, Default)]
struct Crashes(Mutex<Vec<String>>);

impl Observer for Crashes {
    fn crash(&self, crash: &CrashRecord<'_>) {
        self.0.lock().unwrap().push(crash.function.to_owned());
    }
}

/// A platform with this program as the function `greet`.
async fn platform(mut config: PlatformConfig) -> Platform {
    let program: PathBuf = env::current_exe().unwrap();
    config.functions.push(Function::new("greet", program));
    config.routes.push(Route::new("GET /{name}", "greet"));
    Platform::start(Listeners::bind(0, 0).await.unwrap(), config).unwrap()
}

/// One request on a new connection; returns status and body.
async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut response = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut response)).await.expect("a response in time").unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
