//! The Runtime API's responses, in the words of AWS's Runtime Interface Emulator.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;

use super::delivery::Delivery;
use super::machine::Refusal;

/// Largest response of a function: 6 MiB and 100 bytes.
pub(super) const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

pub(super) fn accepted() -> Response<Full<Bytes>> {
    json_response(StatusCode::ACCEPTED, Bytes::from_static(b"{\"status\":\"OK\"}\n"))
}

pub(super) fn refused(refusal: &Refusal) -> Response<Full<Bytes>> {
    match refusal {
        Refusal::OutOfOrder { from, to } => error(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            &format!("Transition from {from} to {to} is not allowed"),
        ),
        Refusal::UnknownRequest => bad_request("InvalidRequestID", "Invalid request ID"),
    }
}

pub(super) fn bad_request(kind: &str, message: &str) -> Response<Full<Bytes>> {
    error(StatusCode::BAD_REQUEST, kind, message)
}

pub(super) fn truncated() -> Response<Full<Bytes>> {
    bad_request("TruncatedHTTPRequest", "HTTP request detected as truncated")
}

pub(super) fn too_large() -> Response<Full<Bytes>> {
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
    )
}

pub(super) fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("404 page not found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The response to `next`: the event as the body, the facts about the invocation in headers.
pub(super) fn delivery(delivery: Delivery) -> Response<Full<Bytes>> {
    let mut response = json_response(StatusCode::OK, delivery.payload);
    let headers = response.headers_mut();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", Some(delivery.request_id)),
        ("lambda-runtime-deadline-ms", Some(delivery.deadline_ms.to_string())),
        ("lambda-runtime-invoked-function-arn", Some(delivery.function_arn)),
        ("lambda-runtime-trace-id", Some(delivery.trace_id)),
        ("lambda-runtime-client-context", delivery.client_context),
    ] {
        // Values that do not fit into a header were refused at the Invoke API.
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "errorMessage": message, "errorType": kind });
    json_response(status, Bytes::from(body.to_string()))
}

fn json_response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
