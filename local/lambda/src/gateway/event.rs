//! HTTP request → API Gateway event, payload format 2.0.
//!
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs". Where it is silent, a
//! capture of the live service is named at the spot.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Version, header, request};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode;
use serde::Serialize;

use super::routes::Match;
use crate::ids::{ACCOUNT_ID, REGION};

/// Ten characters, like real API ids.
const API_ID: &str = "local00000";

/// The event. Members that API Gateway omits are omitted here too, never null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    /// Percent-encoded; empty if there is no query.
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<String>>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<&'a str, &'a str>,
    is_base64_encoded: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: String,
    domain_prefix: &'static str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    /// `12/Mar/2020:19:03:58 +0000`
    time: String,
    /// Unix time in milliseconds.
    time_epoch: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: &'a str,
    user_agent: String,
}

/// What the gateway knows about a request besides its head and body.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestInfo<'a> {
    /// Decoded, see [`super::routes::decode_path`].
    pub(super) path: &'a str,
    pub(super) source_ip: &'a str,
    pub(super) request_id: &'a str,
    /// X-Ray root, `Root=1-…`.
    pub(super) trace_root: &'a str,
    pub(super) now: Timestamp,
}

impl<'a> Event<'a> {
    pub(super) fn new(head: &'a request::Parts, body: &[u8], route: &'a Match<'a>, info: RequestInfo<'a>) -> Self {
        let raw_query_string = head.uri.query().unwrap_or_default();
        let headers = headers(&head.headers, body.len(), info);
        let (body, is_base64_encoded) = encode_body(&head.headers, body);
        Self {
            version: "2.0",
            route_key: &route.target.key,
            raw_path: info.path,
            raw_query_string,
            cookies: cookies(&head.headers),
            headers,
            query_string_parameters: query_parameters(raw_query_string),
            request_context: RequestContext::new(head, route, info),
            body,
            path_parameters: route.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            is_base64_encoded,
        }
    }
}

impl<'a> RequestContext<'a> {
    fn new(head: &'a request::Parts, route: &'a Match<'a>, info: RequestInfo<'a>) -> Self {
        Self {
            account_id: ACCOUNT_ID,
            api_id: API_ID,
            domain_name: format!("{API_ID}.execute-api.{REGION}.amazonaws.com"),
            domain_prefix: API_ID,
            http: Http {
                method: head.method.as_str(),
                path: info.path,
                protocol: protocol(head.version),
                source_ip: info.source_ip,
                user_agent: head.headers.get(header::USER_AGENT).map(text).unwrap_or_default(),
            },
            request_id: info.request_id,
            route_key: &route.target.key,
            stage: "$default",
            time: info.now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: info.now.as_millisecond(),
        }
    }
}

/// Header names in lower case, repeated headers joined, cookies left out, the gateway's own headers added.
fn headers(headers: &HeaderMap, body_bytes: usize, info: RequestInfo<'_>) -> BTreeMap<String, String> {
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| !is_withheld(name)) {
        append(&mut map, name.as_str().to_owned(), &text(value));
    }
    let forwarded_for = match map.get("x-forwarded-for") {
        Some(before) => format!("{before}, {}", info.source_ip),
        None => info.source_ip.to_owned(),
    };
    for (name, value) in [
        ("content-length", body_bytes.to_string()),
        ("x-amzn-trace-id", info.trace_root.to_owned()),
        ("x-forwarded-for", forwarded_for),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ] {
        map.insert(name.to_owned(), value);
    }
    map
}

/// Adds a value; repeated ones are joined with a comma.
fn append(map: &mut BTreeMap<String, String>, name: String, value: &str) {
    map.entry(name)
        .and_modify(|joined| {
            joined.push(',');
            joined.push_str(value);
        })
        .or_insert_with(|| value.to_owned());
}

/// Cookies have their own member; the others concern only the connection to the gateway.
fn is_withheld(name: &header::HeaderName) -> bool {
    [header::COOKIE, header::CONNECTION, header::TE, header::TRANSFER_ENCODING, header::UPGRADE].contains(name)
        || name == "keep-alive"
}

fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let cookies: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| text(value).split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect();
    (!cookies.is_empty()).then_some(cookies)
}

/// Decoded parameters.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        append(&mut map, decode_query(name), &decode_query(value));
    }
    map
}

fn decode_query(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned()
}

/// Bodies of a few text types are passed as text, all others as base64, including forms and bodies without a type.
///
/// A text body that is not UTF-8 does not fit into JSON, so it is base64 as well.
///
/// Source: ministackorg/ministack#766, tested on the live service.
fn encode_body(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(text).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&essence.as_str());
    match std::str::from_utf8(body) {
        Ok(body) if is_text => (Some(body.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn protocol(version: Version) -> &'static str {
    if version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }
}
