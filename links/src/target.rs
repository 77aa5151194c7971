//! Where a link may lead.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use url::{Host, Url};

/// A URL that a link may lead to: `http` or `https`, at most 8,192 bytes, no credentials, not the service itself and,
/// unless allowed, not a literal private address.
///
/// It is kept in the normal form of the WHATWG URL standard (lower-case scheme and host, no default port, no dot
/// segments, escaped as needed), with one exception: a text that lacks only the slash of an empty path, such as
/// `https://example.com`, is kept as it was written, because the AWS sample does so and computes its slugs from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl(String);

/// The rules that depend on where the service runs.
#[derive(Debug, Clone, Default)]
pub struct TargetRules {
    /// The service's own addresses: a link to another link of the same service is refused.
    pub own: Vec<Origin>,
    /// Whether `localhost` and literal private, loopback and link-local addresses are taken.
    pub allow_private: bool,
}

impl TargetUrl {
    /// Most bytes of a target in normal form. API Gateway limits the header values of a response, and a `Location` of
    /// this size still passes.
    pub const MAX_BYTES: usize = 8_192;

    /// Parses a URL as a caller wrote it. White space around it is ignored.
    ///
    /// # Errors
    /// A [`TargetError`] that says which rule it breaks.
    pub fn parse(text: &str, rules: &TargetRules) -> Result<Self, TargetError> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if let Some((position, _)) = text.chars().enumerate().find(|(_, c)| c.is_control()) {
            return Err(TargetError::ControlCharacter { position });
        }
        let url = Url::parse(text).map_err(|source| TargetError::Syntax { source })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme { scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if url.as_str().len() > Self::MAX_BYTES {
            return Err(TargetError::TooLong { bytes: url.as_str().len() });
        }
        if rules.own.iter().any(|own| own.is_origin_of(&url)) {
            return Err(TargetError::SelfLoop);
        }
        if !rules.allow_private && is_private(&url) {
            return Err(TargetError::Private);
        }
        let lacks_slash_only = url.as_str().strip_suffix('/') == Some(text);
        Ok(Self(if lacks_slash_only { text.to_owned() } else { url.into() }))
    }

    /// The URL as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Equal for equal URLs: the text without the slash of an empty path.
    pub(crate) fn identity(&self) -> &str {
        without_empty_path(&self.0)
    }

    /// Whether a stored target is this URL.
    pub fn is_same_as(&self, stored: &str) -> bool {
        self.identity() == without_empty_path(stored)
    }
}

/// `https://host` for `https://host/`; any other text as it is.
pub(crate) fn without_empty_path(text: &str) -> &str {
    match text.strip_suffix('/') {
        Some(rest) if rest.matches('/').count() == 2 => rest,
        _ => text,
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address of the service: host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an `http` or `https` URL; `None` for anything else.
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        Some(Self { host: url.host_str()?.to_owned(), port: url.port_or_known_default()? })
    }

    fn is_origin_of(&self, url: &Url) -> bool {
        let standard = |port| matches!(port, 80 | 443);
        let port = url.port_or_known_default().unwrap_or_default();
        // The service listens on both standard ports, or redirects from one to the other.
        url.host_str().map(|host| host.strip_suffix('.').unwrap_or(host)) == Some(self.host.as_str())
            && (port == self.port || standard(port) && standard(self.port))
    }
}

/// Whether the host is a name or a literal address that means something else, or nothing, on every visitor's machine.
///
/// The URL parser has already turned every spelling of an IPv4 address (`0x7f.1`, `2130706433`) into the usual one.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private_v4(address),
        Some(Host::Ipv6(address)) => is_private_v6(address),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || a == 0
        // Shared address space of carriers, RFC 6598.
        || a == 100 && (64..128).contains(&b)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    // IPv4 inside IPv6: mapped (::ffff:0:0/96), compatible (::/96), and the NAT64 prefix 64:ff9b::/96.
    let embedded = match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        _ => None,
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || embedded
            .is_some_and(|(high, low)| is_private_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
}

/// Why a text cannot be the target of a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// A control character inside the text.
    #[error("there is a control character at position {position}")]
    ControlCharacter {
        /// How many characters stand before it, not counting white space around the text.
        position: usize,
    },
    /// Not a URL.
    #[error("it is not a URL")]
    Syntax {
        /// What the URL parser says.
        source: url::ParseError,
    },
    /// A scheme other than `http` and `https`.
    #[error("the scheme \"{scheme}\" is neither http nor https")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// User name or password in the URL.
    #[error("it contains a user name or a password")]
    Credentials,
    /// Longer than a target may be.
    #[error("{bytes} bytes are more than the limit of {limit}", limit = TargetUrl::MAX_BYTES)]
    TooLong {
        /// Its length in normal form.
        bytes: usize,
    },
    /// It leads back to the service.
    #[error("it leads back to this service")]
    SelfLoop,
    /// A private, loopback or link-local address, or `localhost`.
    #[error("its host is private to each visitor's own machine or network")]
    Private,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> TargetRules {
        TargetRules { own: vec![Origin::of("https://s.example").unwrap()], allow_private: false }
    }

    fn check(text: &str, expected: Result<&str, TargetError>) {
        let actual = TargetUrl::parse(text, &rules());
        assert_eq!(actual.as_ref().map(TargetUrl::as_str), expected.as_ref().map(|s| *s), "{text:?}");
    }

    #[test]
    fn urls_are_kept_in_normal_form() {
        check("https://example.com/a?b=1#c", Ok("https://example.com/a?b=1#c"));
        check("HTTPS://Example.COM:443/a/../b", Ok("https://example.com/b"));
        check(" \t\r\nhttps://example.com/x \n", Ok("https://example.com/x"));
        check("https://bücher.example/ü", Ok("https://xn--bcher-kva.example/%C3%BC"));
        check("http:example.com", Ok("http://example.com/"));
        // A missing slash alone is left as it was written.
        check("https://www.amazon.com", Ok("https://www.amazon.com"));
        check("https://WWW.amazon.com", Ok("https://www.amazon.com/"));
        check("https://example.com?q", Ok("https://example.com/?q"));
    }

    #[test]
    fn what_is_not_a_web_address_is_refused() {
        check("", Err(TargetError::Syntax { source: url::ParseError::RelativeUrlWithoutBase }));
        check("example.com", Err(TargetError::Syntax { source: url::ParseError::RelativeUrlWithoutBase }));
        check("https://", Err(TargetError::Syntax { source: url::ParseError::EmptyHost }));
        check("javascript:alert(1)", Err(TargetError::Scheme { scheme: "javascript".into() }));
        check("data:text/html,x", Err(TargetError::Scheme { scheme: "data".into() }));
        check("ftp://example.com", Err(TargetError::Scheme { scheme: "ftp".into() }));
        check("https://user@example.com/", Err(TargetError::Credentials));
        check("https://:secret@example.com/", Err(TargetError::Credentials));
        check("https://example.com/\r\nx: y", Err(TargetError::ControlCharacter { position: 20 }));
        check("https://exa\tmple.com/", Err(TargetError::ControlCharacter { position: 11 }));
        check("https://example.com/\u{7f}", Err(TargetError::ControlCharacter { position: 20 }));
    }

    #[test]
    fn the_limit_counts_the_normal_form() {
        let url = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
        check(&url(8_192), Ok(&url(8_192)));
        check(&url(8_193), Err(TargetError::TooLong { bytes: 8_193 }));
        // Each ü becomes six bytes.
        let accented = format!("https://example.com/{}", "ü".repeat(2_000));
        check(&accented, Err(TargetError::TooLong { bytes: 12_020 }));
    }

    #[test]
    fn links_to_the_service_itself_are_refused() {
        for text in ["https://s.example/abc", "http://S.Example", "https://s.example.:443/x", "http://s.example:443/"] {
            check(text, Err(TargetError::SelfLoop));
        }
        check("https://s.example:8443/", Ok("https://s.example:8443/"));
        check("https://sub.s.example/", Ok("https://sub.s.example/"));
    }

    #[test]
    fn private_hosts_are_refused_unless_allowed() {
        for host in [
            "localhost",
            "a.localhost",
            "LOCALHOST.",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[::127.0.0.1]",
        ] {
            let text = format!("http://{host}/");
            check(&text, Err(TargetError::Private));
            let rules = TargetRules { allow_private: true, ..rules() };
            assert!(TargetUrl::parse(&text, &rules).is_ok(), "{text}");
        }
        for text in ["http://172.32.0.1/", "http://100.128.0.1/", "http://[2001:db8::1]/", "http://8.8.8.8/"] {
            check(text, Ok(text));
        }
    }

    #[test]
    fn a_missing_slash_makes_no_difference() {
        let same = |text: &str, stored: &str| TargetUrl::parse(text, &rules()).unwrap().is_same_as(stored);
        assert!(same("https://example.com", "https://example.com"));
        assert!(same("https://example.com", "https://example.com/"));
        assert!(same("https://example.com/", "https://example.com"));
        assert!(same("https://example.com/", "https://example.com/"));
        assert!(same("https://example.com/a", "https://example.com/a"));
        assert!(!same("https://example.com/a", "https://example.com/a/"));
        assert!(!same("https://example.com/a/", "https://example.com/a"));
        assert!(!same("https://example.com", "https://example.com/a"));
        assert!(!same("https://example.com/?q=/", "https://example.com/?q="));
    }

    proptest! {
        #[test]
        fn what_is_taken_is_a_safe_header_and_stays_the_same(text in "(https?://)?\\PC{0,60}") {
            if let Ok(target) = TargetUrl::parse(&text, &rules()) {
                prop_assert!(target.as_str().bytes().all(|b| (0x21..0x7f).contains(&b)), "{}", target);
                prop_assert_eq!(TargetUrl::parse(target.as_str(), &rules()), Ok(target.clone()));
                prop_assert!(target.is_same_as(target.as_str()));
            }
        }
    }
}
