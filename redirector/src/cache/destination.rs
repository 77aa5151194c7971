//! What the redirector needs of a link.

use super::Cached;
use links::{Link, RedirectStatus, State, StoredTarget, Timestamp};

/// A link without what only its owner reads. Most links have no options, so those are kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Where it leads, ready to be a `Location`; empty if the stored text can never be one.
    pub(crate) target: String,
    /// What is special about it.
    pub(crate) options: Option<Box<Options>>,
}

/// Everything about a link that is not at its default.
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
    /// The options of a link that has none.
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

    /// The same in the form in which the cache gives it.
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
            expired_url: link.expired_url.and_then(safe),
            valid_from: link.valid_from,
            expires_at: link.expires_at,
        };
        Self {
            target: safe(link.target).unwrap_or_default(),
            options: (options != Options::DEFAULT).then(|| Box::new(options)),
        }
    }
}
