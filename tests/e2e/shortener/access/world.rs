//! A stack whose callers authenticate in one of four ways, and how a request reaches its writer.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use e2e::{Client, PATIENCE};
use local::{Observer, Stack};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    super::counts,
    callers::{Caller, Proof},
};

/// Keeps the lines that the writer writes for requests.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<Value>>);

impl Observer for Log {
    fn output(&self, _function: &str, line: &str) {
        let line = serde_json::from_str::<Value>(line).ok().filter(|line| line["route"].is_string());
        self.0.lock().expect("a list").extend(line);
    }
}

impl Log {
    pub(super) fn lines(&self) -> Vec<Value> {
        self.0.lock().expect("a list").clone()
    }
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) stack: Stack,
    pub(super) log: Arc<Log>,
    gateway: Client,
    lambda: Client,
    /// Whether API Gateway would have authenticated the caller, so that requests are events.
    by_event: bool,
}

/// A response, however it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The end of the problem's type; empty if it is none.
    pub(super) problem: String,
    pub(super) challenge: bool,
    pub(super) text: String,
}

impl Answer {
    fn new(status: u16, challenge: bool, text: String) -> Self {
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let kind = body["type"].as_str().unwrap_or_default();
        Self { status, problem: kind.rsplit(':').next().unwrap_or_default().to_owned(), challenge, text }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl World {
    pub(super) async fn start(auth: &str, more: &[(&str, &str)], dax_nodes: usize) -> Self {
        let log = Arc::new(Log::default());
        let observer = Arc::clone(&log);
        let stack = e2e::shortener_with(|config| {
            config.observer = observer;
            config.dax_nodes = dax_nodes;
            counts::shown(config);
            let writer = config.functions.get_mut("Writer").expect("a writer");
            let variables = [("WRITER_AUTH", auth)].into_iter().chain(more.iter().copied());
            writer.env.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        })
        .await;
        counts::make_table(&stack).await;
        let (gateway, lambda) = (Client::of(&stack), Client::at(&stack.lambda_endpoint()));
        Self { stack, log, gateway, lambda, by_event: matches!(auth, "AWS_IAM" | "JWT") }
    }

    /// Sends a request of a caller, again while the stores are too busy. `body` is JSON; empty if there is none.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        method: &str,
        path: &str,
        body: &str,
        if_match: Option<&str>,
    ) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.send_once(caller, method, path, body, if_match).await;
            if answer.status != 503 || Instant::now() > deadline {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn send_once(&self, caller: &Caller, method: &str, path: &str, body: &str, if_match: Option<&str>) -> Answer {
        let mut headers = vec![("accept", "application/json")];
        if !body.is_empty() {
            let is_patch = method == "PATCH";
            headers.push(("content-type", if is_patch { "application/merge-patch+json" } else { "application/json" }));
        }
        headers.extend(if_match.map(|version| ("if-match", version)));
        if let Proof::Bearer(value) = &caller.proof {
            headers.push(("authorization", value));
        }
        if self.by_event {
            self.by_event(caller, method, path, &headers, body).await
        } else {
            let reply = self.gateway.call(method, path, &headers, body.to_owned()).await;
            let challenge = reply.header("www-authenticate").is_some();
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            Answer::new(reply.status.as_u16(), challenge, text)
        }
    }

    /// As API Gateway sends it once it has checked a signature or a token.
    async fn by_event(
        &self,
        caller: &Caller,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
        let headers: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": raw_path, "rawQueryString": query, "headers": headers,
            "requestContext": {
                "accountId": "111122223333", "apiId": "a1b2c3d4e5", "domainName": "s.example", "stage": "$default",
                "requestId": "UkZtbhDYliAEPuw=", "time": "25/Nov/2025:10:02:20 +0000", "timeEpoch": 1_764_064_940_123_u64,
                "http": { "method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.17", "userAgent": "e2e" },
            },
            "body": body, "isBase64Encoded": false,
        });
        if let Proof::Authorizer(authorizer) = &caller.proof {
            event["requestContext"]["authorizer"] = authorizer.clone();
        }
        let path = "/2015-03-31/functions/writer/invocations";
        let reply = self.lambda.call("POST", path, &[], event.to_string()).await;
        assert_eq!(reply.header("x-amz-function-error"), None, "{}", reply.text());
        let response = reply.json();
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        let challenge = response["headers"]["www-authenticate"].is_string();
        Answer::new(status, challenge, response["body"].as_str().unwrap_or_default().to_owned())
    }
}
