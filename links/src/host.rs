//! Hosts by name, with all names below them.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use url::{Host, Url};

/// A host name that stands for itself and every name below it, or an address that stands for itself only.
///
/// Names are kept as DNS has them: lower case, international letters in punycode, no final dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSuffix(Host);

/// A text that is not the name or the address of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be a host name or an IP address, without scheme, port and path")]
pub struct HostSuffixError;

impl HostSuffix {
    /// Whether `url` leads to the host or to a name below it. A text that is not a URL leads nowhere.
    pub fn covers(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        match (&self.0, url.host()) {
            (Host::Domain(suffix), Some(Host::Domain(name))) => is_or_is_below(without_root(name), suffix),
            (Host::Ipv4(address), Some(Host::Ipv4(other))) => *address == other,
            (Host::Ipv6(address), Some(Host::Ipv6(other))) => *address == other,
            _ => false,
        }
    }
}

fn is_or_is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A final dot names the root of DNS and makes no difference.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl FromStr for HostSuffix {
    type Err = HostSuffixError;

    fn from_str(text: &str) -> Result<Self, HostSuffixError> {
        let text = text.trim();
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self(Host::Ipv6(address)));
        }
        match Host::parse(text).map_err(|_not_a_host| HostSuffixError)? {
            Host::Domain(name) => {
                let name = without_root(&name);
                // The parser takes these, and no resolver does.
                let is_name = name.split('.').all(|label| !label.is_empty()) && !name.contains('*');
                is_name.then(|| Self(Host::Domain(name.to_owned()))).ok_or(HostSuffixError)
            }
            address => Ok(Self(address)),
        }
    }
}

impl fmt::Display for HostSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_as_dns_has_it() {
        let check = |text: &str, expected: Option<&str>| {
            let host = text.parse::<HostSuffix>().ok().map(|host| host.to_string());
            assert_eq!(host.as_deref(), expected, "{text:?}");
        };
        check("Example.COM", Some("example.com"));
        check(" example.com. ", Some("example.com"));
        check("bücher.example", Some("xn--bcher-kva.example"));
        check("XN--BCHER-KVA.example", Some("xn--bcher-kva.example"));
        check("com", Some("com"));
        check("192.0.2.1", Some("192.0.2.1"));
        check("2001:DB8::1", Some("[2001:db8::1]"));
        check("[2001:db8::1]", Some("[2001:db8::1]"));
        let bad = ["", ".", "..", ".example.com", "*.example.com", "a..b", "https://example.com", "example.com:80"];
        for text in bad.into_iter().chain(["example.com/a", "a b", "user@example.com", "1.2.3.256", "xn--a"]) {
            check(text, None);
        }
    }

    #[test]
    fn a_host_covers_itself_and_the_names_below_it() {
        let check = |host: &str, url: &str, expected: bool| {
            assert_eq!(host.parse::<HostSuffix>().unwrap().covers(url), expected, "{host} {url}");
        };
        check("example.com", "https://example.com/", true);
        check("example.com", "HTTP://WWW.Example.Com:8080/a", true);
        check("example.com", "https://a.b.example.com./", true);
        check("example.com", "https://badexample.com/", false);
        check("example.com", "https://example.com.evil.test/", false);
        check("example.com", "https://evil.test/?example.com", false);
        check("example.com", "https://example.com@evil.test/", false);
        check("b.example.com", "https://example.com/", false);
        check("bücher.example", "https://www.xn--bcher-kva.example/", true);
        check("192.0.2.1", "http://192.0.2.1:81/", true);
        check("192.0.2.1", "http://0xC0000201/", true);
        check("0.2.1", "http://192.0.2.1/", false);
        check("2001:db8::1", "http://[2001:DB8:0::1]/", true);
        check("example.com", "example.com", false);
    }
}
