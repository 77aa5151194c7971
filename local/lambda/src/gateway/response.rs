//! A function's result → HTTP response, and the gateway's own error responses.
//!
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value};

/// An error response of the gateway itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum GatewayError {
    NotFound,
    RequestTimeout,
    RequestTooLarge,
    HeadersTooLarge,
    /// The function failed, or its result is not an HTTP response.
    Integration,
    /// The integration took too long, or the function was throttled.
    Unavailable,
}

impl GatewayError {
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (status, message) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::RequestTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::HeadersTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large"),
            Self::Integration => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let mut response = Response::new(Full::from(format!("{{\"message\":\"{message}\"}}")));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// Why a result cannot become an HTTP response.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(&'static str);

const BAD_STATUS: Malformed = Malformed("statusCode is not a status from 200 to 599");

/// Maps the result of a function.
///
/// # Errors
/// [`Malformed`] for a result that is not JSON or cannot be an HTTP response.
pub(super) fn map(result: &Bytes) -> Result<Response<Full<Bytes>>, Malformed> {
    let value: Value = serde_json::from_slice(result).or(Err(Malformed("it is not JSON")))?;
    match value {
        Value::Object(members) if members.contains_key("statusCode") => explicit(&members),
        Value::String(body) => Ok(inferred(Bytes::from(body))),
        _ => Ok(inferred(result.clone())),
    }
}

/// The response for a result without `statusCode`.
fn inferred(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn explicit(members: &Map<String, Value>) -> Result<Response<Full<Bytes>>, Malformed> {
    let body = body(members)?;
    let mut headers = HeaderMap::new();
    for cookie in array(members, "cookies")? {
        headers.append(header::SET_COOKIE, header_value(cookie)?);
    }
    for (name, value) in object(members, "headers")? {
        let name: HeaderName = name.parse().or(Err(Malformed("bad header name")))?;
        if let Some(name) = passed_as(name)? {
            headers.append(name, header_value(value)?);
        }
    }
    if !body.is_empty() {
        headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status(members.get("statusCode"))?;
    *response.headers_mut() = headers;
    Ok(response)
}

fn status(value: Option<&Value>) -> Result<StatusCode, Malformed> {
    let code = match value {
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64().and_then(|code| u16::try_from(code).ok()),
        None => None,
    };
    // Only final statuses: an informational one would leave the client waiting.
    match code {
        Some(code @ 200..=599) => StatusCode::from_u16(code).or(Err(BAD_STATUS)),
        _ => Err(BAD_STATUS),
    }
}

fn body(members: &Map<String, Value>) -> Result<Bytes, Malformed> {
    let text = match members.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Malformed("body is not a string")),
    };
    match members.get("isBase64Encoded") {
        Some(Value::Bool(true)) => STANDARD.decode(text).map(Bytes::from).or(Err(Malformed("body is not base64"))),
        None | Some(Value::Null | Value::Bool(false)) => Ok(Bytes::from(text.clone())),
        Some(_) => Err(Malformed("isBase64Encoded is not a boolean")),
    }
}

fn object<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, Malformed> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None.into_iter().flatten()),
        Some(Value::Object(map)) => Ok(Some(map).into_iter().flatten()),
        Some(_) => Err(Malformed("headers is not an object")),
    }
}

fn array<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Malformed> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Malformed("cookies is not an array")),
    }
}

fn header_value(value: &Value) -> Result<HeaderValue, Malformed> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return Err(Malformed("a header value is not a string")),
    };
    // Refuses CR and LF, so that no result can smuggle in headers.
    HeaderValue::from_bytes(text.as_bytes()).or(Err(Malformed("bad header value")))
}

/// The name under which a function's header reaches the client; `None` if it does not.
fn passed_as(name: HeaderName) -> Result<Option<HeaderName>, Malformed> {
    match name.as_str() {
        // These describe the connection, which belongs to the gateway.
        "content-length" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade" => {
            Ok(None)
        }
        // The gateway sets these itself and passes the function's under another name.
        "connection" | "date" | "server" => {
            format!("x-amzn-remapped-{name}").parse().map(Some).or(Err(Malformed("bad header name")))
        }
        _ => Ok(Some(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use serde_json::json;

    /// Status, headers by name (those of one name in order), and body.
    type Plain = (u16, Vec<(String, String)>, String);

    async fn plain(response: Response<Full<Bytes>>) -> Plain {
        let (head, body) = response.into_parts();
        let mut headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        headers.sort_by(|(left, _), (right, _)| left.cmp(right));
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn check(result: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let response = map(&Bytes::from(result.to_owned())).unwrap();
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(plain(response).await, (status, headers, body.to_owned()), "{result}");
    }

    #[tokio::test]
    async fn a_result_with_a_status_is_used_as_given() {
        check(
            r#"{"statusCode":301,"headers":{"Location":"https://a.example/"}}"#,
            301,
            &[("location", "https://a.example/")],
            "",
        )
        .await;
        check(r#"{"statusCode":204}"#, 204, &[], "").await;
        check(r#"{"statusCode":"200","body":null,"headers":null,"cookies":null}"#, 200, &[], "").await;
        check(
            r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true,"headers":{"content-type":"x/y","n":1,"b":true}}"#,
            200,
            &[("b", "true"), ("content-type", "x/y"), ("n", "1")],
            "hi",
        )
        .await;
        check(r#"{"statusCode":200,"body":"hi"}"#, 200, &[("content-type", "text/plain;charset=UTF-8")], "hi").await;
    }

    #[tokio::test]
    async fn cookies_become_headers_before_any_other() {
        check(
            r#"{"statusCode":200,"headers":{"set-cookie":"c=3"},"cookies":["a=1","b=2; Secure"]}"#,
            200,
            &[("set-cookie", "a=1"), ("set-cookie", "b=2; Secure"), ("set-cookie", "c=3")],
            "",
        )
        .await;
    }

    #[tokio::test]
    async fn connection_headers_belong_to_the_gateway() {
        check(
            r#"{"statusCode":200,"headers":{"Date":"then","Connection":"close","Server":"x","Transfer-Encoding":"chunked","Content-Length":"7","Keep-Alive":"1"}}"#,
            200,
            &[
                ("x-amzn-remapped-connection", "close"),
                ("x-amzn-remapped-date", "then"),
                ("x-amzn-remapped-server", "x"),
            ],
            "",
        )
        .await;
    }

    #[tokio::test]
    async fn a_result_without_a_status_is_the_body() {
        let json_type = &[("content-type", "application/json")];
        check(r#"{"a": 1}"#, 200, json_type, r#"{"a": 1}"#).await;
        check(r#""text""#, 200, json_type, "text").await;
        check("[1,2]", 200, json_type, "[1,2]").await;
        check("null", 200, json_type, "null").await;
    }

    #[test]
    fn a_malformed_result_is_refused() {
        for result in [
            "",
            "not json",
            "{\"statusCode\":200",
            r#"{"statusCode":"abc"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":600}"#,
            r#"{"statusCode":null}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":[]}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"cookies":"a=1"}"#,
        ] {
            assert!(map(&Bytes::from(result)).is_err(), "{result}");
        }
    }

    #[tokio::test]
    async fn errors_have_a_message() {
        let json_type = vec![("content-type".to_owned(), "application/json".to_owned())];
        assert_eq!(
            plain(GatewayError::NotFound.response()).await,
            (404, json_type, json!({"message": "Not Found"}).to_string())
        );
    }
}
