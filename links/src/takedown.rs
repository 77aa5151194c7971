//! Takedowns: what an operator does to links, and which links are meant.

use crate::{ANONYMOUS, BlockReason, Filter, HostSuffix, Link, Timestamp, Whose};

/// What an operator does to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takedown {
    /// Blocks it for this reason.
    Block(BlockReason),
    /// Lifts its block: one for this reason, or any.
    Unblock(Option<BlockReason>),
}

impl Takedown {
    /// The link after it. A link that there is nothing to do to stays unchanged.
    #[must_use]
    pub fn apply(self, link: Link, now: Timestamp) -> Link {
        match self {
            Self::Block(reason) => link.blocked(reason, now),
            Self::Unblock(reason) if reason.is_none_or(|reason| link.state == reason.state()) => link.unblocked(now),
            Self::Unblock(_) => link,
        }
    }
}

/// Many links that an operator means at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakedownSubject {
    /// All links of an owner.
    Owner(String),
    /// All links to a host or to a name below it.
    Host(HostSuffix),
}

impl TakedownSubject {
    /// The list in which these links are found, among others.
    pub fn whose(&self) -> Whose<'_> {
        match self {
            // Links of the AWS sample belong to `anonymous` and are in no owner's list.
            Self::Owner(owner) if owner != ANONYMOUS => Whose::Owner(owner),
            _ => Whose::Everyone,
        }
    }

    /// Whether a link is meant.
    pub fn means(&self, link: &Link, now: Timestamp) -> bool {
        match self {
            Self::Owner(owner) => link.owner == *owner,
            Self::Host(host) => Filter { host: Some(host.clone()), ..Filter::default() }.shows(link, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{State, TargetRules, TargetUrl};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn link(owner: &str, url: &str) -> Link {
        let target = TargetUrl::parse(url, &TargetRules::default()).unwrap();
        Link::new("abc".parse().unwrap(), &target, owner, NOW)
    }

    #[test]
    fn a_link_is_blocked_and_opened() {
        use BlockReason::{Abuse, Legal};
        let check = |state: State, takedown: Takedown, expected: State| {
            let before = Link { state, ..link("ann", "https://example.com/") };
            let after = takedown.apply(before.clone(), NOW);
            assert_eq!(after.state, expected, "{state:?} {takedown:?}");
            assert_eq!(after == before, state == expected, "{state:?} {takedown:?}");
        };
        for state in [State::Active, State::Disabled, State::Deleted, State::BlockedLegal] {
            check(state, Takedown::Block(Abuse), State::Blocked);
        }
        check(State::Blocked, Takedown::Block(Abuse), State::Blocked);
        check(State::Blocked, Takedown::Unblock(None), State::Active);
        check(State::Blocked, Takedown::Unblock(Some(Abuse)), State::Active);
        check(State::Blocked, Takedown::Unblock(Some(Legal)), State::Blocked);
        check(State::BlockedLegal, Takedown::Unblock(Some(Legal)), State::Active);
        check(State::Disabled, Takedown::Unblock(None), State::Disabled);
    }

    #[test]
    fn links_are_meant_by_owner_or_by_host() {
        let check = |subject: &TakedownSubject, link: &Link, expected: bool| {
            assert_eq!(subject.means(link, NOW), expected, "{subject:?} {link:?}");
        };
        let (ann, bob) = (link("ann", "https://www.evil.example/"), link("bob", "https://notevil.example/"));
        let owner = |name: &str| TakedownSubject::Owner(name.to_owned());
        let host = TakedownSubject::Host("evil.example".parse().unwrap());
        check(&owner("ann"), &ann, true);
        check(&owner("ann"), &bob, false);
        check(&host, &ann, true);
        check(&host, &bob, false);
        assert_eq!(owner("ann").whose(), Whose::Owner("ann"));
        assert_eq!(owner(ANONYMOUS).whose(), Whose::Everyone);
        assert_eq!(host.whose(), Whose::Everyone);
    }
}
