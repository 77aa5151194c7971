//! What a caller wants, out of the body.

use serde_json::{Map, Value};

use crate::{problem::Problem, request::Request};

/// A link that a caller wants.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The URL as written.
    pub(crate) url: String,
    /// The slug that the caller chooses, as written.
    pub(crate) slug: Option<String>,
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
    let form = if request.accepts_json() {
        Form::Json
    } else {
        Form::Text
    };
    let media_type = request.media_type();
    let body = request.body()?;
    if body.trim_ascii().is_empty() {
        return Err(Problem::EmptyBody);
    }
    match media_type.as_deref() {
        Some(media_type) if is_json(media_type) => Ok((json(&body)?, Form::Json)),
        Some("application/x-www-form-urlencoded") => Ok((form_encoded(&body)?, form)),
        None | Some("") => Ok((text(body)?, form)),
        Some(media_type) if media_type.starts_with("text/") => Ok((text(body)?, form)),
        Some("application/octet-stream") => Ok((text(body)?, form)),
        Some(_) => Err(Problem::UnsupportedMediaType {
            expected: "text/plain, application/x-www-form-urlencoded or application/json",
        }),
    }
}

/// Reads the body of `POST /api/v1/links`, which is JSON.
pub(crate) fn strict(request: &Request) -> Result<Wish, Problem> {
    if !request
        .media_type()
        .is_some_and(|media_type| is_json(&media_type))
    {
        return Err(Problem::UnsupportedMediaType {
            expected: "application/json",
        });
    }
    let body = request.body()?;
    if body.trim_ascii().is_empty() {
        return Err(Problem::EmptyBody);
    }
    json(&body)
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || media_type.starts_with("application/") && media_type.ends_with("+json")
}

fn text(body: Vec<u8>) -> Result<Wish, Problem> {
    let url = String::from_utf8(body).map_err(|_not_utf8| Problem::NotText)?;
    Ok(Wish { url, slug: None })
}

/// `curl -d URL` announces a form and sends the bare URL; a form proper has a field `url`.
fn form_encoded(body: &[u8]) -> Result<Wish, Problem> {
    let start = body.trim_ascii_start();
    let begins_with = |scheme: &[u8]| {
        start
            .get(..scheme.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
    };
    if begins_with(b"http://") || begins_with(b"https://") {
        return text(body.to_vec());
    }
    let (_, url) = url::form_urlencoded::parse(body.trim_ascii())
        .find(|(name, _)| name == "url")
        .ok_or(Problem::MissingField { field: "url" })?;
    Ok(Wish {
        url: url.into_owned(),
        slug: None,
    })
}

fn json(body: &[u8]) -> Result<Wish, Problem> {
    let mut object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| Problem::MalformedJson {
            line: error.line(),
            column: error.column(),
        })?;
    let url = take_text(&mut object, "url")?.ok_or(Problem::MissingField { field: "url" })?;
    let slug = take_text(&mut object, "slug")?;
    // A misspelt option must not pass as if it had been heeded.
    if let Some(field) = object.keys().find(|field| !field.starts_with("x_")) {
        return Err(Problem::UnknownField {
            field: field.clone(),
        });
    }
    Ok(Wish { url, slug })
}

fn take_text(
    object: &mut Map<String, Value>,
    field: &'static str,
) -> Result<Option<String>, Problem> {
    match object.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::WrongType {
            field,
            expected: "a string",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde_json::json;

    fn request(media_type: Option<&str>, body: &[u8]) -> Request {
        let body = BASE64_STANDARD.encode(body);
        let headers = json!({ "content-type": media_type.unwrap_or_default() });
        crate::request::request(
            json!({ "headers": headers, "body": body, "isBase64Encoded": true }),
        )
    }

    fn check(media_type: &str, body: &[u8], expected: Result<(&str, Form), &str>) {
        let media_type = Some(media_type).filter(|value| !value.is_empty());
        let actual = any(&request(media_type, body));
        let actual = actual
            .as_ref()
            .map(|(wish, form)| (wish.url.as_str(), *form))
            .map_err(Problem::code);
        assert_eq!(
            actual,
            expected,
            "{media_type:?} {}",
            String::from_utf8_lossy(body)
        );
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_url_is_found_in_any_form() {
        let expected = Ok(("https://e.com/?a=1&b=%20", Form::Text));
        check("", b"https://e.com/?a=1&b=%20", expected);
        check(
            "text/plain; charset=utf-8",
            b"https://e.com/?a=1&b=%20",
            expected,
        );
        check(
            "application/octet-stream",
            b"https://e.com/?a=1&b=%20",
            expected,
        );
        check(FORM, b"https://e.com/?a=1&b=%20", expected);
        check(
            FORM,
            b"x=1&url=https%3A%2F%2Fe.com%2F%3Fa%3D1%26b%3D%2520",
            expected,
        );
        check(
            "Application/JSON",
            br#"{"url":"https://e.com/"}"#,
            Ok(("https://e.com/", Form::Json)),
        );
        check(
            "application/ld+json",
            br#"{"url":"https://e.com/"}"#,
            Ok(("https://e.com/", Form::Json)),
        );
        check(
            FORM,
            b" HTTPS://e.com\n",
            Ok((" HTTPS://e.com\n", Form::Text)),
        );
    }

    #[test]
    fn what_holds_no_url_is_refused() {
        check("", b"", Err("empty-body"));
        check(FORM, b" \r\n", Err("empty-body"));
        check("application/json", b"", Err("empty-body"));
        check("", b"\xff\xfe", Err("invalid-url"));
        check(FORM, b"uri=https://e.com", Err("missing-field"));
        check(
            "multipart/form-data; boundary=x",
            b"--x",
            Err("unsupported-media-type"),
        );
        check("image/png", b"x", Err("unsupported-media-type"));
    }

    #[test]
    fn json_is_strict() {
        let check = |body: &str, expected: Result<(&str, Option<&str>), &str>| {
            let actual = strict(&request(Some("application/json"), body.as_bytes()));
            let actual = actual
                .as_ref()
                .map(|wish| (wish.url.as_str(), wish.slug.as_deref()))
                .map_err(Problem::code);
            assert_eq!(actual, expected, "{body}");
        };
        check(
            r#"{"url":"u","slug":"s","x_mine":[1]}"#,
            Ok(("u", Some("s"))),
        );
        check(r#"{"url":"u","slug":null}"#, Ok(("u", None)));
        check(r#"{"slug":"s"}"#, Err("missing-field"));
        check(r#"{"url":1}"#, Err("wrong-type"));
        check(r#"{"url":"u","slgu":"s"}"#, Err("unknown-field"));
        check(r#"{"url":"u""#, Err("malformed-json"));
        check(r#"["u"]"#, Err("malformed-json"));
        check("{\"url\":\"u\"} x", Err("malformed-json"));
        assert!(matches!(
            strict(&request(Some("application/json"), b"{\n  \"url\" 1}")),
            Err(Problem::MalformedJson { line: 2, column: 9 })
        ));
        assert!(matches!(
            strict(&request(Some(FORM), b"{}")),
            Err(Problem::UnsupportedMediaType { .. })
        ));
        assert!(matches!(
            strict(&request(None, b"{}")),
            Err(Problem::UnsupportedMediaType { .. })
        ));
    }
}
