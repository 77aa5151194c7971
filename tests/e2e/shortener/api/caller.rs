//! Somebody who calls the API, and what every answer must have.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use e2e::{Client, Reply};
use local::{Auth, Config};
use serde_json::{Value, json};

use crate::shortener::redirect::site::Site;

pub(in crate::shortener) const FORM: &str = "application/x-www-form-urlencoded";
pub(in crate::shortener) const JSON: &str = "application/json";
pub(in crate::shortener) const TEXT: &str = "text/plain";
pub(in crate::shortener) const LINKS: &str = "/api/v1/links";

/// Somebody who calls the API.
#[derive(Clone, Debug)]
pub(in crate::shortener) struct Caller {
    client: Client,
    authorization: Option<String>,
}

impl Site {
    /// Somebody without a key.
    pub(in crate::shortener) fn anyone(&self) -> Caller {
        Caller { client: self.client, authorization: None }
    }

    /// Somebody with a key of `owner`; `scopes` are names with commas between them.
    pub(in crate::shortener) async fn caller(&self, owner: &str, scopes: &str) -> Caller {
        let key = self.stack.issue_key(owner, scopes).await.expect("a key");
        Caller { client: self.client, authorization: Some(format!("Bearer {key}")) }
    }

    /// An owner of links, with a key for all but what is for administrators.
    pub(in crate::shortener) async fn owner(&self, name: &str) -> Caller {
        self.caller(name, "create,read,update,delete").await
    }

    /// The status and the `Location` that a visitor of a slug gets.
    pub(in crate::shortener) async fn visit(&self, path: &str) -> (u16, Option<String>) {
        let reply = self.get(&format!("/{path}")).await;
        let location = reply.header("location").map(str::to_owned);
        (reply.status.as_u16(), location)
    }
}

/// The API asks for keys.
pub(in crate::shortener) fn with_keys(config: &mut Config) {
    config.auth = Auth::ApiKey;
}

impl Caller {
    pub(in crate::shortener) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut headers = headers.to_vec();
        let authorization = self.authorization.as_deref();
        headers.extend(authorization.map(|value| ("authorization", value)));
        let reply = self.client.call(method, path, &headers, body).await;
        check_problem(&reply);
        reply
    }

    /// A call with a body of that media type.
    pub(in crate::shortener) async fn post(&self, path: &str, media_type: &str, body: impl Into<Bytes>) -> Reply {
        self.call("POST", path, &[("content-type", media_type)], body).await
    }

    /// A call without a body.
    pub(in crate::shortener) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], "").await
    }

    pub(in crate::shortener) async fn create(&self, wish: &Value) -> Reply {
        self.post(LINKS, JSON, wish.to_string()).await
    }

    /// The link that a wish makes, which must be a new one.
    pub(in crate::shortener) async fn make(&self, wish: &Value) -> Value {
        let reply = self.create(wish).await;
        assert_eq!(reply.status, 201, "{wish}: {}", reply.text());
        reply.json()
    }

    pub(in crate::shortener) async fn read(&self, slug: &str) -> Reply {
        self.get(&link(slug)).await
    }

    pub(in crate::shortener) async fn patch(&self, slug: &str, patch: &Value) -> Reply {
        self.patch_if(slug, patch, &[]).await
    }

    /// A change with further headers.
    pub(in crate::shortener) async fn patch_if(&self, slug: &str, patch: &Value, headers: &[(&str, &str)]) -> Reply {
        let media_type = [("content-type", "application/merge-patch+json")];
        let headers = [&media_type, headers].concat();
        self.call("PATCH", &link(slug), &headers, patch.to_string()).await
    }

    /// The link after a change that must be made.
    pub(in crate::shortener) async fn change(&self, slug: &str, patch: &Value) -> Value {
        let reply = self.patch(slug, patch).await;
        assert_eq!(reply.status, 200, "{patch}: {}", reply.text());
        reply.json()
    }

    pub(in crate::shortener) async fn delete(&self, slug: &str) -> Reply {
        self.call("DELETE", &link(slug), &[], "").await
    }

    pub(in crate::shortener) async fn restore(&self, slug: &str) -> Reply {
        let path = format!("{}/restore", link(slug));
        self.call("POST", &path, &[], "").await
    }
}

/// A link without `visible_by`, which for some seconds after a write depends on the time of the response.
pub(in crate::shortener) fn lasting(mut link: Value) -> Value {
    link.as_object_mut().expect("a link").remove("visible_by");
    link
}

fn link(slug: &str) -> String {
    format!("{LINKS}/{slug}")
}

/// A wish for a link to `https://example.com/{slug}` with a chosen slug and more.
pub(in crate::shortener) fn wish(slug: &str, more: &Value) -> Value {
    let mut wish = json!({ "url": format!("https://example.com/{slug}"), "slug": slug });
    for (field, value) in more.as_object().expect("fields") {
        wish[field] = value.clone();
    }
    wish
}

/// Fails unless the answer is that problem.
pub(in crate::shortener) fn refused(reply: &Reply, status: u16, code: &str, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text());
    let problem = reply.json();
    assert_eq!(problem["type"], format!("urn:kurz:problem:{code}"), "{what}");
}

/// Everything that is refused is refused in the same format, and tells nothing of the inside.
fn check_problem(reply: &Reply) {
    if reply.status.as_u16() < 400 {
        return;
    }
    let shown = reply.text();
    assert_eq!(
        (reply.header("content-type"), reply.header("cache-control")),
        (Some("application/problem+json"), Some("no-store")),
        "{shown}"
    );
    let problem = reply.json();
    assert_eq!(problem["status"], reply.status.as_u16(), "{shown}");
    let kind = problem["type"].as_str().expect("a type");
    assert!(kind.starts_with("urn:kurz:problem:"), "{shown}");
    for member in ["title", "detail", "request_id"] {
        let text = problem[member].as_str();
        assert!(text.is_some_and(|text| !text.is_empty()), "{shown}");
    }
    let folded = shown.to_ascii_lowercase();
    for word in
        ["arn:", "dynamo", "dax", "getitem", "putitem", "updateitem", "panic", "backtrace", ".rs:", "aws", "exception"]
    {
        assert!(!folded.contains(word), "{word} in {shown}");
    }
}

/// Seconds since the epoch, by the clock that the functions go by too.
pub(in crate::shortener) fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the functions go by the real clock too")]
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time")
}

/// Seconds since the epoch of a time in an answer.
pub(in crate::shortener) fn seconds(time: &Value) -> u64 {
    let text = time.as_str().expect("a time");
    assert!(text.ends_with('Z'), "{text} is in UTC");
    let time: jiff::Timestamp = text.parse().expect("RFC 3339");
    u64::try_from(time.as_second()).expect("after the epoch")
}
