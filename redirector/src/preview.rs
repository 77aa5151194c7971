//! Where a link leads, shown instead of followed: `GET /{slug}+`.

use function::AbuseContact;
use links::{Link, Timestamp};
use serde::{Serialize, Serializer};
use url::{Host, Url};

use crate::{
    lookalike::can_deceive,
    page::{self, Escaped},
};

/// What a visitor may want to know before following a link.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Preview {
    slug: String,
    /// Where the link leads, as it would be sent.
    url: String,
    /// The host name in ASCII, as DNS has it; none if the stored text is not a URL.
    host: Option<String>,
    /// The host name in its own script.
    host_unicode: Option<String>,
    #[serde(serialize_with = "as_rfc3339")]
    created_at: Option<Timestamp>,
    #[serde(serialize_with = "as_rfc3339")]
    expires_at: Option<Timestamp>,
}

/// A preview and where to report what it shows.
#[derive(Debug, Serialize)]
struct WithContact<'a> {
    #[serde(flatten)]
    preview: &'a Preview,
    #[serde(skip_serializing_if = "Option::is_none")]
    abuse_contact: Option<&'a str>,
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
            created_at: link.created_at,
            expires_at: link.expires_at,
        }
    }

    /// The preview for programs.
    pub(crate) fn json(&self, contact: Option<&AbuseContact>) -> String {
        let preview = WithContact { preview: self, abuse_contact: contact.map(AbuseContact::url) };
        // An object of strings can always be serialized.
        serde_json::to_string(&preview).unwrap_or_default()
    }

    /// The preview for people.
    pub(crate) fn html(&self, contact: Option<&AbuseContact>) -> String {
        let (heading, other) = self.shown_hosts();
        let (slug, url, heading) = (Escaped(&self.slug), Escaped(&self.url), Escaped(heading));
        let other = match other {
            Some((label, host)) => format!("<dt>Host in {label}</dt><dd><bdi>{}</bdi></dd>\n", Escaped(host)),
            None => String::new(),
        };
        let shown = self.shown_url();
        let created = time(self.created_at, "not recorded");
        let expires = time(self.expires_at, "never");
        let report = match contact {
            Some(contact) => format!("\n<p>Report abuse: {}</p>", page::link(contact)),
            None => String::new(),
        };
        page::document(
            // Isolated, as `<bdi>` does: a name that is written from right to left must not reorder the words before it.
            &format!("{slug} leads to \u{2068}{heading}\u{2069}"),
            &format!(
                "<p>Preview</p>\n<h1>This link leads to <bdi>{heading}</bdi></h1>\n\
                 <p class=\"url\" tabindex=\"0\"><bdi>{}</bdi></p>\n\
                 <dl>\n<dt>Short link</dt><dd>{slug}</dd>\n{other}\
                 <dt>Created</dt><dd>{created}</dd>\n<dt>Expires</dt><dd>{expires}</dd>\n</dl>\n\
                 <a href=\"{url}\" rel=\"nofollow noreferrer\">Continue</a>{report}",
                Escaped(&shown)
            ),
        )
    }

    /// The form of the host for the heading, and the other one with the name of its alphabet, if they differ. The heading
    /// is what people decide by, so a name that could pass for another stands there as DNS has it.
    fn shown_hosts(&self) -> (&str, Option<(&'static str, &str)>) {
        match (&self.host, &self.host_unicode) {
            (Some(ascii), Some(unicode)) if ascii == unicode => (ascii, None),
            (Some(ascii), Some(unicode)) if can_deceive(unicode) => (ascii, Some(("Unicode", unicode))),
            (Some(ascii), Some(unicode)) => (unicode, Some(("ASCII", ascii))),
            _ => ("an unusual address", None),
        }
    }

    /// The URL as people read it. Letters beyond ASCII could reverse the text or look like others, so a URL that has them
    /// is shown as browsers send it.
    fn shown_url(&self) -> String {
        match Url::parse(&self.url) {
            Ok(url) if !self.url.is_ascii() => url.into(),
            _ => self.url.clone(),
        }
    }
}

fn in_unicode(host: &Host) -> String {
    match host {
        // If the name breaks the rules of such names, its look cannot be trusted.
        Host::Domain(name) => match idna::domain_to_unicode(name) {
            (unicode, Ok(())) => unicode,
            (_, Err(_)) => name.clone(),
        },
        address => address.to_string(),
    }
}

/// A point in time as an HTML element, or `otherwise` if there is none or it is after the year 9999.
fn time(time: Option<Timestamp>, otherwise: &str) -> String {
    let seconds = time.and_then(|time| i64::try_from(time.unix_seconds()).ok());
    match seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
        Some(time) => format!("<time datetime=\"{time}\">{}</time>", time.strftime("%-d %B %Y, %H:%M UTC")),
        None => otherwise.to_owned(),
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn as_rfc3339<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.and_then(Timestamp::rfc3339).serialize(serializer)
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
    fn hosts_are_shown_in_both_forms() {
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
    fn the_page_shows_everything_and_runs_nothing() {
        let preview = preview("https://xn--mnchen-3ya.example/?a=1&b=\"'><script>alert(1)</script>");
        let page = preview.html(None);
        for part in [
            "<bdi>münchen.example</bdi>",
            "<title>launch leads to \u{2068}münchen.example\u{2069}</title>",
            "<dt>Host in ASCII</dt><dd><bdi>xn--mnchen-3ya.example</bdi></dd>",
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
    fn a_name_that_could_pass_for_another_is_no_heading() {
        // Cyrillic letters that look like "apple".
        let page = preview("https://xn--80ak6aa92e.com/").html(None);
        for part in [
            "<title>launch leads to \u{2068}xn--80ak6aa92e.com\u{2069}</title>",
            "<h1>This link leads to <bdi>xn--80ak6aa92e.com</bdi></h1>",
            "<dt>Host in Unicode</dt><dd><bdi>аррӏе.com</bdi></dd>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }

    #[test]
    fn text_that_could_be_reversed_is_escaped() {
        let page = preview("https://example.com/\u{202e}gpj.exe").html(None);
        assert!(page.contains("<bdi>https://example.com/%E2%80%AEgpj.exe</bdi>"), "{page}");
    }

    #[test]
    fn unknown_values_are_named() {
        let mut preview = preview("https://");
        preview.created_at = Some(Timestamp::from_unix_seconds(u64::MAX));
        let page = preview.html(None);
        assert!(page.contains("<dt>Created</dt><dd>not recorded</dd>"), "{page}");
        assert!(page.contains("an unusual address"), "{page}");
        let json: serde_json::Value = serde_json::from_str(&preview.json(None)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "slug": "launch", "url": "https://", "host": null, "host_unicode": null,
                "created_at": null, "expires_at": null })
        );
    }
}
