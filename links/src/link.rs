//! The record behind a slug.

use std::{fmt, time::Duration};

use crate::{Slug, TargetUrl, Timestamp, target::without_empty_path};

/// The owner of every link while the service runs without authorisation, and of links that the AWS sample wrote, which
/// carry no owner.
pub const ANONYMOUS: &str = "anonymous";

/// A short link as it is stored. Every field but the first two may be missing in the table and then takes its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub slug: Slug,
    /// Where it leads, as stored.
    pub target: StoredTarget,
    /// Whether it may be followed.
    pub state: State,
    /// The status of its redirect; if unset, the service's default.
    pub redirect: Option<RedirectStatus>,
    /// How long shared caches may keep its redirect, in seconds (0 to 86,400).
    pub cache_seconds: Option<u32>,
    /// Whether its target is promised not to change, so that browsers may keep the redirect for longer.
    pub permanent: bool,
    /// Whether the query of a request is added to the target.
    pub forward_query: bool,
    /// Where visitors are sent once it has expired or was deleted.
    pub expired_url: Option<StoredTarget>,
    /// When it was created; unknown for links of the AWS sample.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Until then it does not exist for visitors.
    pub valid_from: Option<Timestamp>,
    /// From then on it is gone for visitors.
    pub expires_at: Option<Timestamp>,
    /// Who created it.
    pub owner: String,
    /// Counts its changes, from 1.
    pub version: u64,
    /// Words that its owner chose.
    pub tags: Vec<String>,
    /// A text that its owner wrote.
    pub note: Option<String>,
    /// The state of a deleted link before its deletion, which restoring brings back.
    pub restores_to: Option<State>,
    /// Which request created it, if that request had an idempotency key.
    pub idempotency: Option<Idempotency>,
    /// A random number of its last write. A writer that does not know the outcome of its write recognises it by this,
    /// even if another writer wrote the same at the same time.
    pub stamp: Option<u32>,
}

/// How a repeated request is recognised: by digests, so that the table stores neither the key nor the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Digest of the owner and the key that the request carried.
    pub key_digest: String,
    /// Digest of what the request asked for.
    pub request_digest: String,
}

/// How long a tombstone or an expired link stays in the table.
pub const GRACE: Duration = Duration::from_secs(30 * 24 * 3_600);

impl Link {
    /// A new active link without options.
    pub fn new(slug: Slug, target: &TargetUrl, owner: &str, now: Timestamp) -> Self {
        Self {
            slug,
            target: StoredTarget::from(target),
            state: State::Active,
            redirect: None,
            cache_seconds: None,
            permanent: false,
            forward_query: false,
            expired_url: None,
            created_at: Some(now),
            updated_at: Some(now),
            valid_from: None,
            expires_at: None,
            owner: owner.to_owned(),
            version: 1,
            tags: Vec::new(),
            note: None,
            restores_to: None,
            idempotency: None,
            stamp: None,
        }
    }

    /// The link after another change at `now`.
    #[must_use]
    pub fn changed(mut self, now: Timestamp) -> Self {
        self.updated_at = Some(now);
        self.version += 1;
        self
    }

    /// The tombstone of the link.
    #[must_use]
    pub fn deleted(mut self, now: Timestamp) -> Self {
        self.restores_to = Some(self.state);
        self.state = State::Deleted;
        self.changed(now)
    }

    /// The link that a tombstone stood for.
    #[must_use]
    pub fn restored(mut self, now: Timestamp) -> Self {
        self.state = self.restores_to.take().unwrap_or(State::Active);
        self.changed(now)
    }

    /// Whether it was deleted so long ago that it counts as never created; the table removes it soon.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.state == State::Deleted && self.removable_at().is_some_and(|end| end <= now)
    }

    /// When the table may remove it. Nothing changes a tombstone, so its last change was the deletion.
    pub fn removable_at(&self) -> Option<Timestamp> {
        let over = match self.state {
            State::Deleted => self.updated_at,
            _ => self.expires_at,
        };
        over.map(|time| time.plus(GRACE))
    }

    /// Whether it has expired at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it is not yet valid at `now`.
    pub fn is_early(&self, now: Timestamp) -> bool {
        self.valid_from.is_some_and(|start| now < start)
    }
}

/// Whether a link may be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Followed.
    Active,
    /// Paused by its owner: for visitors it does not exist.
    Disabled,
    /// Deleted by its owner; kept as a tombstone, so that the slug does not get another meaning.
    Deleted,
    /// Closed by the operator for abuse.
    Blocked,
    /// Closed by the operator for legal reasons.
    BlockedLegal,
}

impl State {
    /// All states with their names in the table and in responses.
    const NAMES: [(Self, &str); 5] = [
        (Self::Active, "active"),
        (Self::Disabled, "disabled"),
        (Self::Deleted, "deleted"),
        (Self::Blocked, "blocked"),
        (Self::BlockedLegal, "blocked_legal"),
    ];

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(state, _)| *state)
    }

    /// Its name in the table and in responses.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// The status codes that redirect a GET to another URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 301: permanent; clients may turn a POST into a GET.
    MovedPermanently,
    /// 302: temporary; clients may turn a POST into a GET.
    Found,
    /// 307: temporary, same method.
    TemporaryRedirect,
    /// 308: permanent, same method.
    PermanentRedirect,
}

impl RedirectStatus {
    /// The status with that code, if it is one of the four.
    pub fn from_code(code: u16) -> Option<Self> {
        Some(match code {
            301 => Self::MovedPermanently,
            302 => Self::Found,
            307 => Self::TemporaryRedirect,
            308 => Self::PermanentRedirect,
            _ => return None,
        })
    }

    /// Its code.
    pub fn code(self) -> u16 {
        match self {
            Self::MovedPermanently => 301,
            Self::Found => 302,
            Self::TemporaryRedirect => 307,
            Self::PermanentRedirect => 308,
        }
    }
}

/// A target as it is stored. It leaves the service byte for byte as a `Location`.
///
/// The AWS sample stored any text. [`is_safe`](Self::is_safe) recognises what could break a header or run as a script in
/// a browser, and such a text is never sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTarget(String);

impl StoredTarget {
    /// Takes a text from the table, unchecked.
    pub fn from_table(text: String) -> Self {
        Self(text)
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are one URL. The slash of an empty path makes no difference.
    pub fn is_same_as(&self, other: &Self) -> bool {
        without_empty_path(&self.0) == without_empty_path(&other.0)
    }

    /// Whether the text can be a `Location`: an `http` or `https` URL with no space and no control character.
    pub fn is_safe(&self) -> bool {
        let scheme = |name: &str| self.0.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        (scheme("http://") || scheme("https://")) && !self.0.chars().any(|c| c.is_control() || c == ' ')
    }
}

impl From<&TargetUrl> for StoredTarget {
    fn from(target: &TargetUrl) -> Self {
        Self(target.as_str().to_owned())
    }
}

impl fmt::Display for StoredTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_names_both_ways() {
        for (state, name) in State::NAMES {
            assert_eq!((State::from_name(name), state.name()), (Some(state), name));
        }
        assert_eq!(State::from_name("Active"), None);
    }

    #[test]
    fn only_the_four_redirect_codes_are_taken() {
        for code in 0..=999 {
            assert_eq!(
                RedirectStatus::from_code(code).map(RedirectStatus::code),
                [301, 302, 307, 308].contains(&code).then_some(code)
            );
        }
    }

    #[test]
    fn stored_targets_that_could_harm_are_recognised() {
        let check = |text: &str, safe| {
            assert_eq!(StoredTarget::from_table(text.into()).is_safe(), safe, "{text:?}");
        };
        check("https://example.com/", true);
        check("HTTP://example.com/ü", true);
        check("javascript:alert(1)", false);
        check("https://example.com/\r\nset-cookie: a=b", false);
        check("https://example.com/\n", false);
        check("//example.com", false);
        check("", false);
    }
}
