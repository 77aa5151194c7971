//! Responses as DynamoDB writes them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

use crate::failure::Failure;

/// The media type of DynamoDB's protocol.
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
/// The checksum of the body, which SDKs compare.
pub(crate) const CRC32: &str = "x-amz-crc32";
pub(crate) const REQUEST_ID: &str = "x-amzn-requestid";

/// Length of a request id, and the digits that it consists of.
const ID_LENGTH: usize = 52;
const ID_DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUV0123456789";

/// A response before its headers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) media_type: HeaderValue,
    pub(crate) body: Bytes,
    /// DynamoDB's, if it was asked.
    pub(crate) request_id: Option<HeaderValue>,
}

impl Answer {
    /// The output of an operation.
    pub(crate) fn of(output: Value) -> Self {
        Self::json(StatusCode::OK, &output)
    }

    /// What load balancers are told.
    pub(crate) fn healthy() -> Self {
        let body = Bytes::from_static(b"healthy: dax-bridge");
        Self { status: StatusCode::OK, media_type: HeaderValue::from_static("text/plain"), body, request_id: None }
    }

    /// There is only one path.
    pub(crate) fn no_such_path() -> Self {
        Self { status: StatusCode::NOT_FOUND, ..Failure::new("UnknownOperationException", "").into() }
    }

    pub(crate) fn too_large() -> Self {
        let failure = Failure::new("RequestEntityTooLargeException", "The request is larger than 16 MiB");
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..failure.into() }
    }

    fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, media_type: JSON, body: body.to_string().into(), request_id: None }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let checksum = crc32fast::hash(&self.body);
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.media_type);
        headers.insert(CRC32, checksum.into());
        if let Some(id) = self.request_id.or_else(new_request_id) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Self::json(failure.status(), &failure.to_json())
    }
}

fn new_request_id() -> Option<HeaderValue> {
    let digits: String =
        (0..ID_LENGTH).filter_map(|_| fastrand::choice(ID_DIGITS)).map(|&digit| char::from(digit)).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_what_sdks_look_at() {
        let response = Answer::of(serde_json::json!({})).into_response();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/x-amz-json-1.0");
        // The checksum of `{}`.
        assert_eq!(response.headers()[CRC32], "2745614147");
        assert_eq!(response.headers()[REQUEST_ID].len(), ID_LENGTH);
    }
}
