//! The record behind a slug.

use std::{fmt, time::Duration};

use crate::{
    BlockReason, Slug, State, TargetUrl, Timestamp,
    target::{location_safe, without_empty_path},
};

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
    /// The state of a blocked link before the block, which lifting the block brings back.
    pub unblocks_to: Option<State>,
    /// Whether an administrator closed this link of another owner without blocking it, by deleting or disabling it or by
    /// ending its time. Then only administrators change it, and it leads nowhere, not even to its `expired_url`.
    pub held: bool,
    /// Who wrote this version: the public id of a key, an ARN, or whatever else names the caller in the log.
    pub updated_by: Option<String>,
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

/// How long a deleted link can be restored, and how long its owner must wait before the slug of an ended link can have
/// another link. For everybody else the slug stays taken.
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
            unblocks_to: None,
            held: false,
            updated_by: None,
            idempotency: None,
            stamp: None,
        }
    }

    /// The link after another change at `now`.
    #[must_use]
    pub fn changed(mut self, now: Timestamp) -> Self {
        self.updated_at = Some(now);
        self.version = self.version.saturating_add(1);
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

    /// The link in a state that its owner or an administrator sets.
    #[must_use]
    pub fn in_state(mut self, state: State) -> Self {
        match (self.state.is_blocked(), state.is_blocked()) {
            (false, true) => self.unblocks_to = Some(self.state),
            (true, false) => (self.unblocks_to, self.restores_to) = (None, None),
            _ => {}
        }
        self.state = state;
        self
    }

    /// The link, blocked, whatever state it is in. Blocking a blocked link again only changes the reason.
    #[must_use]
    pub fn blocked(self, reason: BlockReason, now: Timestamp) -> Self {
        if self.state == reason.state() { self } else { self.in_state(reason.state()).changed(now) }
    }

    /// The link without its block: as it was before. A link that is not blocked stays unchanged.
    #[must_use]
    pub fn unblocked(mut self, now: Timestamp) -> Self {
        if !self.state.is_blocked() {
            return self;
        }
        self.state = self.unblocks_to.take().unwrap_or(State::Active);
        self.changed(now)
    }

    /// Whether only administrators may change it.
    pub fn is_operators(&self) -> bool {
        self.state.is_blocked() || self.held
    }

    /// Whether visitors cannot follow it at `now`.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.state != State::Active || self.is_expired(now) || self.is_early(now)
    }

    /// Whether it was deleted so long ago that it counts as never created for its owner.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.state == State::Deleted && self.has_been_over(now)
    }

    /// Whether it ended so long ago that its owner may use the slug for another link. `anonymous` is everybody, so links
    /// of that owner keep their slugs for ever; so do those that an administrator closed.
    pub fn is_replaceable(&self, now: Timestamp) -> bool {
        self.owner != ANONYMOUS && !self.is_operators() && self.has_been_over(now)
    }

    /// Whether it ended longer ago than the grace period. A deleted link changes only when administrators change it.
    fn has_been_over(&self, now: Timestamp) -> bool {
        let over = match self.state {
            State::Deleted => self.updated_at,
            _ => self.expires_at,
        };
        over.is_some_and(|end| end.plus(GRACE) <= now)
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

    /// Whether both are one URL. Neither the slash of an empty path makes a difference, nor whether characters that no
    /// URI may have are percent-encoded: earlier versions stored them as they were.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let form = |target: &Self| location_safe(without_empty_path(&target.0)).into_owned();
        form(self) == form(other)
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

    fn link(state: State) -> Link {
        let target = TargetUrl::parse("https://example.com/", &crate::TargetRules::default()).unwrap();
        let link = Link::new("abc".parse().unwrap(), &target, "ann", Timestamp::from_unix_seconds(1));
        Link { state, ..link }
    }

    #[test]
    fn a_block_covers_every_state_and_lifting_it_brings_that_state_back() {
        let now = Timestamp::from_unix_seconds(2);
        for state in [State::Active, State::Disabled, State::Deleted] {
            let before = Link { restores_to: Some(State::Disabled).filter(|_| state == State::Deleted), ..link(state) };
            let blocked = before.clone().blocked(BlockReason::Abuse, now);
            assert_eq!((blocked.state, blocked.version), (State::Blocked, 2));
            assert_eq!(blocked.clone().blocked(BlockReason::Abuse, now), blocked);
            let legal = blocked.blocked(BlockReason::Legal, now);
            let back = legal.unblocked(now);
            assert_eq!((back.state, back.unblocks_to, back.restores_to), (state, None, before.restores_to));
        }
        // From a release that did not note the state.
        assert_eq!(link(State::BlockedLegal).unblocked(now).state, State::Active);
        assert_eq!(link(State::Disabled).unblocked(now), link(State::Disabled));
    }

    #[test]
    fn only_its_owner_gets_the_slug_of_a_link_that_ended_long_ago() {
        let late = Timestamp::from_unix_seconds(1).plus(GRACE);
        let check = |link: &Link, expected| assert_eq!(link.is_replaceable(late), expected, "{link:?}");
        let deleted = link(State::Deleted);
        let expired = Link { expires_at: deleted.updated_at, ..link(State::Active) };
        check(&deleted, true);
        check(&expired, true);
        assert!(!deleted.is_replaceable(Timestamp::from_unix_seconds(late.unix_seconds() - 1)));
        check(&link(State::Active), false);
        check(&Link { held: true, ..deleted.clone() }, false);
        check(&Link { owner: ANONYMOUS.to_owned(), ..deleted }, false);
        check(&Link { state: State::Blocked, ..expired }, false);
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
    fn old_and_new_forms_of_a_target_are_the_same() {
        let check = |one: &str, other: &str, expected: bool| {
            let [one, other] = [one, other].map(|text| StoredTarget::from_table(text.to_owned()));
            assert_eq!(one.is_same_as(&other), expected, "{one} {other}");
        };
        check("https://example.com/a|b", "https://example.com/a%7Cb", true);
        check("https://example.com", "https://example.com/", true);
        check("https://example.com/a%7cb", "https://example.com/a%7Cb", false);
        check("https://example.com/a", "https://example.com/b", false);
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
