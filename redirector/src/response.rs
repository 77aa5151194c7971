//! The response, in the format of API Gateway.

use std::borrow::Cow;

use function::{AbuseContact, PROBLEM_JSON, Problem, accept::Preference};
use links::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    event::{Accept, Method},
    outcome::Outcome,
    page,
    preview::Preview,
};

type Text<'a> = Cow<'a, str>;

/// A response: status, headers, body.
///
/// Only these three, because every further field would be written for every request; API Gateway fills in the rest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    #[serde(serialize_with = "as_map")]
    headers: Vec<(&'static str, Text<'static>)>,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: Text<'static>,
}

/// The members of a problem besides the standard ones.
#[derive(Debug, Serialize)]
struct ProblemMembers<'a> {
    slug: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    abuse_contact: Option<&'a str>,
}

fn as_map<S: Serializer>(headers: &[(&'static str, Text<'static>)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(headers.len()))?;
    for (name, value) in headers {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// What a response depends on besides the outcome.
#[derive(Debug)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) method: Method,
    pub(crate) accept: &'a Accept,
    /// What the path names, whether it is a slug or not.
    pub(crate) name: &'a str,
    pub(crate) request_id: &'a str,
    /// Where visitors report abuse.
    pub(crate) contact: Option<&'a AbuseContact>,
}

impl Response {
    pub(crate) fn new(outcome: Outcome, request: &RequestInfo<'_>) -> Self {
        let status_code = outcome.status();
        let mut response = match outcome {
            Outcome::Redirect { location, cache_control, .. } => Self::redirect(status_code, location, cache_control),
            Outcome::Preview(preview) => Self::preview(&preview, request),
            Outcome::Robots => Self::text(status_code, "User-agent: *\nDisallow:\n"),
            Outcome::Health => Self::text(status_code, "ok\n"),
            Outcome::SecurityTxt { expires } => Self::security_txt(request.contact, expires),
            Outcome::Favicon => Self { status_code, headers: vec![NO_STORE], body: Text::Borrowed("") },
            error => Self::error(&error, request),
        };
        if request.method == Method::Head {
            response.body = Text::Borrowed("");
        }
        response
    }

    fn redirect(status_code: u16, location: String, cache_control: Text<'static>) -> Self {
        let mut headers = Vec::with_capacity(6);
        headers.push(("location", Text::Owned(location.clone())));
        headers.push(("cache-control", cache_control));
        headers.push(PLAIN);
        headers.push(NO_INDEX);
        Self { status_code, headers, body: Text::Owned(location) }
    }

    fn text(status_code: u16, body: &'static str) -> Self {
        Self { status_code, headers: vec![PLAIN, NO_STORE], body: Text::Borrowed(body) }
    }

    fn security_txt(contact: Option<&AbuseContact>, expires: Timestamp) -> Self {
        let contact = contact.map_or("", AbuseContact::url);
        let expires = expires.rfc3339().unwrap_or_default();
        let body = format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n");
        let kind = ("content-type", Text::Borrowed("text/plain; charset=utf-8"));
        Self { status_code: 200, headers: vec![kind, NO_STORE], body: Text::Owned(body) }
    }

    fn preview(preview: &Preview, request: &RequestInfo<'_>) -> Self {
        let mut headers = vec![NO_STORE, NO_INDEX];
        let body = match request.accept.preference() {
            Preference::Html => {
                headers.extend(PAGE);
                preview.html(request.contact)
            }
            Preference::Json => {
                headers.push(("content-type", Text::Borrowed("application/json")));
                preview.json(request.contact)
            }
        };
        Self { status_code: 200, headers, body: Text::Owned(body) }
    }

    fn error(outcome: &Outcome, request: &RequestInfo<'_>) -> Self {
        let (title, detail) = outcome.message();
        // Whoever finds a closed link has something to tell the operator, or to ask.
        let is_blocked = matches!(outcome, Outcome::Blocked | Outcome::BlockedLegal);
        let contact = request.contact.filter(|_| is_blocked);
        let mut headers = vec![NO_STORE];
        match outcome {
            Outcome::Unavailable => headers.push(("retry-after", Text::Borrowed("1"))),
            Outcome::MethodNotAllowed => headers.push(("allow", Text::Borrowed("GET, HEAD"))),
            _ => {}
        }
        let body = match request.accept.preference() {
            Preference::Html => {
                headers.extend(PAGE);
                page::error(outcome.status(), title, detail, contact)
            }
            Preference::Json => {
                headers.push(("content-type", Text::Borrowed(PROBLEM_JSON)));
                let problem = Problem {
                    code: outcome.name(),
                    title,
                    status: outcome.status(),
                    detail: detail.into(),
                    members: ProblemMembers { slug: request.name, abuse_contact: contact.map(AbuseContact::url) },
                    request_id: request.request_id,
                };
                // An object of strings and a number can always be serialized.
                serde_json::to_string(&problem).unwrap_or_default()
            }
        };
        Self { status_code: outcome.status(), headers, body: Text::Owned(body) }
    }

    /// Adds a header.
    pub(crate) fn push_header(&mut self, name: &'static str, value: impl Into<Text<'static>>) {
        self.headers.push((name, value.into()));
    }
}

const NO_STORE: (&str, Text<'static>) = ("cache-control", Text::Borrowed("no-store"));
const PLAIN: (&str, Text<'static>) = ("content-type", Text::Borrowed("text/plain"));
/// Keeps short links and previews out of search engines: they should list the target.
const NO_INDEX: (&str, Text<'static>) = ("x-robots-tag", Text::Borrowed("noindex"));
const PAGE: [(&str, Text<'static>); 2] = [
    ("content-type", Text::Borrowed("text/html; charset=utf-8")),
    ("content-security-policy", Text::Borrowed(page::SECURITY_POLICY)),
];
