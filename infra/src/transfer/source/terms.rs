//! What exports of other shorteners do not say.

use links::TargetRules;

/// What exports of other shorteners do not say.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Owner of the links.
    pub(crate) owner: String,
    /// Which targets are accepted.
    pub(crate) rules: TargetRules,
    /// Accept only links of this domain.
    pub(crate) domain: Option<String>,
    /// Creation time for links whose export has none.
    pub(crate) created_at: Option<jiff::Timestamp>,
    /// Whether links forward the visitor's query.
    pub(crate) forward_query: bool,
    /// Whether there is a table for the clicks that the other shortener counted.
    pub(crate) keeps_clicks: bool,
    /// The current time, to recognise expired links.
    pub(crate) now: jiff::Timestamp,
}

impl Terms {
    /// Whether links of this domain are accepted. A file that names no domains has only one.
    pub(super) fn accepts_domain(&self, domain: Option<&str>) -> bool {
        let (Some(accepted), Some(domain)) = (&self.domain, domain) else {
            return true;
        };
        normal_domain(accepted) == normal_domain(domain)
    }
}

/// A domain as it is compared: without scheme, path and final dot, in lower case, and in Punycode.
pub(crate) fn normal_domain(text: &str) -> String {
    let text = text.trim();
    let (_, text) = text.split_once("://").unwrap_or(("", text));
    let host = text.split('/').next().unwrap_or_default();
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let name = idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_lowercase());
    port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_domain_are_equal() {
        let check = |text: &str, expected: &str| assert_eq!(normal_domain(text), expected, "{text}");
        check("Go.Example.com", "go.example.com");
        check("https://go.example.com/", "go.example.com");
        check("go.example.com.", "go.example.com");
        check("zürich.ch", "xn--zrich-kva.ch");
        check("ZÜRICH.ch", "xn--zrich-kva.ch");
        check("xn--zrich-kva.CH", "xn--zrich-kva.ch");
        check("zürich.ch:8080", "xn--zrich-kva.ch:8080");
        check("", "");
    }
}
