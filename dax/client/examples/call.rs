//! One DAX call from the command line, in DynamoDB JSON; any of the ten operations.
//!
//! ```text
//! cargo run -p dax-client --example call -- dax://127.0.0.1:8111 GetItem '{"TableName":"links","Key":{"id":{"S":"k3"}}}'
//! ```
//!
//! The output goes to stdout as DynamoDB JSON, binary values in base64. A failure goes there as `{"error": …}`, and the
//! exit code is 1. Credentials and region are taken from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_SESSION_TOKEN` and `AWS_REGION`; a cluster that does not check them is content with the defaults. For a
//! `daxs://` cluster with a private certificate, `--ca FILE` names the PEM file to trust.

#![allow(clippy::print_stdout, reason = "a program that prints its result")]

use std::process::ExitCode;

use aws_sdk_dynamodb::config::Credentials;
use dax_client::{Client, Config, Error, Refresh};
use dynamodb_json::{FromJson, ToJson};
use serde_json::{Map, Value, json};

const USAGE: &str = "usage: call [--ca FILE] ENDPOINT OPERATION JSON";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()).await {
        Ok(output) => {
            println!("{output:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{:#}", json!({ "error": error }));
            ExitCode::FAILURE
        }
    }
}

async fn run(mut arguments: Vec<String>) -> Result<Value, Value> {
    let mut pem = None;
    if arguments.first().is_some_and(|first| first == "--ca") && arguments.len() >= 2 {
        let file = arguments.drain(..2).next_back().unwrap_or_default();
        pem = Some(std::fs::read(&file).map_err(|error| usage(&format!("{file}: {error}")))?);
    }
    let [endpoint, operation, input] = arguments.as_slice() else {
        return Err(usage(USAGE));
    };
    let input: Value =
        serde_json::from_str(input).map_err(|error| usage(&format!("the input is not JSON: {error}")))?;
    let mut config = config(endpoint).map_err(|error| usage(&error.to_string()))?;
    if let Some(pem) = pem {
        config = config.trust_pem(&pem).map_err(|error| usage(&error.to_string()))?;
    }
    let client = Client::connect(config).await.map_err(|error| failure(&error))?;
    match operation.as_str() {
        "GetItem" => report(client.get_item(read(&input)?).await),
        "PutItem" => report(client.put_item(read(&input)?).await),
        "UpdateItem" => report(client.update_item(read(&input)?).await),
        "DeleteItem" => report(client.delete_item(read(&input)?).await),
        "BatchGetItem" => report(client.batch_get_item(read(&input)?).await),
        "BatchWriteItem" => report(client.batch_write_item(read(&input)?).await),
        "Query" => report(client.query(read(&input)?).await),
        "Scan" => report(client.scan(read(&input)?).await),
        "TransactGetItems" => report(client.transact_get_items(read(&input)?).await),
        "TransactWriteItems" => report(client.transact_write_items(read(&input)?).await),
        other => Err(usage(&format!("DAX has no operation {other}"))),
    }
}

fn read<I: FromJson>(input: &Value) -> Result<I, Value> {
    I::from_json(input).map_err(|error| usage(&error.to_string()))
}

fn report<O: ToJson>(result: Result<O, Error>) -> Result<Value, Value> {
    let output = result.map_err(|error| failure(&error))?;
    output.to_json().map_err(|error| usage(&error.to_string()))
}

fn config(endpoint: &str) -> Result<Config, dax_client::EndpointError> {
    let key = variable("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "local".to_owned());
    let secret = variable("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "local".to_owned());
    let credentials = Credentials::new(key, secret, variable("AWS_SESSION_TOKEN"), None, "environment");
    let mut config = Config::new(endpoint)?
        .credentials_provider(credentials)
        // For a single call no list of nodes has to be kept fresh.
        .refresh(Refresh::OnUse(std::time::Duration::from_secs(60)));
    let local = !endpoint.contains(".dax-clusters.");
    if let Some(region) = variable("AWS_REGION").or_else(|| local.then(|| "us-east-1".to_owned())) {
        config = config.region(region);
    }
    Ok(config)
}

#[expect(clippy::disallowed_methods, reason = "a program reads its environment in one place: here")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn usage(message: &str) -> Value {
    json!({ "code": "Usage", "message": message })
}

/// The error with its chain of causes, as one object.
fn failure(error: &Error) -> Value {
    let code = match error {
        Error::Server(server) => server.code(),
        Error::Validation { .. } => "ValidationException",
        Error::Timeout { .. } => "Timeout",
        Error::Credentials { .. } => "Credentials",
        Error::Config { .. } | Error::Endpoint(_) => "Configuration",
        error if error.is_io() => "Unreachable",
        _ => "Protocol",
    };
    let mut shown = Map::new();
    shown.insert("code".to_owned(), code.into());
    shown.insert("message".to_owned(), error.with_causes().to_string().into());
    shown.insert("retry".to_owned(), format!("{:?}", error.retry()).into());
    if error.outcome_unknown() {
        shown.insert("outcome_unknown".to_owned(), true.into());
    }
    if let Some(server) = error.server().filter(|server| !server.cancellation_reasons.is_empty()) {
        let reasons = server.cancellation_reasons.to_json();
        shown.insert("CancellationReasons".to_owned(), reasons.unwrap_or_else(|error| error.to_string().into()));
    }
    shown.into()
}
