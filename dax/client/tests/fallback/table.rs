//! A DynamoDB that does as it is told, behind a real SDK client.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::support::credentials;

/// Clones are one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) mode: Mode,
    /// What was asked: operation and input.
    pub(crate) seen: Vec<(String, Value)>,
    /// Clients made by [`Table::client`].
    pub(crate) clients: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Mode {
    #[default]
    Answers,
    /// With this status, code and message.
    Refuses(u16, &'static str),
    Slow(Duration),
    Hangs,
    /// Refuses connections.
    Down,
}

impl Table {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.state().mode = mode;
    }

    /// Operations that were asked.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.state().seen.iter().map(|(operation, _)| operation.clone()).collect()
    }

    pub(crate) fn config(&self) -> aws_sdk_dynamodb::Config {
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials("AK1"))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build()
    }

    pub(crate) fn client(&self) -> aws_sdk_dynamodb::Client {
        self.state().clients += 1;
        aws_sdk_dynamodb::Client::from_conf(self.config())
    }
}

impl HttpClient for Table {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.strip_prefix("DynamoDB_20120810.").unwrap().to_owned();
        let input: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let mode = {
            let mut state = self.state();
            state.seen.push((operation.clone(), input.clone()));
            state.mode.clone()
        };
        HttpConnectorFuture::new(async move {
            match mode {
                Mode::Answers => Ok(response(200, &output(&operation, &input))),
                Mode::Refuses(status, code) => Ok(response(status, &json!({ "__type": code, "message": "no" }))),
                Mode::Slow(time) => {
                    tokio::time::sleep(time).await;
                    Ok(response(200, &output(&operation, &input)))
                }
                Mode::Hangs => std::future::pending().await,
                Mode::Down => Err(ConnectorError::io("connection refused".into())),
            }
        })
    }
}

/// A plausible answer; that to `GetItem` holds the key, and `table` as its echo.
fn output(operation: &str, input: &Value) -> Value {
    match operation {
        "GetItem" => {
            let mut item = input["Key"].clone();
            item["echo"] = json!({ "S": "table" });
            json!({ "Item": item })
        }
        "BatchGetItem" => json!({ "Responses": {} }),
        "Query" | "Scan" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        "TransactGetItems" => json!({ "Responses": [] }),
        _ => json!({}),
    }
}

fn response(status: u16, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body.to_string()));
    response.headers_mut().insert("x-amzn-requestid", "R1");
    response
}
