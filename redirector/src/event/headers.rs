//! The headers that are used, each reduced to what is needed while it is read.

use std::fmt;

use function::accept::Preference;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, Visitor},
};

use super::scan::{Scan, Scanner, object};
use crate::agent;

object! {
    /// What is known about the client; none of it identifies a person.
    pub(crate) struct Headers {
        pub(crate) accept: Accept = "accept",
        pub(crate) agent: Agent = "user-agent",
        pub(crate) referrer: ReferrerHost = "referer",
        // Chrome sends two of these at once.
        sec_purpose: Purpose = "sec-purpose",
        purpose: Purpose = "purpose",
        x_purpose: Purpose = "x-purpose",
        x_moz: Purpose = "x-moz",
        pub(crate) origin: OriginProof = "x-origin-verify",
    }
}

impl Headers {
    /// Whether a browser fetched the page in advance, so that perhaps nobody will see it.
    pub(crate) fn is_prefetch(&self) -> bool {
        [&self.sec_purpose, &self.purpose, &self.x_purpose, &self.x_moz].iter().any(|purpose| purpose.is_prefetch)
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
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) is_bot: bool,
}

impl Agent {
    fn of(user_agent: &str) -> Self {
        Self { is_bot: !agent::is_person(user_agent) }
    }
}

impl Default for Agent {
    /// Every browser says what it is.
    fn default() -> Self {
        Self { is_bot: true }
    }
}

/// What a browser says it wants the page for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Purpose {
    is_prefetch: bool,
}

impl Purpose {
    /// From `Sec-Purpose: prefetch;prerender`, or the older `Purpose`, `X-Purpose` and `X-Moz`.
    fn of(purpose: &str) -> Self {
        let is_one =
            |word: &str| ["prefetch", "prerender", "preview"].iter().any(|name| word.eq_ignore_ascii_case(name));
        Self { is_prefetch: purpose.split([';', ',', ' ']).any(is_one) }
    }
}

/// The host of the referring page; empty if there is none or it is not plain text.
///
/// One site is one text: in lower case, without port and `www.`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ReferrerHost(pub(crate) String);

impl ReferrerHost {
    /// Longest host name that is kept.
    const MAX_BYTES: usize = 100;

    fn of(referer: &str) -> Self {
        let rest = referer.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        // The colons of an IPv6 address are within brackets.
        let host = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => host,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let host = match host.split_at_checked(4) {
            Some((www, site)) if www.eq_ignore_ascii_case("www.") && site.contains('.') => site,
            _ => host,
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-:[]".contains(&b);
        let usable = host.len() <= Self::MAX_BYTES && host.bytes().all(plain);
        Self(if usable { host.to_ascii_lowercase() } else { String::new() })
    }
}

/// What [`OriginSecret::HEADER`](function::OriginSecret::HEADER) says; empty if the request did not come through CloudFront.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct OriginProof(pub(crate) String);

impl OriginProof {
    fn of(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl fmt::Debug for OriginProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginProof")
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

        impl Scan for $type {
            fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
                scanner.string().map(Self::of)
            }
        }
    )*};
}
read_through!(Accept, Agent, OriginProof, Purpose, ReferrerHost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_an_agent_is_a_programs() {
        for json in ["{}", r#"{"user-agent":null}"#, r#"{"user-agent":""}"#, r#"{"user-agent":"curl/8.5.0"}"#] {
            assert!(serde_json::from_str::<Headers>(json).unwrap().agent.is_bot, "{json}");
        }
        assert!(Headers::default().agent.is_bot);
    }

    #[test]
    fn pages_fetched_in_advance_are_recognised() {
        let check = |json: &str, expected| {
            assert_eq!(serde_json::from_str::<Headers>(json).unwrap().is_prefetch(), expected, "{json}");
        };
        check(r#"{"sec-purpose":"prefetch"}"#, true);
        check(r#"{"sec-purpose":"prefetch;prerender","purpose":"prefetch"}"#, true);
        check(r#"{"sec-purpose":"Prefetch; anonymous-client-ip"}"#, true);
        check(r#"{"purpose":"prefetch"}"#, true);
        check(r#"{"x-purpose":"preview"}"#, true);
        check(r#"{"x-moz":"prefetch"}"#, true);
        check(r#"{"x-moz":"livebookmarks","purpose":"","sec-purpose":null}"#, false);
        check(r#"{"sec-purpose":"no-prefetch"}"#, false);
        check("{}", false);
    }

    #[test]
    fn a_site_is_one_referrer_however_it_is_written() {
        let check = |referer: &str, expected: &str| assert_eq!(ReferrerHost::of(referer).0, expected, "{referer:?}");
        check("https://www.example.com/a?token=secret", "example.com");
        check("https://user:secret@example.com:8443", "example.com");
        check("https://News.Example.COM:8443/", "news.example.com");
        check("https://WWW.Example.com.", "example.com");
        check("https://www.com/", "www.com");
        check("https://my_app.example.com", "my_app.example.com");
        check("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example");
        check("http://[2001:DB8::1]:8080/", "[2001:db8::1]");
        check("http://[2001:db8::1]/", "[2001:db8::1]");
        check("android-app://com.example/", "com.example");
        check("not a url", "");
        check("https://exa\"mple.com/", "");
        check("https://exam\\ple.com/", "exam");
        check(&format!("https://www.{}.example/", "a".repeat(92)), &format!("{}.example", "a".repeat(92)));
        check(&format!("https://{}.example/", "a".repeat(93)), "");
    }
}
