//! What a caller wants, out of the body.

use crate::{
    http::{fields::Fields, problem::Problem, request::Request},
    link::changes::Changes,
};

/// A link that a caller wants.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The URL as written.
    pub(crate) url: String,
    /// The slug that the caller chooses, as written.
    pub(crate) slug: Option<String>,
    /// Whether a link that is there already will do. Unset, it will unless there are options.
    pub(crate) reuse: Option<bool>,
    /// All else.
    pub(crate) options: Changes,
    /// The request as one text that is the same for the same request.
    pub(crate) canonical: String,
}

impl Wish {
    /// A link without options.
    fn plain(url: String) -> Self {
        let canonical = format!("url={url}\n");
        Self { url, slug: None, reuse: None, options: Changes::default(), canonical }
    }

    /// A link as an object describes it.
    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, Problem> {
        let canonical = fields.canonical();
        let url = fields.text("url")?.flatten();
        let url = url.ok_or(Problem::MissingField { field: "url" })?;
        let wish = Self {
            url,
            slug: fields.text("slug")?.flatten(),
            reuse: fields.flag("reuse")?.flatten(),
            options: Changes::options(&mut fields)?,
            canonical,
        };
        fields.finish()?;
        Ok(wish)
    }
}

/// What a successful answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The slug alone, as the original application answers.
    Text,
    /// The whole link.
    Json,
}

/// Reads the body of `POST /`: a URL as text, in a form, or in JSON.
pub(crate) fn any(request: &Request) -> Result<(Wish, Form), Problem> {
    let form = if request.accepts_json() { Form::Json } else { Form::Text };
    let media_type = request.media_type();
    let body = request.body()?;
    if body.trim_ascii().is_empty() {
        return Err(Problem::EmptyBody);
    }
    match media_type.as_deref() {
        Some(media_type) if is_json(media_type) => Ok((Wish::from_fields(Fields::parse(&body)?)?, Form::Json)),
        Some("application/x-www-form-urlencoded") => Ok((form_encoded(&body)?, form)),
        None | Some("") => Ok((text(body)?, form)),
        Some(media_type) if media_type.starts_with("text/") => Ok((text(body)?, form)),
        Some("application/octet-stream") => Ok((text(body)?, form)),
        Some(_) => Err(Problem::UnsupportedMediaType {
            expected: "text/plain, application/x-www-form-urlencoded or application/json",
        }),
    }
}

/// Reads a body that must be a JSON object.
pub(crate) fn object(request: &Request) -> Result<Fields, Problem> {
    if !request.media_type().is_some_and(|media_type| is_json(&media_type)) {
        return Err(Problem::UnsupportedMediaType { expected: "application/json" });
    }
    let body = request.body()?;
    if body.trim_ascii().is_empty() {
        return Err(Problem::EmptyBody);
    }
    Fields::parse(&body)
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.starts_with("application/") && media_type.ends_with("+json")
}

fn text(body: Vec<u8>) -> Result<Wish, Problem> {
    let url = String::from_utf8(body).map_err(|_not_utf8| Problem::NotText)?;
    Ok(Wish::plain(url))
}

/// `curl -d URL` announces a form and sends the bare URL; a form proper has a field `url`.
fn form_encoded(body: &[u8]) -> Result<Wish, Problem> {
    let start = body.trim_ascii_start();
    let begins_with = |scheme: &[u8]| start.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if begins_with(b"http://") || begins_with(b"https://") {
        return text(body.to_vec());
    }
    let (_, url) = url::form_urlencoded::parse(body.trim_ascii())
        .find(|(name, _)| name == "url")
        .ok_or(Problem::MissingField { field: "url" })?;
    Ok(Wish::plain(url.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;

    fn request(media_type: Option<&str>, body: &[u8]) -> Request {
        let body = BASE64_STANDARD.encode(body);
        let headers = json!({ "content-type": media_type.unwrap_or_default() });
        crate::http::request::request(json!({ "headers": headers, "body": body, "isBase64Encoded": true }))
    }

    fn check(media_type: &str, body: &[u8], expected: Result<(&str, Form), &str>) {
        let media_type = Some(media_type).filter(|value| !value.is_empty());
        let actual = any(&request(media_type, body));
        let actual = actual.as_ref().map(|(wish, form)| (wish.url.as_str(), *form)).map_err(Problem::code);
        assert_eq!(actual, expected, "{media_type:?} {}", String::from_utf8_lossy(body));
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_url_is_found_in_any_form() {
        let expected = Ok(("https://e.com/?a=1&b=%20", Form::Text));
        check("", b"https://e.com/?a=1&b=%20", expected);
        check("text/plain; charset=utf-8", b"https://e.com/?a=1&b=%20", expected);
        check("application/octet-stream", b"https://e.com/?a=1&b=%20", expected);
        check(FORM, b"https://e.com/?a=1&b=%20", expected);
        check(FORM, b"x=1&url=https%3A%2F%2Fe.com%2F%3Fa%3D1%26b%3D%2520", expected);
        check("Application/JSON", br#"{"url":"https://e.com/"}"#, Ok(("https://e.com/", Form::Json)));
        check("application/ld+json", br#"{"url":"https://e.com/"}"#, Ok(("https://e.com/", Form::Json)));
        check(FORM, b" HTTPS://e.com\n", Ok((" HTTPS://e.com\n", Form::Text)));
    }

    #[test]
    fn what_holds_no_url_is_refused() {
        check("", b"", Err("empty-body"));
        check(FORM, b" \r\n", Err("empty-body"));
        check("application/json", b"", Err("empty-body"));
        check("", b"\xff\xfe", Err("invalid-url"));
        check(FORM, b"uri=https://e.com", Err("missing-field"));
        check("multipart/form-data; boundary=x", b"--x", Err("unsupported-media-type"));
        check("image/png", b"x", Err("unsupported-media-type"));
    }

    #[test]
    fn json_is_strict() {
        let check = |body: &str, expected: Result<(&str, Option<&str>), &str>| {
            let request = request(Some("application/json"), body.as_bytes());
            let actual = object(&request).and_then(Wish::from_fields);
            let actual = actual.as_ref().map(|wish| (wish.url.as_str(), wish.slug.as_deref())).map_err(Problem::code);
            assert_eq!(actual, expected, "{body}");
        };
        check(r#"{"url":"u","slug":"s","x_mine":[1]}"#, Ok(("u", Some("s"))));
        check(r#"{"url":"u","slug":null,"note":null}"#, Ok(("u", None)));
        check(r#"{"slug":"s"}"#, Err("missing-field"));
        check(r#"{"url":1}"#, Err("wrong-type"));
        check(r#"{"url":"u","slgu":"s"}"#, Err("unknown-field"));
        check(r#"{"url":"u","state":"disabled"}"#, Err("unknown-field"));
        check(r#"{"url":"u""#, Err("malformed-json"));
        check(r#"["u"]"#, Err("malformed-json"));
        check("{\"url\":\"u\"} x", Err("malformed-json"));
        assert!(matches!(
            object(&request(Some("application/json"), b"{\n  \"url\" 1}")),
            Err(Problem::MalformedJson { line: 2, column: 9 })
        ));
        assert!(matches!(object(&request(Some(FORM), b"{}")), Err(Problem::UnsupportedMediaType { .. })));
        assert!(matches!(object(&request(None, b"{}")), Err(Problem::UnsupportedMediaType { .. })));
    }
}
