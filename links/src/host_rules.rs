//! Which hosts links may lead to, as the operator decides.

use std::{collections::BTreeSet, sync::Arc};

use url::{Host, Url};

use crate::HostSuffix;

/// The operator's lists of hosts. A name on a list stands for itself and every name below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules(Arc<Lists>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Lists {
    forbidden: BTreeSet<String>,
    allowed: BTreeSet<String>,
}

impl HostRules {
    /// Rules from two lists.
    pub fn new(forbidden: impl IntoIterator<Item = HostSuffix>, allowed: impl IntoIterator<Item = HostSuffix>) -> Self {
        let names = |hosts: &mut dyn Iterator<Item = HostSuffix>| hosts.map(|host| host.to_string()).collect();
        Self(Arc::new(Lists { forbidden: names(&mut forbidden.into_iter()), allowed: names(&mut allowed.into_iter()) }))
    }

    /// The hosts that no link may lead to, in order.
    pub fn forbidden(&self) -> impl Iterator<Item = &str> {
        self.0.forbidden.iter().map(String::as_str)
    }

    /// The only hosts that links may lead to, in order; if there are none, to all but the forbidden ones.
    pub fn allowed(&self) -> impl Iterator<Item = &str> {
        self.0.allowed.iter().map(String::as_str)
    }

    /// The host of a URL if no link may lead there. What is not a URL leads nowhere.
    pub fn forbidden_host(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        if self.permits(&url) { None } else { Some(url.host_str().unwrap_or_default().to_owned()) }
    }

    /// Whether a link may lead to the host of `url`. What is on both lists is forbidden.
    pub fn permits(&self, url: &Url) -> bool {
        let Lists { forbidden, allowed } = &*self.0;
        if forbidden.is_empty() && allowed.is_empty() {
            return true;
        }
        let Some(host) = url.host() else { return false };
        !has(forbidden, &host) && (allowed.is_empty() || has(allowed, &host))
    }
}

/// Whether a list has the host or a name above it.
fn has(list: &BTreeSet<String>, host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else {
        return list.contains(&host.to_string());
    };
    // A final dot names the root of DNS and makes no difference.
    let mut rest = Some(name.strip_suffix('.').unwrap_or(name));
    while let Some(name) = rest {
        if list.contains(name) {
            return true;
        }
        rest = name.split_once('.').map(|(_, above)| above);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Vec<HostSuffix> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_host_stands_for_itself_and_all_names_below_it() {
        let check = |forbidden: &[&str], allowed: &[&str], url: &str, expected: bool| {
            let rules = HostRules::new(hosts(forbidden), hosts(allowed));
            assert_eq!(rules.permits(&Url::parse(url).unwrap()), expected, "{forbidden:?} {allowed:?} {url}");
            assert_eq!(rules.forbidden_host(url).is_none(), expected, "{forbidden:?} {allowed:?} {url}");
        };
        let evil = &["evil.example"];
        check(&[], &[], "https://evil.example/", true);
        check(evil, &[], "https://evil.example/", false);
        check(evil, &[], "https://a.b.EVIL.example.:8443/x", false);
        check(evil, &[], "https://notevil.example/", true);
        check(evil, &[], "https://evil.example.org/", true);
        check(evil, &[], "https://example.org/evil.example", true);
        check(&["BÜCHER.example."], &[], "https://www.xn--bcher-kva.example/", false);
        check(&["xn--bcher-kva.example"], &[], "https://bücher.example/", false);
        check(&["zip"], &[], "https://a.zip/", false);
        check(&["192.0.2.1"], &[], "http://0xC0000201/", false);
        check(&["2001:db8::1"], &[], "http://[2001:DB8::1]/", false);
        check(&[], evil, "https://www.evil.example/", true);
        check(&[], evil, "https://example.org/", false);
        check(&["bad.evil.example"], evil, "https://bad.evil.example/", false);
        check(evil, evil, "https://evil.example/", false);
    }
}
