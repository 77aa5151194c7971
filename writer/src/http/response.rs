//! A response, before it takes the form that API Gateway expects.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use base64::{Engine, prelude::BASE64_STANDARD};
use function::PROBLEM_JSON;
use http::{HeaderName, HeaderValue, StatusCode, header};
use links::Slug;
use serde::Serialize;

use super::problem::Problem;

/// For a year, browsers use HTTPS only, also for an address that is typed without a scheme: callers send keys. It holds for
/// the host alone, because the operator may run other things below it. Over HTTP, as on one machine, browsers ignore it.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Status, headers and body, and what the log says about the request.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Content,
    /// What was done or what was wrong, in one word for the log.
    pub(crate) outcome: &'static str,
    pub(crate) slug: Option<Slug>,
}

#[derive(Debug)]
enum Content {
    None,
    Text(String),
    Bytes(Vec<u8>),
}

impl Response {
    /// A response without a body, and with `Cache-Control: no-store`.
    pub(crate) fn empty(status: StatusCode, outcome: &'static str) -> Self {
        Self {
            status,
            headers: vec![(header::CACHE_CONTROL, "no-store".to_owned())],
            body: Content::None,
            outcome,
            slug: None,
        }
    }

    pub(crate) fn text(status: StatusCode, outcome: &'static str, body: String) -> Self {
        let mut response = Self::empty(status, outcome).with(header::CONTENT_TYPE, "text/plain");
        response.body = Content::Text(body);
        response
    }

    pub(crate) fn json(status: StatusCode, outcome: &'static str, body: &impl Serialize) -> Self {
        let mut response = Self::empty(status, outcome).with(header::CONTENT_TYPE, "application/json");
        response.body = Content::Text(to_json(body));
        response
    }

    pub(crate) fn bytes(outcome: &'static str, media_type: &str, body: Vec<u8>) -> Self {
        let mut response = Self::empty(StatusCode::OK, outcome).with(header::CONTENT_TYPE, media_type);
        response.body = Content::Bytes(body);
        response
    }

    pub(crate) fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut description = problem.describe();
        let (status, code, header) = (description.status, description.code, description.header.take());
        let response =
            Self::json(status, code, &description.into_body(request_id)).with(header::CONTENT_TYPE, PROBLEM_JSON);
        match header {
            Some((name, value)) => response.with(name, value),
            None => response,
        }
    }

    /// Sets a header.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The response to `HEAD`: the same headers and no body.
    #[must_use]
    pub(crate) fn without_body(mut self) -> Self {
        self.body = Content::None;
        self
    }

    /// Names the link that the response is about, for the log.
    #[must_use]
    pub(crate) fn about(mut self, slug: Slug) -> Self {
        self.slug = Some(slug);
        self
    }
}

impl From<Response> for ApiGatewayV2httpResponse {
    fn from(response: Response) -> Self {
        let mut event = Self::default();
        event.status_code = response.status.as_u16().into();
        event.headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
        for (name, value) in response.headers {
            // The values are slugs, numbers, and the host of the service: all of them are valid.
            if let Ok(value) = HeaderValue::try_from(value) {
                event.headers.insert(name, value);
            }
        }
        match response.body {
            Content::None => {}
            Content::Text(text) => event.body = Some(Body::Text(text)),
            Content::Bytes(bytes) => {
                event.is_base64_encoded = true;
                event.body = Some(Body::Text(BASE64_STANDARD.encode(bytes)));
            }
        }
        event
    }
}

/// Bodies are structs of strings, numbers and booleans, which cannot fail to serialize.
fn to_json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
