//! The request: an API Gateway HTTP API event, payload format 2.0, of which only a few fields are read.
//!
//! Parsing the whole event would take a fifth of an invocation. `User-Agent` and `Referer` are evaluated while they are
//! parsed, so they are never copied, and cannot reach the log by mistake.

use std::fmt;

use function::accept::Preference;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, Visitor},
};
use serde_json::value::RawValue;

/// A request. Every field may be missing, because a caller of the function may send anything.
#[derive(Debug, Default)]
pub struct Event(Fields);

/// The runtime tracks the path within an event for its error messages, and copies every key on the way. So it gets one
/// raw value to parse, and the event is parsed from that.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = <&RawValue>::deserialize(deserializer)?;
        serde_json::from_str(event.get()).map(Self).map_err(D::Error::custom)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an API Gateway event, payload format 2.0")]
struct Fields {
    raw_path: String,
    raw_query_string: Option<String>,
    path_parameters: Option<PathParameters>,
    headers: Option<Headers>,
    request_context: Option<RequestContext>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PathParameters {
    id: Option<String>,
}

/// What is known about the client; none of it identifies a person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    pub(crate) accept: Accept,
    /// From `User-Agent`.
    #[serde(rename = "user-agent")]
    pub(crate) agent: Agent,
    /// From `Referer`.
    #[serde(rename = "referer")]
    pub(crate) referrer: ReferrerHost,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestContext {
    http: Http,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Method,
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

impl Event {
    pub(crate) fn method(&self) -> Method {
        self.0.request_context.as_ref().map_or(Method::Other, |context| context.http.method)
    }

    /// The path without its first slash. API Gateway has already decoded it; decoding it again would let one slug be
    /// written as another.
    pub(crate) fn path(&self) -> &str {
        let parameter = self.0.path_parameters.as_ref().and_then(|parameters| parameters.id.as_deref());
        parameter.unwrap_or_else(|| self.0.raw_path.strip_prefix('/').unwrap_or(&self.0.raw_path))
    }

    /// The query as it was sent, still percent-encoded.
    pub(crate) fn query(&self) -> &str {
        self.0.raw_query_string.as_deref().unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> Option<&Headers> {
        self.0.headers.as_ref()
    }
}

/// The `Accept` header as it was sent. It is parsed only if there is no redirect.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Accept(String);

impl Accept {
    fn of(accept: &str) -> Self {
        Self(accept.to_owned())
    }

    pub(crate) fn preference(&self) -> Preference {
        Preference::of(&self.0)
    }
}

/// Whether a person or a program is likely to have sent the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) is_bot: bool,
}

impl Agent {
    fn of(user_agent: &str) -> Self {
        let bytes = user_agent.as_bytes();
        let is_at = |start: usize, word: &[u8]| {
            bytes.get(start..start + word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let begins_word = |(start, byte): (usize, &u8)| bot_words(*byte).iter().any(|word| is_at(start, word));
        Self { is_bot: bytes.iter().enumerate().any(begins_word) }
    }
}

/// The words in the names of crawlers, link unfurlers and monitors that begin with that letter. Few letters begin one, so
/// most of a name is never compared.
fn bot_words(letter: u8) -> &'static [&'static [u8]] {
    match letter | 0x20 {
        b'b' => &[b"bot"],
        b'c' => &[b"crawl", b"curl/"],
        b'f' => &[b"facebookexternalhit"],
        b'p' => &[b"preview", b"python-"],
        b's' => &[b"scan", b"slurp", b"spider"],
        _ => &[],
    }
}

/// The host of the referring page; empty if there is none or it is not plain text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReferrerHost(pub(crate) String);

impl ReferrerHost {
    /// Longest host name there can be.
    const MAX_BYTES: usize = 253;

    fn of(referer: &str) -> Self {
        let rest = referer.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        let usable = host.len() <= Self::MAX_BYTES && host.bytes().all(plain);
        Self(if usable { host.to_owned() } else { String::new() })
    }
}

/// Maps a JSON string with `of`; other types become the default.
struct Through<T>(fn(&str) -> T);

impl<'de, T: Default> Visitor<'de> for Through<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header value")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut values: A) -> Result<T, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

macro_rules! read_through {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Through(Self::of))
            }
        }
    )*};
}
read_through!(Accept, Agent, ReferrerHost);

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_real_event_is_understood() {
        let event = event(include_str!("../tests/events/browser.json"));
        assert_eq!((event.method(), event.path(), event.query()), (Method::Get, "grqpaeet", "utm_source=mail"));
        let headers = event.headers().unwrap();
        assert_eq!(headers.accept.preference(), Preference::Html);
        assert_eq!(headers.referrer.0, "www.example.com");
        assert!(!headers.agent.is_bot);
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

    #[test]
    fn bots_are_recognised() {
        let check = |agent, expected| assert_eq!(Agent::of(agent).is_bot, expected, "{agent:?}");
        check("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true);
        check("facebookexternalhit/1.1", true);
        check("curl/8.5.0", true);
        check("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36", false);
        check("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", false);
        check("", false);
        check("ü bo", false);
    }

    #[test]
    fn only_the_host_of_a_referrer_is_kept() {
        let check = |referer, expected| assert_eq!(ReferrerHost::of(referer).0, expected, "{referer:?}");
        check("https://www.example.com/a?token=secret", "www.example.com");
        check("https://user:secret@example.com:8443", "example.com:8443");
        check("android-app://com.example/", "com.example");
        check("not a url", "");
        check("https://exa\"mple.com/", "");
        check(&format!("https://{}/", "a".repeat(254)), "");
    }
}
