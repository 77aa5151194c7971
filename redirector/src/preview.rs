//! Where a link leads, told instead of followed: `GET /{slug}+`.

use links::{Link, Timestamp};
use serde::Serialize;
use url::{Host, Url};

use crate::page::{self, Escaped};

/// What the visitor of a link is told before going there.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Preview {
    slug: String,
    /// Where the link leads, as it would be sent.
    url: String,
    /// The name as it is looked up, all ASCII; none if what is stored is no URL after all.
    host: Option<String>,
    /// The same name in its own script.
    host_unicode: Option<String>,
    created_at: Option<String>,
    expires_at: Option<String>,
}

impl Preview {
    /// A preview of `link`, which leads to `location`.
    pub(crate) fn new(link: &Link, location: String) -> Self {
        let host = Url::parse(&location).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        Self {
            slug: link.slug.to_string(),
            host_unicode: host.as_ref().map(in_unicode),
            host: host.map(|host| host.to_string()),
            url: location,
            created_at: link.created_at.and_then(Timestamp::rfc3339),
            expires_at: link.expires_at.and_then(Timestamp::rfc3339),
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        // Texts under names: nothing that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For people.
    pub(crate) fn html(&self) -> String {
        let host = self.host_unicode.as_deref().unwrap_or("an unusual address");
        let (slug, host, url) = (Escaped(&self.slug), Escaped(host), Escaped(&self.url));
        let shown = self.shown_url();
        let ascii = match &self.host {
            Some(ascii) if self.host != self.host_unicode => {
                format!("<dt>Host in ASCII</dt><dd>{}</dd>\n", Escaped(ascii))
            }
            _ => String::new(),
        };
        let created = time(self.created_at.as_deref(), "not recorded");
        let expires = time(self.expires_at.as_deref(), "never");
        page::document(
            &format!("{slug} leads to {host}"),
            &format!(
                "<p>Preview</p>\n<h1>This link leads to <bdi>{host}</bdi></h1>\n\
                 <p class=\"url\" tabindex=\"0\"><bdi>{}</bdi></p>\n\
                 <dl>\n<dt>Short link</dt><dd>{slug}</dd>\n{ascii}\
                 <dt>Created</dt><dd>{created}</dd>\n<dt>Expires</dt><dd>{expires}</dd>\n</dl>\n\
                 <a href=\"{url}\" rel=\"nofollow noreferrer\">Continue</a>",
                Escaped(&shown)
            ),
        )
    }

    /// The URL as people may read it. Letters beyond ASCII could turn the text around or look like others, so a URL
    /// that has them is written as browsers send it.
    fn shown_url(&self) -> String {
        match Url::parse(&self.url) {
            Ok(url) if !self.url.is_ascii() => url.into(),
            _ => self.url.clone(),
        }
    }
}

fn in_unicode(host: &Host) -> String {
    match host {
        // Where the name breaks the rules of such names, what it would look like is not to be trusted.
        Host::Domain(name) => match idna::domain_to_unicode(name) {
            (unicode, Ok(())) => unicode,
            (_, Err(_)) => name.clone(),
        },
        address => address.to_string(),
    }
}

/// A point in time in words, or what to say instead.
fn time(rfc3339: Option<&str>, otherwise: &str) -> String {
    let parsed = rfc3339.and_then(|text| Some((text, text.parse::<jiff::Timestamp>().ok()?)));
    match parsed {
        Some((text, time)) => format!("<time datetime=\"{text}\">{}</time>", time.strftime("%-d %B %Y, %H:%M UTC")),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use links::{StoredTarget, TargetRules, TargetUrl};

    fn preview(location: &str) -> Preview {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let created = Timestamp::from_unix_seconds(1_798_761_600);
        let mut link = Link::new("launch".parse().unwrap(), &target, "ann", created);
        link.target = StoredTarget::from_table(location.to_owned());
        Preview::new(&link, location.to_owned())
    }

    #[test]
    fn hosts_are_told_in_both_forms() {
        let check = |location: &str, host: Option<&str>, unicode: Option<&str>| {
            let preview = preview(location);
            assert_eq!((preview.host.as_deref(), preview.host_unicode.as_deref()), (host, unicode), "{location}");
        };
        let same = |location, host| check(location, Some(host), Some(host));
        same("https://example.com/a", "example.com");
        same("https://EXAMPLE.com:8443/a", "example.com");
        same("http://192.0.2.1/", "192.0.2.1");
        same("http://[2001:db8::1]/", "[2001:db8::1]");
        same("https://user@example.com/", "example.com");
        check("https://xn--mnchen-3ya.example/", Some("xn--mnchen-3ya.example"), Some("münchen.example"));
        check("https://münchen.example/", Some("xn--mnchen-3ya.example"), Some("münchen.example"));
        // Cyrillic letters that look like "apple".
        check("https://xn--80ak6aa92e.com/", Some("xn--80ak6aa92e.com"), Some("аррӏе.com"));
        check("https://", None, None);
        check("https://exa mple/", None, None);
        // Not the Punycode of anything.
        check("https://xn--a/", None, None);
    }

    #[test]
    fn the_page_tells_everything_and_runs_nothing() {
        let preview = preview("https://xn--mnchen-3ya.example/?a=1&b=\"'><script>alert(1)</script>");
        let page = preview.html();
        for part in [
            "<bdi>münchen.example</bdi>",
            "<dd>xn--mnchen-3ya.example</dd>",
            "<bdi>https://xn--mnchen-3ya.example/?a=1&amp;b=&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
            "href=\"https://xn--mnchen-3ya.example/?a=1&amp;b=&quot;&#39;&gt;&lt;script",
            "<time datetime=\"2027-01-01T00:00:00Z\">1 January 2027, 00:00 UTC</time>",
            "<dt>Expires</dt><dd>never</dd>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("<script"), "{page}");
    }

    #[test]
    fn text_that_turns_around_is_escaped() {
        let page = preview("https://example.com/\u{202e}gpj.exe").html();
        assert!(page.contains("<bdi>https://example.com/%E2%80%AEgpj.exe</bdi>"), "{page}");
    }

    #[test]
    fn what_is_unknown_is_said() {
        let mut preview = preview("https://");
        preview.created_at = Timestamp::from_unix_seconds(u64::MAX).rfc3339();
        let page = preview.html();
        assert!(page.contains("<dt>Created</dt><dd>not recorded</dd>"), "{page}");
        assert!(page.contains("an unusual address"), "{page}");
        let json: serde_json::Value = serde_json::from_str(&preview.json()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "slug": "launch", "url": "https://", "host": null, "host_unicode": null,
                "created_at": null, "expires_at": null })
        );
    }
}
