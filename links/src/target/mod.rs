//! Where a link may lead.

mod error;
mod location;
mod pasted;
mod special;

use std::fmt;

use url::{Host, Url};

pub use error::TargetError;
pub(crate) use location::location_safe;

use crate::HostRules;

/// A URL that a link may lead to: `http` or `https`, at most 8,192 bytes, no credentials, not the service itself and,
/// unless allowed, no host that is not public.
///
/// It is kept in the normal form of the WHATWG URL standard (lower-case scheme and host, no default port, no dot
/// segments, escaped as needed), with every character percent-encoded that no URI may have, so that every HTTP client
/// can follow it. There is one exception: a text that lacks only the slash of an empty path, such as
/// `https://example.com`, is kept as it was written, because the AWS sample does so and computes its slugs from it.
#[derive(Debug, Clone)]
pub struct TargetUrl {
    text: String,
    former: Option<Box<Self>>,
}

/// The rules that depend on where the service runs.
#[derive(Debug, Clone, Default)]
pub struct TargetRules {
    /// The service's own addresses: a link to another link of the same service is refused.
    pub own: Vec<Origin>,
    /// Whether hosts are taken that are not public: `localhost` and other special-use names, names without a dot, and
    /// addresses that IANA's registries call special-purpose.
    pub allow_private: bool,
    /// The operator's lists of hosts.
    pub hosts: HostRules,
}

impl TargetUrl {
    /// Most bytes of a target in normal form. API Gateway limits the header values of a response, and a `Location` of
    /// this size still passes.
    pub const MAX_BYTES: usize = 8_192;

    /// Parses a URL as a caller wrote or pasted it. What cannot be seen around it is ignored.
    ///
    /// # Errors
    /// A [`TargetError`] that says which rule it breaks.
    pub fn parse(text: &str, rules: &TargetRules) -> Result<Self, TargetError> {
        let text = pasted::url_in(text)?;
        let url = Url::parse(text).map_err(pasted::syntax_error)?;
        pasted::check_scheme(&url)?;
        if pasted::has_two_schemes(&url) {
            return Err(TargetError::TwoSchemes);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        check_host(&url, rules)?;
        let kept = match url.as_str().strip_suffix('/') == Some(text) {
            true => text,
            false => url.as_str(),
        };
        let safe = location_safe(kept);
        pasted::check_normal(&safe)?;
        if safe.len() > Self::MAX_BYTES {
            return Err(TargetError::TooLong { bytes: safe.len() });
        }
        let former = (safe != kept).then(|| Box::new(Self { text: kept.to_owned(), former: None }));
        Ok(Self { text: safe.into_owned(), former })
    }

    /// The URL as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form in which earlier versions stored this URL and from which they derived its slug, if it was another one.
    pub fn former(&self) -> Option<&Self> {
        self.former.as_deref()
    }

    /// Equal for equal URLs: the text without the slash of an empty path.
    pub(crate) fn identity(&self) -> &str {
        without_empty_path(&self.text)
    }

    /// Whether a stored target is this URL, to the byte but for the slash of an empty path.
    pub fn is_same_as(&self, stored: &str) -> bool {
        self.identity() == without_empty_path(stored)
    }
}

impl PartialEq for TargetUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TargetUrl {}

fn check_host(url: &Url, rules: &TargetRules) -> Result<(), TargetError> {
    if rules.own.iter().any(|own| own.is_origin_of(url)) {
        return Err(TargetError::SelfLoop);
    }
    if let Some(what) = special::not_public(url).filter(|_| !rules.allow_private) {
        return Err(TargetError::Private { what });
    }
    if !rules.hosts.permits(url) {
        return Err(TargetError::ForbiddenHost { host: url.host_str().unwrap_or_default().to_owned() });
    }
    match url.host() {
        Some(Host::Domain(name)) if !special::is_possible_name(name) => {
            Err(TargetError::Syntax { what: "the host is not a possible name" })
        }
        _ => Ok(()),
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
        f.write_str(&self.text)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HiddenCharacter;
    use proptest::prelude::*;

    fn rules() -> TargetRules {
        TargetRules {
            own: vec![Origin::of("https://s.example").unwrap()],
            allow_private: false,
            hosts: HostRules::default(),
        }
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
        check("", Err(TargetError::Empty));
        check("https://", Err(TargetError::Syntax { what: "no host follows the scheme" }));
        for text in ["example.com", "example.com/x", "localhost:8080", "example.com:8080/x", "/a", "https//example.com"]
        {
            check(text, Err(TargetError::NoScheme));
        }
        check("javascript:alert(1)", Err(TargetError::Scheme { scheme: "javascript".into() }));
        check("data:text/html,x", Err(TargetError::Scheme { scheme: "data".into() }));
        check("ftp://example.com", Err(TargetError::Scheme { scheme: "ftp".into() }));
        check("https://user@example.com/", Err(TargetError::Credentials));
        check("https://:secret@example.com/", Err(TargetError::Credentials));
        let hidden = |character, position| Err(TargetError::Hidden(HiddenCharacter { character, position }));
        check("https://example.com/\r\nx: y", hidden('\r', 21));
        check(" https://exa\tmple.com/", hidden('\t', 13));
        check("https://example.com/\u{7f}", Ok("https://example.com/"));
        check("https://example.com/\u{200b}a", hidden('\u{200b}', 21));
        for host in ["a..b.example", "*.example.com", "a\"b.example", "{a}.example"] {
            check(&format!("https://{host}/"), Err(TargetError::Syntax { what: "the host is not a possible name" }));
        }
    }

    #[test]
    fn a_scheme_is_not_a_host() {
        for text in [
            "https://https://example.com/a",
            "http:https//example.com",
            "https://http//example.com",
            "HTTPS://HTTPS://example.com",
            "https:///https://example.com",
            "https:https://example.com",
            "http://www.http://example.com",
            "https://https",
        ] {
            check(text, Err(TargetError::TwoSchemes));
        }
        check("https://https.example/", Ok("https://https.example/"));
        check("https://example.com/https://", Ok("https://example.com/https://"));
    }

    #[test]
    fn every_client_can_follow() {
        check("https://example.com/a|b?c=[d]&e=100%", Ok("https://example.com/a%7Cb?c=%5Bd%5D&e=100%25"));
        let target = |text| TargetUrl::parse(text, &rules()).unwrap();
        let new = target("https://example.com/a|b");
        assert_eq!(new.former().map(TargetUrl::as_str), Some("https://example.com/a|b"));
        let same = target("https://example.com/a%7Cb");
        assert_eq!((same.former(), &same), (None, &new));
        assert!(target("https://example.com").former().is_none());
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
        let allowing = TargetRules { allow_private: true, ..rules() };
        for host in ["localhost", "127.1", "[::1]", "router", "printer.local"] {
            let text = format!("http://{host}/");
            let refused = TargetUrl::parse(&text, &rules());
            assert!(matches!(refused, Err(TargetError::Private { .. })), "{text}: {refused:?}");
            assert!(TargetUrl::parse(&text, &allowing).is_ok(), "{text}");
        }
        for host in [".", "*", "localhost.."] {
            let text = format!("http://{host}/");
            assert!(matches!(TargetUrl::parse(&text, &rules()), Err(TargetError::Private { .. })), "{text}");
            assert!(matches!(TargetUrl::parse(&text, &allowing), Err(TargetError::Syntax { .. })), "{text}");
        }
        for text in ["http://172.32.0.1/", "http://100.128.0.1/", "http://[2001:4860::1]/", "http://8.8.8.8/"] {
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
