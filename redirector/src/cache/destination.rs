//! The part of a link that a redirect needs.

use super::Cached;
use links::{Link, RedirectStatus, State, StoredTarget, Timestamp};

/// A link without what only its owner reads. Most links have no options, so those are in a separate box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Where it leads, ready to be a `Location`; empty if the stored text can never be one.
    pub(crate) target: String,
    /// Its non-default options.
    pub(crate) options: Option<Box<Options>>,
}

/// The options of a link, of which at least one is not at its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub(crate) state: State,
    pub(crate) redirect: Option<RedirectStatus>,
    pub(crate) cache_seconds: Option<u32>,
    pub(crate) permanent: bool,
    pub(crate) forward_query: bool,
    pub(crate) expired_url: Option<String>,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Options {
    /// The options of a link that sets none.
    pub(crate) const DEFAULT: Self = Self {
        state: State::Active,
        redirect: None,
        cache_seconds: None,
        permanent: false,
        forward_query: false,
        expired_url: None,
        valid_from: None,
        expires_at: None,
    };
}

impl Destination {
    /// A destination without options.
    pub fn to(target: &str) -> Self {
        Self { target: target.to_owned(), options: None }
    }

    /// Borrows it as a cache entry.
    pub fn cached(&self) -> Cached<'_> {
        Cached { target: &self.target, options: self.options.as_deref().unwrap_or(&Options::DEFAULT) }
    }
}

impl From<Link> for Destination {
    fn from(link: Link) -> Self {
        let safe = |target: StoredTarget| target.is_safe().then(|| target.as_str().to_owned());
        let options = Options {
            state: link.state,
            redirect: link.redirect,
            cache_seconds: link.cache_seconds,
            permanent: link.permanent,
            forward_query: link.forward_query,
            // What an administrator closed leads nowhere.
            expired_url: link.expired_url.filter(|_| !link.held).and_then(safe),
            valid_from: link.valid_from,
            expires_at: link.expires_at,
        };
        Self {
            target: safe(link.target).unwrap_or_default(),
            options: (options != Options::DEFAULT).then(|| Box::new(options)),
        }
    }
}
