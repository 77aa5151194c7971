//! The request: an API Gateway HTTP API event, payload format 2.0, of which only a few fields are read.
//!
//! `User-Agent`, `Referer` and addresses are evaluated while they are read, so they are never copied, and cannot reach the
//! log by mistake. An event is read by a [scanner](scan); one that the scanner does not understand is parsed by serde, which also
//! says what is wrong with it.

mod address;
mod headers;
mod scan;
mod shortcut;
mod through;

use std::str;

use serde::Deserialize;

use self::scan::{Scan, Scanner, object};
pub use self::shortcut::{Shortcut, Shortened};
pub(crate) use self::{
    address::Address,
    headers::{Accept, Agent, Headers, ReferrerHost},
    through::Reduced,
};

object! {
    /// A request. Every field may be missing, because a caller of the function may send anything.
    #[serde(expecting = "an API Gateway event, payload format 2.0")]
    pub struct Event {
        raw_path: String = "rawPath",
        raw_query_string: Option<String> = "rawQueryString",
        path_parameters: Option<PathParameters> = "pathParameters",
        headers: Option<Headers> = "headers",
        request_context: Option<RequestContext> = "requestContext",
    }
}

object! {
    struct PathParameters {
        id: Option<String> = "id",
    }
}

object! {
    struct RequestContext {
        http: Http = "http",
    }
}

object! {
    struct Http {
        method: Method = "method",
        source: Address = "sourceIp",
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

impl Scan for Method {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        Some(match scanner.string()? {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            _ => Self::Other,
        })
    }
}

impl Method {
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
    pub fn read(json: &[u8]) -> Option<Self> {
        let mut scanner = Scanner::new(str::from_utf8(json).ok()?);
        let event = Self::scan(&mut scanner)?;
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

    /// Who called the API: the visitor, or CloudFront.
    pub(crate) fn source(&self) -> Address {
        self.request_context.as_ref().map_or_else(Address::default, |context| context.http.source)
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
        assert!(!headers.agent.is_bot() && !headers.is_prefetch());
        assert_eq!(event.source().key(), Some([0, 0, 0, 0, 203, 0, 113, 17]));
    }

    #[test]
    fn nobody_can_be_recognised_in_an_event() {
        let browser = include_str!("../../tests/events/browser.json");
        let viewer = r#""headers":{"cloudfront-viewer-address":"198.51.100.7:46532","#;
        for json in [browser, &browser.replace(r#""headers":{"#, viewer)] {
            let text = format!("{:?}", event(json));
            assert!(text.contains("grqpaeet"), "{text}");
            for secret in ["203.0.113", "203, 0, 113", "198.51.100", "198, 51, 100", "Mozilla", "Win64", "a-page"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }

    /// Scanning and parsing agree on all that can be scanned. Returns whether this can be.
    fn agree(json: &str) -> bool {
        let scanned = Event::read(json.as_bytes());
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
    fn all_that_is_used_is_scanned() {
        for name in [
            "accept",
            "user-agent",
            "referer",
            "sec-purpose",
            "purpose",
            "x-purpose",
            "x-moz",
            "x-origin-verify",
            "cloudfront-viewer-country",
            "cloudfront-viewer-address",
        ] {
            let json = format!(r#"{{"headers":{{"{name}":"https://prefetch.example"}}}}"#);
            assert!(agree(&json), "{json}");
        }
        let proof = Event::read(br#"{"headers":{"x-origin-verify":"0123456789abcdef"}}"#).unwrap();
        assert_eq!(proof.headers().unwrap().origin.0, "0123456789abcdef");
        let viewer = r#"{"headers":{"cloudfront-viewer-country":"DE","cloudfront-viewer-address":"203.0.113.17:46532"},
            "requestContext":{"http":{"sourceIp":"203.0.113.17"}}}"#;
        assert!(agree(viewer));
        let viewer = event(viewer);
        let headers = viewer.headers().unwrap();
        assert_eq!(headers.viewer_country.0.map(|country| country.as_str().to_owned()), Some("DE".to_owned()));
        assert_eq!((headers.viewer_address.0, viewer.source().key().is_some()), (viewer.source(), true));
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
        assert!(Event::read(b"{\"rawPath\":\"\xff\"}").is_none());
    }

    #[test]
    fn broken_events_do_no_harm() {
        let browser = include_bytes!("../../tests/events/browser.json");
        for at in 0..browser.len() {
            for byte in b"\"\\{}[]:, " {
                let mut broken = browser.to_vec();
                broken[at] = *byte;
                // Lambda lets nothing through that is not JSON, and the rest is read alike.
                if let (Some(scanned), Ok(parsed)) = (Event::read(&broken), serde_json::from_slice(&broken)) {
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
