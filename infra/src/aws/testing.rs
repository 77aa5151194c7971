//! Scripted responses of AWS, for cases that no emulator produces. The SDK's own serializers, deserializers and retries
//! run; only the connection is replaced.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use super::Aws;

/// One scripted exchange: the expected operation and the response to it.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// 200, with the content of the result element.
    Ok(&'static str, String),
    /// An error with code and message.
    Error(&'static str, u16, &'static str, &'static str),
    /// The connection breaks.
    Broken(&'static str),
}

impl Reply {
    fn operation(&self) -> &'static str {
        match self {
            Self::Ok(operation, _) | Self::Error(operation, ..) | Self::Broken(operation) => operation,
        }
    }
}

/// The script, and the requests so far.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Arc::new(Mutex::new(replies.into_iter().collect())), requests: Arc::default() }
    }

    /// Clients that are connected to the script.
    pub(crate) fn aws(&self) -> Aws {
        aws(self.clone())
    }

    /// Bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Panics if part of the script was not used.
    pub(crate) fn assert_played(&self) {
        let left: Vec<_> = self.replies.lock().unwrap().iter().map(Reply::operation).collect();
        assert!(left.is_empty(), "never requested: {left:?}");
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let body = body_of(request);
        let target = request.headers().get("x-amz-target");
        let reply = self.replies.lock().unwrap().pop_front();
        let reply = reply.unwrap_or_else(|| panic!("the script has ended, but: {target:?} {body}"));
        let operation = reply.operation();
        let is_expected = match target {
            Some(target) => target.ends_with(&format!(".{operation}")),
            None => body.contains(&format!("Action={operation}&")),
        };
        assert!(is_expected, "expected {operation}, got {target:?} {body}");
        self.requests.lock().unwrap().push(body);
        match reply {
            Reply::Ok(_, inner) if target.is_some() => response(200, inner),
            Reply::Ok(_, inner) => response(200, result(operation, &inner)),
            Reply::Error(_, status, code, message) if target.is_some() => {
                response(status, format!("{{\"__type\":\"com.amazonaws#{code}\",\"message\":\"{message}\"}}"))
            }
            Reply::Error(_, status, code, message) => response(status, error(code, message)),
            Reply::Broken(_) => Err(ConnectorError::io("connection reset".into())),
        }
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

/// Clients that are connected to `connector`. They do not retry, so a script describes exactly what happens.
pub(crate) fn aws(connector: impl HttpConnector + 'static) -> Aws {
    let connector = SharedHttpConnector::new(connector);
    let shared = connector.clone();
    let credentials = Credentials::new("id", "secret", None, None, "script");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(1).with_initial_backoff(Duration::from_millis(1)))
        .http_client(http_client_fn(move |_, _| shared.clone()))
        .build();
    Aws::from_config(&config, connector).unwrap()
}

/// The body of a request.
pub(crate) fn body_of(request: &HttpRequest) -> String {
    String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned()
}

/// A successful answer in the query protocol.
pub(crate) fn result(operation: &str, inner: &str) -> String {
    format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
}

/// A refusal in the query protocol.
pub(crate) fn error(code: &str, message: &str) -> String {
    format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
}

/// A response.
#[expect(clippy::unnecessary_wraps, reason = "what a connector returns")]
pub(crate) fn response(status: u16, text: String) -> Result<HttpResponse, ConnectorError> {
    let response = http::Response::builder().status(status).body(SdkBody::from(text)).unwrap();
    Ok(HttpResponse::try_from(response).unwrap())
}
