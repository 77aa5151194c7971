//! The body of a request: a URL in any of several forms, or a JSON object.

use super::{
    fields::Fields,
    problem::{BodyProblem, FieldProblem, Problem, UrlProblem},
    request::Request,
};

/// What the body of `POST /` holds.
#[derive(Debug)]
pub(crate) enum Body {
    /// A URL, as plain text or in a form.
    Url(String),
    /// A JSON object.
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
    let body = not_empty(request)?;
    match media_type.as_str() {
        json if is_json(json) => Ok((Body::Object(Fields::parse(&body)?), ResponseFormat::Json)),
        "application/x-www-form-urlencoded" => Ok((Body::Url(form_url(body)?), format)),
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
    if !request.media_type().is_some_and(|media_type| is_json(&media_type)) {
        return Err(BodyProblem::UnsupportedMediaType { expected: "application/json" }.into());
    }
    Fields::parse(&not_empty(request)?)
}

fn not_empty(request: &Request) -> Result<Vec<u8>, Problem> {
    let body = request.body()?;
    if body.trim_ascii().is_empty() { Err(BodyProblem::Empty.into()) } else { Ok(body) }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.starts_with("application/") && media_type.ends_with("+json")
}

fn text(body: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(body).map_err(|_not_utf8| UrlProblem::NotText.into())
}

/// `curl -d URL` declares a form but sends the bare URL. A proper form has a field `url`.
fn form_url(body: Vec<u8>) -> Result<String, Problem> {
    let start = body.trim_ascii_start();
    let begins_with = |scheme: &[u8]| start.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if begins_with(b"http://") || begins_with(b"https://") {
        return text(body);
    }
    let url = url::form_urlencoded::parse(body.trim_ascii()).find(|(name, _)| name == "url");
    url.map(|(_, url)| url.into_owned()).ok_or_else(|| FieldProblem::Missing { field: "url" }.into())
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

    fn check(media_type: &str, body: &[u8], expected: Result<(&str, ResponseFormat), &str>) {
        let media_type = Some(media_type).filter(|value| !value.is_empty());
        let url = |body| match body {
            Body::Url(url) => url,
            Body::Object(mut fields) => fields.text("url").unwrap().flatten().unwrap(),
        };
        let actual = any(&request_with(media_type, body)).map(|(body, format)| (url(body), format));
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
        check(FORM, b"x=1&url=https%3A%2F%2Fe.com%2F%3Fa%3D1%26b%3D%2520", expected);
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
        check(FORM, b"uri=https://e.com", Err("missing-field"));
        check("multipart/form-data; boundary=x", b"--x", Err("unsupported-media-type"));
        check("image/png", b"x", Err("unsupported-media-type"));
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
