//! An answer, before it takes the form that API Gateway wants.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use base64::{Engine, prelude::BASE64_STANDARD};
use function::PROBLEM_JSON;
use http::{HeaderName, HeaderValue, StatusCode, header};
use links::Slug;
use serde::Serialize;

use crate::http::problem::Problem;

/// Status, headers and body, with what the log tells of the request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Content,
    /// In one word, what was done or what was wrong.
    pub(crate) outcome: &'static str,
    pub(crate) slug: Option<Slug>,
}

#[derive(Debug)]
enum Content {
    None,
    Text(String),
    Bytes(Vec<u8>),
}

impl Answer {
    /// An answer without a body. Nothing may keep it.
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
        let mut answer = Self::empty(status, outcome).with(header::CONTENT_TYPE, "text/plain");
        answer.body = Content::Text(body);
        answer
    }

    pub(crate) fn json(status: StatusCode, outcome: &'static str, body: &impl Serialize) -> Self {
        let mut answer = Self::empty(status, outcome).with(header::CONTENT_TYPE, "application/json");
        answer.body = Content::Text(to_json(body));
        answer
    }

    pub(crate) fn bytes(outcome: &'static str, media_type: &str, body: Vec<u8>) -> Self {
        let mut answer = Self::empty(StatusCode::OK, outcome).with(header::CONTENT_TYPE, media_type);
        answer.body = Content::Bytes(body);
        answer
    }

    pub(crate) fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut answer = Self::json(problem.status(), problem.code(), &problem.body(request_id))
            .with(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some((name, value)) = problem.header() {
            answer = answer.with(name, value);
        }
        answer
    }

    /// The same with one header more, or with another value for it.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The same, about a link.
    #[must_use]
    pub(crate) fn about(mut self, slug: Slug) -> Self {
        self.slug = Some(slug);
        self
    }

    pub(crate) fn into_response(self) -> ApiGatewayV2httpResponse {
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = self.status.as_u16().into();
        for (name, value) in self.headers {
            // The values are slugs, numbers, and the host of the service: all of them fit.
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers.insert(name, value);
            }
        }
        match self.body {
            Content::None => {}
            Content::Text(text) => response.body = Some(Body::Text(text)),
            Content::Bytes(bytes) => {
                response.is_base64_encoded = true;
                response.body = Some(Body::Text(BASE64_STANDARD.encode(bytes)));
            }
        }
        response
    }
}

/// Strings, numbers and flags under names: nothing that could not be written.
fn to_json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
