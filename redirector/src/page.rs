//! What people read when there is no redirect.

use crate::outcome::Outcome;

/// What an error page or a problem says.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) title: &'static str,
    pub(crate) detail: &'static str,
}

/// The words for an outcome that is no redirect.
pub(crate) fn message(outcome: &Outcome<'_>) -> Message {
    let (title, detail) = match outcome {
        Outcome::Gone => (
            "This link has ended",
            "It was deleted, or its time has run out.",
        ),
        Outcome::Blocked => ("This link was closed", "It was reported for abuse."),
        Outcome::BlockedLegal => (
            "This link was closed",
            "It is not available for legal reasons.",
        ),
        Outcome::Unavailable => (
            "One moment, please",
            "The link cannot be looked up right now. Try again in a second.",
        ),
        Outcome::Malformed => (
            "This link is damaged",
            "What is stored for it cannot be read.",
        ),
        Outcome::MethodNotAllowed => ("Links can only be followed", "Use GET or HEAD."),
        _ => (
            "No such link",
            "There is no link of that name here. Check the address for a typing error.",
        ),
    };
    Message { title, detail }
}

/// Nothing may be loaded, run, framed or sent; the one style sheet is known by its hash.
pub(crate) const SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-3H7xCGWwAkV5/l6LsrqAUu3FW9VOlyB3xMHReuSoCfM='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("page.css");

/// A page that stands by itself. All its texts are constants of this file: nothing of the request is in it.
pub(crate) fn html(status: u16, message: &Message) -> String {
    let Message { title, detail } = message;
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <main>\n<p>{status}</p>\n<h1>{title}</h1>\n<p>{detail}</p>\n</main>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_allows_the_style_sheet() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(
            SECURITY_POLICY.contains(&format!("'sha256-{hash}'")),
            "{hash}"
        );
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = html(404, &message(&Outcome::NotFound));
        for word in ["http:", "https:", "src=", "<script", "<link", "style=\""] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
