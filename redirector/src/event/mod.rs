//! The request: an API Gateway HTTP API event, payload format 2.0, of which only a few fields are read.
//!
//! `User-Agent` and `Referer` are evaluated while they are read, so they are never copied, and cannot reach the log by
//! mistake. An event is read by a [scanner](scan); one that the scanner does not understand is parsed by serde, which also
//! says what is wrong with it.

mod headers;
mod scan;
mod shortcut;

use std::str;

use serde::Deserialize;

pub(crate) use self::headers::{Accept, Headers};
use self::scan::{Once, Scanner};
pub use self::shortcut::{Shortcut, Shortened};

/// A request. Every field may be missing, because a caller of the function may send anything.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an API Gateway event, payload format 2.0")]
pub struct Event {
    raw_path: String,
    raw_query_string: Option<String>,
    path_parameters: Option<PathParameters>,
    headers: Option<Headers>,
    request_context: Option<RequestContext>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct PathParameters {
    id: Option<String>,
}

impl PathParameters {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        let mut parameters = Self::default();
        let mut once = Once::default();
        scanner.object(|scanner, key| {
            match key {
                "id" => parameters.id = Some(once.only(0, scanner.string()?)?.to_owned()),
                _ => scanner.skip()?,
            }
            Some(())
        })?;
        Some(parameters)
    }
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Http {
    method: Method,
}

impl RequestContext {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        let mut context = Self::default();
        let mut once = Once::default();
        scanner.object(|scanner, key| {
            match key {
                "http" => context.http = once.only(0, Http::scan(scanner)?)?,
                _ => scanner.skip()?,
            }
            Some(())
        })?;
        Some(context)
    }
}

impl Http {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        let mut http = Self::default();
        let mut once = Once::default();
        scanner.object(|scanner, key| {
            match key {
                "method" => http.method = once.only(0, Method::of(scanner.string()?))?,
                _ => scanner.skip()?,
            }
            Some(())
        })?;
        Some(http)
    }
}

/// The methods that make a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Head,
    #[default]
    #[serde(other)]
    Other,
}

impl Method {
    fn of(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            _ => Self::Other,
        }
    }

    /// Its name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Other => "OTHER",
        }
    }
}

impl Event {
    /// Reads an event, in a fraction of the time that a parser takes.
    ///
    /// Returns `None` for whatever is unusual: values of other types, duplicates, escapes in what is used.
    pub fn scan(json: &[u8]) -> Option<Self> {
        let mut event = Self::default();
        let mut once = Once::default();
        let mut scanner = Scanner::new(str::from_utf8(json).ok()?);
        scanner.object(|scanner, key| {
            match key {
                "rawPath" => event.raw_path = once.only(0, scanner.string()?)?.to_owned(),
                "rawQueryString" => event.raw_query_string = Some(once.only(1, scanner.string()?)?.to_owned()),
                "pathParameters" => event.path_parameters = Some(once.only(2, PathParameters::scan(scanner)?)?),
                "headers" => event.headers = Some(once.only(3, Headers::scan(scanner)?)?),
                "requestContext" => event.request_context = Some(once.only(4, RequestContext::scan(scanner)?)?),
                _ => scanner.skip()?,
            }
            Some(())
        })?;
        scanner.is_at_end().then_some(event)
    }

    pub(crate) fn method(&self) -> Method {
        self.request_context.as_ref().map_or(Method::Other, |context| context.http.method)
    }

    /// The path without its first slash. API Gateway has already decoded it; decoding it again would let one slug be
    /// written as another.
    pub(crate) fn path(&self) -> &str {
        let parameter = self.path_parameters.as_ref().and_then(|parameters| parameters.id.as_deref());
        parameter.unwrap_or_else(|| self.raw_path.strip_prefix('/').unwrap_or(&self.raw_path))
    }

    /// The query as it was sent, still percent-encoded.
    pub(crate) fn query(&self) -> &str {
        self.raw_query_string.as_deref().unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> Option<&Headers> {
        self.headers.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use function::accept::Preference;

    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_real_event_is_understood() {
        let event = event(include_str!("../../tests/events/browser.json"));
        assert_eq!((event.method(), event.path(), event.query()), (Method::Get, "grqpaeet", "utm_source=mail"));
        let headers = event.headers().unwrap();
        assert_eq!(headers.accept.preference(), Preference::Html);
        assert_eq!(headers.referrer.0, "example.com");
        assert!(!headers.agent.is_bot && !headers.is_prefetch());
    }

    /// Scanning and parsing agree on all that can be scanned. Returns whether this can be.
    fn agree(json: &str) -> bool {
        let scanned = Event::scan(json.as_bytes());
        if let Some(scanned) = &scanned {
            assert_eq!(Some(scanned), serde_json::from_str::<Event>(json).as_ref().ok(), "{json}");
        }
        scanned.is_some()
    }

    #[test]
    fn usual_events_can_be_scanned() {
        let browser = include_str!("../../tests/events/browser.json");
        for json in [browser, "{}", r#"{"headers":{}}"#, r#" { "rawPath" : "/ä" } "#] {
            assert!(agree(json), "{json}");
        }
    }

    #[test]
    fn unusual_events_are_parsed() {
        for json in [
            "null",
            "[]",
            r#"{"rawPath":null}"#,
            r#"{"rawPath":"/\u0061"}"#,
            r#"{"rawPath":"/a","rawPath":"/b"}"#,
            r#"{"headers":{"accept":"a","accept":"b"}}"#,
            r#"{"headers":{"referer":["a"]}}"#,
            r#"{"headers":null}"#,
            r#"{"raw\u0050ath":"/a"}"#,
            r#"{"requestContext":{"http":{"method":"GET","method":"GET"}}}"#,
            r#"{} {}"#,
            "",
        ] {
            assert!(!agree(json), "{json}");
        }
        assert!(Event::scan(b"{\"rawPath\":\"\xff\"}").is_none());
    }

    #[test]
    fn broken_events_do_no_harm() {
        let browser = include_bytes!("../../tests/events/browser.json");
        for at in 0..browser.len() {
            for byte in b"\"\\{}[]:, " {
                let mut broken = browser.to_vec();
                broken[at] = *byte;
                // Lambda lets nothing through that is not JSON, and the rest is read alike.
                if let (Some(scanned), Ok(parsed)) = (Event::scan(&broken), serde_json::from_slice(&broken)) {
                    assert_eq!(scanned, parsed, "{}", String::from_utf8_lossy(&broken));
                }
            }
        }
    }

    #[test]
    fn whatever_is_missing_has_a_default() {
        for json in [
            "{}",
            r#"{"headers":null,"pathParameters":null,"requestContext":null,"rawQueryString":null}"#,
            r#"{"headers":{"accept":null,"user-agent":["a"]},"requestContext":{"http":{}}}"#,
        ] {
            let event = event(json);
            assert_eq!((event.method(), event.path(), event.query()), (Method::Other, "", ""), "{json}");
        }
        assert_eq!(event(r#"{"rawPath":"/a/b"}"#).path(), "a/b");
        let put = event(r#"{"requestContext":{"http":{"method":"PUT"}}}"#);
        assert_eq!(put.method(), Method::Other);
    }

    #[test]
    fn other_values_are_refused_with_a_reason() {
        let check = |json: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(json).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error} for {json}");
        };
        let wanted = "expected an API Gateway event, payload format 2.0";
        check("\"event\"", &format!("invalid type: string \"event\", {wanted}"));
        check("null", &format!("invalid type: null, {wanted}"));
        check("7", &format!("invalid type: integer `7`, {wanted}"));
        check(r#"{"rawPath":1}"#, "invalid type: integer `1`, expected a string");
        check(r#"{"headers":"accept"}"#, "invalid type: string \"accept\"");
        check(r#"{"rawPath":"/a"#, "EOF while parsing a string");
        check("", "EOF while parsing a value");
    }
}
