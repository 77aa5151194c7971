//! Where to report abuse.

use std::{fmt, str::FromStr};

/// Most bytes of an address, which stands in headers of e-mails and in every page of a blocked link.
const MAX_BYTES: usize = 500;

/// The operator's address for reports of abuse: a `mailto:` or `https:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbuseContact(String);

/// A text that is not an address for reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbuseContactError;

impl AbuseContact {
    /// The address as a URL.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// The address as people read it: that of an e-mail without its scheme.
    pub fn text(&self) -> &str {
        self.0.strip_prefix("mailto:").unwrap_or(&self.0)
    }
}

impl FromStr for AbuseContact {
    type Err = AbuseContactError;

    /// Takes an e-mail address as well.
    fn from_str(text: &str) -> Result<Self, AbuseContactError> {
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\'' | '`' | '\\');
        if text.len() > MAX_BYTES || !text.chars().all(is_plain) {
            return Err(AbuseContactError);
        }
        if let Some(rest) = text.strip_prefix("https://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let is_host = !host.is_empty() && !host.contains('@');
            return is_host.then(|| Self(text.to_owned())).ok_or(AbuseContactError);
        }
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        let is_address = match address.split('?').next().unwrap_or_default().split_once('@') {
            Some((name, host)) => {
                !name.is_empty() && !name.contains([':', '/']) && !host.is_empty() && !host.contains(['@', ':', '/'])
            }
            None => false,
        };
        is_address.then(|| Self(format!("mailto:{address}"))).ok_or(AbuseContactError)
    }
}

impl fmt::Display for AbuseContactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an e-mail address, or a URL that begins with mailto: or https:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_e_mail_or_https() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let contact = text.parse::<AbuseContact>().ok();
            let actual = contact.as_ref().map(|contact| (contact.url(), contact.text()));
            assert_eq!(actual, expected, "{text:?}");
        };
        check("abuse@example.com", Some(("mailto:abuse@example.com", "abuse@example.com")));
        check("mailto:abuse@example.com", Some(("mailto:abuse@example.com", "abuse@example.com")));
        check("mailto:a@b.example?subject=x", Some(("mailto:a@b.example?subject=x", "a@b.example?subject=x")));
        check("https://example.com/report", Some(("https://example.com/report", "https://example.com/report")));
        let long = format!("https://example.com/{}", "x".repeat(MAX_BYTES));
        for bad in [
            "",
            "abuse",
            "@example.com",
            "abuse@",
            "a@b@c",
            "http://example.com/",
            "https://",
            "https:///x",
            "javascript:a@b",
            "https://user@example.com/",
            "a@b.example\r\nX: y",
            "a b@example.com",
            "https://example.com/\"><script>",
            &long,
        ] {
            check(bad, None);
        }
    }
}
