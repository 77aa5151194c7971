//! HTML pages.

use std::fmt;

use function::AbuseContact;

/// Nothing may be loaded, run, framed or sent. The style sheet is allowed by its hash.
pub(crate) const SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-7nLTxY194QQOYt9G84pHS469wo1uSY05HnUowK38ka8='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("page.css");

/// The page of an error. All its texts are constants or the operator's: nothing of the request is in it.
pub(crate) fn error(status: u16, title: &'static str, detail: &'static str, contact: Option<&AbuseContact>) -> String {
    let contact = contact.map(|contact| format!("\n<p>Questions: {}</p>", link(contact))).unwrap_or_default();
    document(title, &format!("<p>{status}</p>\n<h1>{title}</h1>\n<p>{detail}</p>{contact}"))
}

/// A link to the operator.
pub(crate) fn link(contact: &AbuseContact) -> String {
    format!("<a href=\"{}\">{}</a>", Escaped(contact.url()), Escaped(contact.text()))
}

/// A page that loads nothing else, from a title and a body in HTML.
pub(crate) fn document(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n{main}\n</main>\n</html>\n"
    )
}

/// Escapes somebody else's text for HTML, between tags and in quoted attributes.
#[derive(Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, after)) = rest.split_once(['&', '<', '>', '"', '\'']) {
            f.write_str(before)?;
            f.write_str(match rest.as_bytes().get(before.len()) {
                Some(b'&') => "&amp;",
                Some(b'<') => "&lt;",
                Some(b'>') => "&gt;",
                Some(b'"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = after;
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_allows_the_style_sheet() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(SECURITY_POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn texts_cannot_become_markup() {
        let check = |text, expected: &str| assert_eq!(Escaped(text).to_string(), expected);
        check("", "");
        check("münchen", "münchen");
        check("a&b<c>\"d\"'e'&", "a&amp;b&lt;c&gt;&quot;d&quot;&#39;e&#39;&amp;");
        check("&amp;", "&amp;amp;");
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = error(404, "No such link", "There is no link of that name here.", None);
        for word in ["http:", "https:", "src=", "<script", "<link", "style=\""] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
