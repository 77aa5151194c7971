//! A request, as API Gateway describes it in an event (HTTP API, payload format 2.0).

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Method, header};

use super::problem::{BodyProblem, Problem};

/// Maximum size of a body: eight times the longest URL.
pub(crate) const MAX_BODY_BYTES: usize = 64 << 10;

/// A request to the writer.
#[derive(Debug)]
pub(crate) struct Request {
    event: ApiGatewayV2httpRequest,
}

impl Request {
    pub(crate) fn new(event: ApiGatewayV2httpRequest) -> Self {
        Self { event }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.event.request_context.http.method
    }

    /// The path below the stage. API Gateway leaves the name of a stage in the path, except for `$default`.
    pub(crate) fn path(&self) -> &str {
        let path = self.event.raw_path.as_deref().unwrap_or("/");
        let stage = self.event.request_context.stage.as_deref().unwrap_or_default();
        let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)).filter(|_| !stage.is_empty());
        below.filter(|below| below.starts_with('/')).unwrap_or(path)
    }

    /// The raw query string.
    pub(crate) fn query(&self) -> &str {
        self.event.raw_query_string.as_deref().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&HeaderValue> {
        self.event.headers.get(name)
    }

    /// The value of a header, if it consists of visible ASCII characters.
    pub(crate) fn header_text(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.header(name)?.to_str().ok()
    }

    /// Where the request was sent, as the start of a URL. It includes the name of the stage, except for `$default`.
    pub(crate) fn base_url(&self) -> Option<String> {
        let domain = self.event.request_context.domain_name.as_deref()?;
        let stage = self.event.request_context.stage.as_deref().filter(|stage| *stage != "$default");
        Some(match stage {
            Some(stage) => format!("https://{domain}/{stage}"),
            None => format!("https://{domain}"),
        })
    }

    /// The media type of the body, without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header_text(header::CONTENT_TYPE)?;
        value.split(';').next().map(|media_type| media_type.trim().to_ascii_lowercase())
    }

    /// Whether the client asks for JSON by name.
    pub(crate) fn accepts_json(&self) -> bool {
        let accept = self.header_text(header::ACCEPT).unwrap_or_default();
        function::accept::names(accept, "application/json")
    }

    /// The body as the client sent it, of at most `limit` bytes. API Gateway encodes whatever it does not consider text.
    pub(crate) fn body(&self, limit: usize) -> Result<Vec<u8>, Problem> {
        let encoding = self.header(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(BodyProblem::Encoded.into());
        }
        let body = self.event.body.as_deref().unwrap_or_default();
        let bytes = if self.event.is_base64_encoded {
            if body.len() / 4 * 3 > limit + 2 {
                return Err(BodyProblem::TooLarge { limit }.into());
            }
            BASE64_STANDARD.decode(body).map_err(|_not_base64| BodyProblem::Malformed)?
        } else {
            body.as_bytes().to_vec()
        };
        if bytes.len() > limit {
            return Err(BodyProblem::TooLarge { limit }.into());
        }
        Ok(bytes)
    }

    /// The ARN of the caller whose signature API Gateway has checked.
    pub(crate) fn iam_arn(&self) -> Option<&str> {
        self.event.request_context.authorizer.as_ref()?.iam.as_ref()?.user_arn.as_deref()
    }

    /// A claim of the token that API Gateway has checked.
    pub(crate) fn jwt_claim(&self, name: &str) -> Option<&str> {
        let jwt = self.event.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        jwt.claims.get(name).map(String::as_str)
    }

    /// The scopes of that token which API Gateway has listed.
    pub(crate) fn jwt_scopes(&self) -> impl Iterator<Item = &str> {
        let authorizer = self.event.request_context.authorizer.as_ref();
        let scopes = authorizer.and_then(|authorizer| authorizer.jwt.as_ref()?.scopes.as_ref());
        scopes.into_iter().flatten().map(String::as_str)
    }
}

/// A request as a browser sends it through API Gateway, with `changes` merged into the event.
#[cfg(test)]
pub(crate) fn request(changes: serde_json::Value) -> Request {
    fn merge(into: &mut serde_json::Value, changes: serde_json::Value) {
        match (into, changes) {
            (serde_json::Value::Object(into), serde_json::Value::Object(changes)) => {
                for (name, value) in changes {
                    merge(into.entry(name).or_insert(serde_json::Value::Null), value);
                }
            }
            (into, changes) => *into = changes,
        }
    }
    let mut event = serde_json::from_str(include_str!("../../tests/events/browser.json")).unwrap();
    merge(&mut event, changes);
    Request::new(serde_json::from_value(event).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_named_stage_is_not_part_of_the_path() {
        let check = |stage: &str, path: &str, expected: &str| {
            let request = request(json!({ "rawPath": path, "requestContext": { "stage": stage } }));
            assert_eq!(request.path(), expected, "{stage} {path}");
        };
        check("$default", "/api/v1/links", "/api/v1/links");
        check("prod", "/prod/api/v1/links", "/api/v1/links");
        check("prod", "/prod/", "/");
        check("api", "/apis", "/apis");
        check("", "/x", "/x");
    }

    #[test]
    fn bodies_are_decoded_and_bounded() {
        let body = |text: &str, is_base64: bool| {
            request(json!({ "body": text, "isBase64Encoded": is_base64 })).body(MAX_BODY_BYTES)
        };
        assert_eq!(body("a", false).unwrap(), b"a");
        assert_eq!(body("YQ==", true).unwrap(), b"a");
        assert!(matches!(body("%", true), Err(Problem::Body(BodyProblem::Malformed))));
        assert_eq!(request(json!({ "body": null })).body(1).unwrap(), b"");
        for (bytes, fits) in [(MAX_BODY_BYTES, true), (MAX_BODY_BYTES + 1, false), (10 * MAX_BODY_BYTES, false)] {
            let text = "a".repeat(bytes);
            assert_eq!(body(&text, false).is_ok(), fits, "{bytes}");
            assert_eq!(body(&BASE64_STANDARD.encode(text), true).is_ok(), fits, "{bytes} in base 64");
        }
    }

    #[test]
    fn json_must_be_asked_for_by_name() {
        let check = |accept: &str, expected: bool| {
            let request = request(json!({ "headers": { "accept": accept } }));
            assert_eq!(request.accepts_json(), expected, "{accept}");
        };
        check("application/json", true);
        check("text/plain, Application/JSON; q=0.5", true);
        check("application/json;q=0", false);
        check("*/*", false);
    }
}
