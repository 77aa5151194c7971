//! Lambda's Invoke API, so that AWS SDKs and `cargo lambda invoke` can call a function.
//!
//! Source: Lambda API reference, "Invoke".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::Incoming;
use jiff::Timestamp;
use loopback_guard::{Guard, Limits, Stop, serve};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::function::{Completed, Invocation, Pool};
use crate::ids;

/// Largest event of a synchronous call.
const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;

/// Largest event of an asynchronous call.
const MAX_ASYNC_REQUEST_BYTES: usize = 1024 * 1024;

/// Largest client context, once decoded.
const MAX_CLIENT_CONTEXT_BYTES: usize = 3_583;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The functions by name.
#[derive(Debug)]
pub(crate) struct LambdaApi {
    functions: BTreeMap<String, Arc<Pool>>,
}

/// An error response in AWS's REST-JSON form.
struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

impl LambdaApi {
    pub(crate) fn new(functions: BTreeMap<String, Arc<Pool>>) -> Self {
        Self { functions }
    }

    /// Serves the clients that `guard` admits on `listener` until `stop`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, guard: Guard, stop: Stop) {
        let handle = move |_peer, request| {
            let api = Arc::clone(&self);
            async move { api.handle(request).await }
        };
        serve(listener, Arc::new(guard), Limits::OUTSIDE, stop, handle).await;
    }

    async fn handle(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let request_id = ids::request_id();
        let invoked = self.invoke(request, &request_id).await;
        let mut response = invoked.unwrap_or_else(|error| error_response(&error));
        insert(response.headers_mut(), "x-amzn-requestid", &request_id);
        response
    }

    async fn invoke(&self, request: Request<Incoming>, request_id: &str) -> Result<Response<Full<Bytes>>, ApiError> {
        let pool = self.find(&request)?;
        match header_text(request.headers(), "x-amz-invocation-type").unwrap_or("RequestResponse") {
            "RequestResponse" => {
                let invocation = invocation(request, request_id, false).await?;
                let completed = pool.invoke(invocation).await.map_err(|_throttled| {
                    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
                })?;
                Ok(response(completed))
            }
            "Event" => {
                let invocation = invocation(request, request_id, true).await?;
                // Lambda retries a failed asynchronous invocation twice, minutes later; here it runs once.
                let pool = Arc::clone(pool);
                tokio::spawn(async move { pool.invoke(invocation).await });
                Ok(empty(StatusCode::ACCEPTED))
            }
            "DryRun" => Ok(empty(StatusCode::NO_CONTENT)),
            other => Err(invalid_parameter(format!("Invalid InvocationType {other:?}"))),
        }
    }

    fn find(&self, request: &Request<Incoming>) -> Result<&Arc<Pool>, ApiError> {
        let path = request.uri().path();
        let name = path
            .strip_prefix("/2015-03-31/functions/")
            .and_then(|rest| rest.strip_suffix("/invocations"))
            .filter(|name| !name.is_empty() && !name.contains('/'));
        let Some(name) = name.filter(|_| request.method() == Method::POST) else {
            let message = format!("Unable to determine service/operation name: {} {path}", request.method());
            return Err(ApiError::new(StatusCode::NOT_FOUND, "UnknownOperationException", message));
        };
        let name = percent_decode_str(name).decode_utf8_lossy();
        self.functions.get(function_name(&name)).ok_or_else(|| {
            let message = format!("Function not found: {}", ids::function_arn(&name));
            ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
        })
    }
}

/// The bare name in a name, a name with a version or alias, a partial ARN or a full ARN.
fn function_name(text: &str) -> &str {
    let after = text.rsplit_once("function:").map_or(text, |(_, after)| after);
    after.split_once(':').map_or(after, |(name, _)| name)
}

async fn invocation(request: Request<Incoming>, request_id: &str, detached: bool) -> Result<Invocation, ApiError> {
    let headers = request.headers();
    Ok(Invocation {
        request_id: request_id.to_owned(),
        trace_root: ids::trace_root(headers.get("x-amzn-trace-id"), Timestamp::now()),
        client_context: client_context(headers)?,
        detached,
        kill_after: None,
        log_tail: !detached && header_text(headers, "x-amz-log-type") == Some("Tail"),
        payload: payload(request, detached).await?,
    })
}

async fn payload(request: Request<Incoming>, detached: bool) -> Result<Bytes, ApiError> {
    let limit = if detached { MAX_ASYNC_REQUEST_BYTES } else { MAX_REQUEST_BYTES };
    let collected = Limited::new(request.into_body(), limit).collect();
    let body = match timeout(BODY_TIMEOUT, collected).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limit)),
        Ok(Err(_)) | Err(_) => return Err(invalid_content("Truncated body")),
    };
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Ok(_) => Ok(body),
        Err(error) => Err(invalid_content(format!("Could not parse request body into json: {error}"))),
    }
}

fn too_large(limit: usize) -> ApiError {
    let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
}

fn invalid_content(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
}

/// The client context as one line of JSON, the form in which the Runtime API passes it on.
fn client_context(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(encoded) = header_text(headers, "x-amz-client-context") else {
        return Ok(None);
    };
    let context = STANDARD
        .decode(encoded)
        .ok()
        .filter(|decoded| decoded.len() <= MAX_CLIENT_CONTEXT_BYTES)
        .and_then(|decoded| serde_json::from_slice::<Value>(&decoded).ok())
        .map(|context| context.to_string());
    match context {
        Some(context) if HeaderValue::try_from(&context).is_ok() => Ok(Some(context)),
        _ => Err(invalid_parameter("Client context must be a valid Base64-encoded JSON object.")),
    }
}

fn response(completed: Completed) -> Response<Full<Bytes>> {
    let (payload, failed) = match completed.outcome {
        Ok(payload) => (payload, false),
        Err(error) => (error.payload, true),
    };
    let mut response = Response::new(Full::new(payload));
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_TYPE.as_str(), "application/json");
    insert(headers, "x-amz-executed-version", "$LATEST");
    if failed {
        insert(headers, "x-amz-function-error", "Unhandled");
    }
    if let Some(log) = completed.log_tail {
        insert(headers, "x-amz-log-result", &STANDARD.encode(log));
    }
    response
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message)
}

fn error_response(error: &ApiError) -> Response<Full<Bytes>> {
    let body = json!({ "Type": "User", "Message": error.message });
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = error.status;
    insert(response.headers_mut(), header::CONTENT_TYPE.as_str(), "application/json");
    insert(response.headers_mut(), "x-amzn-errortype", error.code);
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = name.parse::<header::HeaderName>();
    if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_name_leads_to_the_function() {
        for text in [
            "writer",
            "writer:live",
            "writer:$LATEST",
            "123456789012:function:writer",
            "arn:aws:lambda:us-east-1:123456789012:function:writer",
            "arn:aws:lambda:us-east-1:123456789012:function:writer:live",
        ] {
            assert_eq!(function_name(text), "writer", "{text}");
        }
    }
}
