//! What the smallest functions share: an event with only the fields that a redirect needs, and the response.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Where every peer redirects to: 101 bytes, about the length of a typical target.
pub const TARGET: &str =
    "https://www.example.com/articles/2026/11/a-fairly-long-title-of-a-page-a-fairly-long-title-of-a-page";
/// The response's `Cache-Control`.
pub const CACHE_CONTROL: &str = "public, max-age=300";

/// An event of API Gateway, owned: `lambda_runtime` asks for that.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeanEvent {
    #[serde(default)]
    path_parameters: Option<Path>,
    request_context: Context,
}

#[derive(Debug, Deserialize)]
struct Path {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Context {
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: Method,
}

#[derive(Debug, Deserialize, PartialEq, Eq, Clone, Copy)]
enum Method {
    #[serde(rename = "GET")]
    Get,
    #[serde(other)]
    Other,
}

impl LeanEvent {
    /// The slug that is asked for, if this is a redirect.
    pub fn slug(&self) -> Option<&str> {
        let slug = self.path_parameters.as_ref()?.id.as_str();
        (self.request_context.http.method == Method::Get && !slug.is_empty()).then_some(slug)
    }
}

/// The same event, borrowed from its bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowedEvent<'a> {
    #[serde(borrow)]
    path_parameters: Option<BorrowedPath<'a>>,
    request_context: Context,
}

#[derive(Debug, Deserialize)]
struct BorrowedPath<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl BorrowedEvent<'_> {
    /// Whether this is a redirect.
    pub fn is_redirect(&self) -> bool {
        let has_slug = self.path_parameters.as_ref().is_some_and(|path| !path.id.is_empty());
        self.request_context.http.method == Method::Get && has_slug
    }
}

/// A response with the two headers of a redirect.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeanResponse {
    status_code: u16,
    headers: Headers,
}

#[derive(Debug, Serialize)]
struct Headers {
    location: &'static str,
    #[serde(rename = "cache-control")]
    cache_control: &'static str,
}

impl LeanResponse {
    /// A redirect, or 404.
    pub fn new(is_redirect: bool) -> Self {
        let (status_code, location) = if is_redirect { (301, TARGET) } else { (404, "") };
        Self { status_code, headers: Headers { location, cache_control: CACHE_CONTROL } }
    }
}
