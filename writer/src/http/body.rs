//! The body of a request: a URL in any of several forms, or a JSON object.

use links::trim_hidden;

use super::{
    fields::Fields,
    form,
    problem::{BodyProblem, Problem, UrlProblem},
    request::{MAX_BODY_BYTES, Request},
};

/// What the body of `POST /` holds.
#[derive(Debug)]
pub(crate) enum Body {
    /// A URL, as plain text.
    Url(String),
    /// A URL and options, as a JSON object or a form.
    Object(Fields),
}

/// What a successful response to `POST /` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    /// The slug alone, as in the AWS sample.
    Text,
    /// The whole link.
    Json,
}

/// Parses the body of `POST /`: a URL as plain text, in a form, or in JSON.
pub(crate) fn any(request: &Request) -> Result<(Body, ResponseFormat), Problem> {
    let format = if request.accepts_json() { ResponseFormat::Json } else { ResponseFormat::Text };
    let media_type = request.media_type().unwrap_or_default();
    let body = not_empty(request, MAX_BODY_BYTES)?;
    match media_type.as_str() {
        json if is_json(json) => Ok((Body::Object(Fields::parse(&body)?), ResponseFormat::Json)),
        "application/x-www-form-urlencoded" => Ok((form_or_url(body)?, format)),
        "" | "application/octet-stream" => Ok((Body::Url(text(body)?), format)),
        text_type if text_type.starts_with("text/") => Ok((Body::Url(text(body)?), format)),
        _ => {
            let expected = "text/plain, application/x-www-form-urlencoded or application/json";
            Err(BodyProblem::UnsupportedMediaType { expected }.into())
        }
    }
}

/// Parses a body that must be a JSON object.
pub(crate) fn object(request: &Request) -> Result<Fields, Problem> {
    object_of(request, MAX_BODY_BYTES)
}

/// Parses a body of at most `limit` bytes that must be a JSON object.
pub(crate) fn object_of(request: &Request, limit: usize) -> Result<Fields, Problem> {
    if !request.media_type().is_some_and(|media_type| is_json(&media_type)) {
        return Err(BodyProblem::UnsupportedMediaType { expected: "application/json" }.into());
    }
    Fields::parse(&not_empty(request, limit)?)
}

/// Refuses a body with anything in it, for calls that take none. Clients that always send JSON send an empty object.
pub(crate) fn none(request: &Request) -> Result<(), Problem> {
    let body = request.body(MAX_BODY_BYTES)?;
    match body.trim_ascii() {
        b"" => Ok(()),
        object if object.starts_with(b"{") => Fields::parse(object)?.finish(),
        _ => Err(BodyProblem::UnsupportedMediaType { expected: "no body" }.into()),
    }
}

fn not_empty(request: &Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let body = request.body(limit)?;
    if body.trim_ascii().is_empty() { Err(BodyProblem::Empty.into()) } else { Ok(body) }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.starts_with("application/") && media_type.ends_with("+json")
}

/// A text that is a URL, or is refused as one.
fn text(body: Vec<u8>) -> Result<String, Problem> {
    let text = String::from_utf8(body).map_err(|_not_utf8| UrlProblem::NotText)?;
    if trim_hidden(&text).starts_with('{') { Err(UrlProblem::UndeclaredJson.into()) } else { Ok(text) }
}

/// `curl -d URL` declares a form but sends the bare URL, with quotation marks around it if it is typed in Windows' cmd. A
/// proper form begins with the name of a field.
fn form_or_url(body: Vec<u8>) -> Result<Body, Problem> {
    let text = text(body)?;
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '[' | ']' | '%' | '+');
    match trim_hidden(&text).split_once('=') {
        Some((name, _)) if name.split('&').all(|name| name.chars().all(is_in_name)) => {
            Ok(Body::Object(form::fields(&text)?))
        }
        _ => Ok(Body::Url(text)),
    }
}

/// A request with that body, encoded as API Gateway encodes bytes.
#[cfg(test)]
pub(crate) fn request_with(media_type: Option<&str>, body: &[u8]) -> Request {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let headers = serde_json::json!({ "content-type": media_type.unwrap_or_default() });
    let body = BASE64_STANDARD.encode(body);
    super::request::request(serde_json::json!({ "headers": headers, "body": body, "isBase64Encoded": true }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::FieldProblem;

    fn check(media_type: &str, body: &[u8], expected: Result<(&str, ResponseFormat), &str>) {
        let media_type = Some(media_type).filter(|value| !value.is_empty());
        let url = |body| -> Result<String, Problem> {
            match body {
                Body::Url(url) => Ok(url),
                Body::Object(mut fields) => {
                    let url = fields.text("url")?.flatten();
                    fields.finish()?;
                    url.ok_or_else(|| FieldProblem::Missing { field: "url" }.into())
                }
            }
        };
        let actual = any(&request_with(media_type, body));
        let actual = actual.and_then(|(body, format)| Ok((url(body)?, format)));
        let actual = actual.as_ref().map(|(url, format)| (url.as_str(), *format)).map_err(Problem::code);
        assert_eq!(actual, expected, "{media_type:?} {}", String::from_utf8_lossy(body));
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_url_is_found_in_any_form() {
        let expected = Ok(("https://e.com/?a=1&b=%20", ResponseFormat::Text));
        check("", b"https://e.com/?a=1&b=%20", expected);
        check("text/plain; charset=utf-8", b"https://e.com/?a=1&b=%20", expected);
        check("application/octet-stream", b"https://e.com/?a=1&b=%20", expected);
        check(FORM, b"https://e.com/?a=1&b=%20", expected);
        check(FORM, b"x_a=1&url=https%3A%2F%2Fe.com%2F%3Fa%3D1%26b%3D%2520", expected);
        check("Application/JSON", br#"{"url":"https://e.com/"}"#, Ok(("https://e.com/", ResponseFormat::Json)));
        check("application/ld+json", br#"{"url":"https://e.com/"}"#, Ok(("https://e.com/", ResponseFormat::Json)));
        check(FORM, b" HTTPS://e.com\n", Ok((" HTTPS://e.com\n", ResponseFormat::Text)));
    }

    #[test]
    fn a_body_without_a_url_is_refused() {
        check("", b"", Err("empty-body"));
        check(FORM, b" \r\n", Err("empty-body"));
        check("application/json", b"", Err("empty-body"));
        check("", b"\xff\xfe", Err("invalid-url"));
        check(FORM, b"uri=https://e.com", Err("unknown-field"));
        check("multipart/form-data; boundary=x", b"--x", Err("unsupported-media-type"));
        check("image/png", b"x", Err("unsupported-media-type"));
    }

    #[test]
    fn what_is_no_form_is_a_text_that_the_rules_for_urls_explain() {
        for text in [
            "example.com/x",
            "example.com/?a=b",
            "'https://example.com/?a=b'",
            "\"https://example.com/\"",
            "<https://example.com/?a=b>",
            "Look at this: https://example.com/?a=b",
        ] {
            check(FORM, text.as_bytes(), Ok((text, ResponseFormat::Text)));
        }
        for media_type in [FORM, "text/plain", ""] {
            check(media_type, br#" {"url":"https://example.com/?a=b"}"#, Err("invalid-url"));
        }
        check(FORM, b"url=https://example.com/\xff", Err("invalid-url"));
    }

    #[test]
    fn calls_without_a_body_refuse_one() {
        let check = |body: &str, expected: Result<(), &str>| {
            let request = request_with(Some("application/json"), body.as_bytes());
            assert_eq!(none(&request).map_err(|problem| problem.code()), expected, "{body}");
        };
        check("", Ok(()));
        check(" \n", Ok(()));
        check("{}", Ok(()));
        check(r#"{"x_mine":1}"#, Ok(()));
        check(r#"{"ttl_seconds":60}"#, Err("unknown-field"));
        check("{", Err("malformed-json"));
        check("[]", Err("unsupported-media-type"));
    }

    #[test]
    fn json_must_be_declared_and_well_formed() {
        assert!(matches!(
            object(&request_with(Some("application/json"), b"{\n  \"url\" 1}")),
            Err(Problem::Body(BodyProblem::MalformedJson { line: 2, column: 9 }))
        ));
        for media_type in [Some(FORM), None] {
            assert!(matches!(
                object(&request_with(media_type, b"{}")),
                Err(Problem::Body(BodyProblem::UnsupportedMediaType { .. }))
            ));
        }
    }
}
