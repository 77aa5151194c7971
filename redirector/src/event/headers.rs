//! The headers that are used, each reduced to what is needed while it is read.

use std::fmt;

use function::accept::Preference;

use super::{
    address::{ViewerAddress, ViewerCountry},
    scan::object,
    through::{Reduced, read_through},
};
use crate::agent::Person;

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
        // Anybody can send these two. They are believed only of requests that have the proof.
        pub(crate) viewer_country: ViewerCountry = "cloudfront-viewer-country",
        pub(crate) viewer_address: ViewerAddress = "cloudfront-viewer-address",
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

impl Reduced for Accept {
    fn of(accept: &str) -> Self {
        Self(accept.to_owned())
    }
}

impl Accept {
    pub(crate) fn preference(&self) -> Preference {
        Preference::of(&self.0)
    }
}

/// Who is likely to have sent the request: a person, or else a program. Every browser says what it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) person: Option<Person>,
}

impl Agent {
    pub(crate) const fn is_bot(&self) -> bool {
        self.person.is_none()
    }
}

impl Reduced for Agent {
    fn of(user_agent: &str) -> Self {
        Self { person: Person::of(user_agent) }
    }
}

/// What a browser says it wants the page for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Purpose {
    is_prefetch: bool,
}

impl Reduced for Purpose {
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
}

impl Reduced for ReferrerHost {
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

impl Reduced for OriginProof {
    fn of(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl fmt::Debug for OriginProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginProof")
    }
}

read_through!(Accept, Agent, OriginProof, Purpose, ReferrerHost);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_an_agent_is_a_programs() {
        for json in ["{}", r#"{"user-agent":null}"#, r#"{"user-agent":""}"#, r#"{"user-agent":"curl/8.5.0"}"#] {
            assert!(serde_json::from_str::<Headers>(json).unwrap().agent.is_bot(), "{json}");
        }
        assert!(Headers::default().agent.is_bot());
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
