//! Changing, deleting and restoring an existing link.

use links::{Change, Link, LinkWriter, Slug, State, Timestamp};

use crate::{
    failure::Failure,
    http::{
        etag::Precondition,
        problem::{AccessProblem, LinkProblem, Problem},
    },
    identity::Caller,
};

use super::read::read;

/// How often a change is attempted if others change the link at the same time.
const ATTEMPTS: u32 = 5;

/// Replaces a link with what `change` makes of it, unless `change` refuses.
///
/// No change is lost: a write succeeds only over the version that was read. Otherwise the link is read again.
pub(crate) async fn update(
    store: &impl LinkWriter,
    caller: &Caller,
    slug: &Slug,
    precondition: &Precondition,
    change: impl Fn(Link) -> Result<Link, Problem>,
    now: Timestamp,
) -> Result<Link, Failure> {
    let mut attempted: Option<Link> = None;
    for _ in 0..ATTEMPTS {
        let before = read(store, caller, slug, now).await?;
        // The last update was repeated because its outcome was unknown, and then refused because it had succeeded. The
        // stamp distinguishes it from the same change made by someone else.
        if attempted.as_ref() == Some(&before) {
            return Ok(before);
        }
        if !precondition.holds(before.version) {
            return Err(LinkProblem::VersionMismatch { version: before.version }.into());
        }
        if is_blocked(before.state) && !caller.is_admin() {
            return Err(AccessProblem::LinkBlocked { slug: slug.to_string() }.into());
        }
        let after = change(before.clone())?;
        if after == before {
            return Ok(before);
        }
        let after = Link { stamp: Some(rand::random()), ..after };
        if store.update(&before, &after).await? == Change::Stored {
            return Ok(after);
        }
        attempted = Some(after);
    }
    Err(LinkProblem::TooManyEditors { slug: slug.to_string() }.into())
}

fn is_blocked(state: State) -> bool {
    matches!(state, State::Blocked | State::BlockedLegal)
}

/// The link as a tombstone. A tombstone stays unchanged.
pub(crate) fn deleted(link: Link, now: Timestamp) -> Link {
    if link.state == State::Deleted { link } else { link.deleted(now) }
}

/// The link that a tombstone stands for. Any other link stays unchanged.
pub(crate) fn restored(link: Link, now: Timestamp) -> Link {
    if link.state == State::Deleted { link.restored(now) } else { link }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use links::{GRACE, Scope, ScopeSet, TargetRules, TargetUrl};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn caller(owner: &str, admin: bool) -> Caller {
        let scopes = if admin { ScopeSet::NONE.with(Scope::Admin) } else { ScopeSet::OWNER };
        Caller { owner: owner.into(), scopes, principal: owner.into() }
    }

    fn store(state: State) -> Memory {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let store = Memory::default();
        let link = Link::new("abc".parse().unwrap(), &target, "ann", NOW);
        store.insert(Link { state, ..link });
        store
    }

    fn code(failure: Failure) -> &'static str {
        match failure {
            Failure::Problem(problem) => problem.code(),
            Failure::Store(error) => panic!("{error}"),
        }
    }

    async fn set_note(
        store: &Memory,
        caller: &Caller,
        precondition: Precondition,
        now: Timestamp,
    ) -> Result<u64, &'static str> {
        let change = |link: Link| {
            let note = Some("n".to_owned());
            Ok(Link { note, ..link }.changed(now))
        };
        let slug = "abc".parse().unwrap();
        let changed = update(store, caller, &slug, &precondition, change, now).await;
        changed.map(|link| link.version).map_err(code)
    }

    #[tokio::test]
    async fn only_the_owner_and_an_administrator_reach_a_link() {
        let check = async |owner: &str, admin, expected: Result<u64, &'static str>| {
            let store = store(State::Active);
            let caller = caller(owner, admin);
            let slug: Slug = "abc".parse().unwrap();
            let seen = read(&store, &caller, &slug, NOW).await;
            let seen = seen.map(|link| link.version + 1).map_err(code);
            assert_eq!(seen, expected, "{owner}");
            let changed = set_note(&store, &caller, Precondition::None, NOW).await;
            assert_eq!(changed, expected, "{owner}");
        };
        check("ann", false, Ok(2)).await;
        check("root", true, Ok(2)).await;
        check("bob", false, Err("not-owner")).await;
    }

    #[tokio::test]
    async fn a_blocked_link_is_the_administrators() {
        for state in [State::Blocked, State::BlockedLegal] {
            let owner = caller("ann", false);
            let refused = set_note(&store(state), &owner, Precondition::None, NOW).await;
            assert_eq!(refused, Err("link-blocked"));
            let admin = caller("root", true);
            assert_eq!(set_note(&store(state), &admin, Precondition::None, NOW).await, Ok(2));
        }
    }

    #[tokio::test]
    async fn a_change_over_another_version_is_refused() {
        let owner = caller("ann", false);
        let check = async |header: &str, expected| {
            let store = store(State::Active);
            let result = set_note(&store, &owner, Precondition::if_match(header), NOW).await;
            assert_eq!(result, expected, "{header}");
        };
        check("\"1\"", Ok(2)).await;
        check("*", Ok(2)).await;
        check("\"2\"", Err("version-mismatch")).await;
    }

    #[tokio::test]
    async fn a_change_is_made_over_the_newest_version() {
        let owner = caller("ann", false);
        let store = store(State::Active);
        *store.races.lock().unwrap() = 2;
        assert_eq!(set_note(&store, &owner, Precondition::None, NOW).await, Ok(4));
        *store.races.lock().unwrap() = 1;
        let precondition = Precondition::if_match("\"4\"");
        assert_eq!(set_note(&store, &owner, precondition, NOW).await, Err("version-mismatch"));
        *store.races.lock().unwrap() = u32::MAX;
        let endless = set_note(&store, &owner, Precondition::None, NOW).await;
        assert_eq!(endless, Err("too-many-editors"));
    }

    #[tokio::test]
    async fn a_repeated_change_counts_once_and_someone_elses_does_not_count() {
        let owner = caller("ann", false);
        let store = store(State::Active);
        *store.lost_responses.lock().unwrap() = 1;
        assert_eq!(set_note(&store, &owner, Precondition::if_match("\"1\""), NOW).await, Ok(2));
        // Someone else makes the very same change first.
        let before = store.link("abc").unwrap();
        let after = Link { note: Some("n".to_owned()), ..before.clone() };
        let twin = Link { stamp: Some(1), ..after.changed(NOW) };
        let change = |link: Link| {
            store.insert(twin.clone());
            Ok(link.changed(NOW))
        };
        let slug = "abc".parse().unwrap();
        let precondition = Precondition::if_match("\"2\"");
        let changed = update(&store, &owner, &slug, &precondition, change, NOW).await;
        assert_eq!(changed.map_err(code), Err("version-mismatch"));
    }

    #[tokio::test]
    async fn a_tombstone_is_forgotten_after_its_time() {
        let owner = caller("ann", false);
        let store = store(State::Active);
        let slug: Slug = "abc".parse().unwrap();
        let delete = |link| Ok(deleted(link, NOW));
        let update = update(&store, &owner, &slug, &Precondition::None, delete, NOW).await;
        let tombstone = update.unwrap();
        assert_eq!((tombstone.state, tombstone.version), (State::Deleted, 2));
        assert_eq!(deleted(tombstone.clone(), NOW), tombstone);
        assert_eq!(restored(tombstone.clone(), NOW).state, State::Active);
        let late = NOW.plus(GRACE);
        assert!(read(&store, &owner, &slug, NOW).await.is_ok());
        let result = read(&store, &owner, &slug, late).await;
        assert_eq!(result.map_err(code), Err("unknown-link"));
    }
}
