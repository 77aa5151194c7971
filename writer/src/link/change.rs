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

/// A link before and after a change; both are the same if nothing was to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) before: Link,
    pub(crate) after: Link,
}

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
) -> Result<Changed, Failure> {
    let mut attempted: Option<Changed> = None;
    for _ in 0..ATTEMPTS {
        let before = read(store, caller, slug, now).await?;
        // The last update was repeated because its outcome was unknown, and then refused because it had succeeded. The
        // stamp distinguishes it from the same change made by someone else.
        if let Some(changed) = attempted.take_if(|changed| changed.after == before) {
            return Ok(changed);
        }
        if !precondition.holds(before.version) {
            return Err(LinkProblem::VersionMismatch { version: before.version }.into());
        }
        if before.is_operators() && !caller.is_admin() {
            return Err(AccessProblem::LinkBlocked { slug: slug.to_string() }.into());
        }
        let after = change(before.clone())?;
        if after == before {
            return Ok(Changed { before, after });
        }
        let after = Link { stamp: Some(rand::random()), updated_by: Some(caller.principal.clone()), ..after };
        let changed = Changed { before, after };
        if store.update(&changed.before, &changed.after).await? == Change::Stored {
            return Ok(changed);
        }
        attempted = Some(changed);
    }
    Err(LinkProblem::TooManyEditors { slug: slug.to_string() }.into())
}

/// The link as a tombstone. A tombstone stays unchanged, but what an administrator deletes again is held as well.
pub(crate) fn deleted(link: Link, caller: &Caller, now: Timestamp) -> Link {
    let held = link.held || link.state.is_blocked() || caller.is_operator_of(&link);
    match link.state {
        State::Deleted if link.held == held => link,
        State::Deleted => Link { held, ..link.changed(now) },
        _ => Link { held, ..link.deleted(now) },
    }
}

/// The link that a tombstone stands for. Any other link stays unchanged.
pub(crate) fn restored(link: Link, now: Timestamp) -> Link {
    if link.state == State::Deleted { Link { held: false, ..link.restored(now) } } else { link }
}

/// Whether a link is held after the administrator `caller` has made `after` of `before`. `state` is the state that the
/// request sets, if it sets one.
///
/// It is if that closed the link of somebody else: its owner must not open it again. It is not if that opened the link.
pub(crate) fn is_held(before: &Link, after: &Link, state: Option<State>, caller: &Caller, now: Timestamp) -> bool {
    if !caller.is_admin() || after.state.is_blocked() {
        return before.held;
    }
    if state == Some(State::Active) || !after.is_closed(now) {
        return false;
    }
    before.held || caller.is_operator_of(before) && (state.is_some() || is_noticed(before, after))
}

/// Whether visitors notice the difference.
fn is_noticed(before: &Link, after: &Link) -> bool {
    let seen = |link: &Link| (link.state, link.valid_from, link.expires_at);
    seen(before) != seen(after) || before.target != after.target || before.expired_url != after.expired_url
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
            other => panic!("{other:?}"),
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
        changed.map(|changed| changed.after.version).map_err(code)
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
        for (state, held) in [(State::Blocked, false), (State::BlockedLegal, false), (State::Deleted, true)] {
            let store = store(state);
            store.links.lock().unwrap().get_mut("abc").unwrap().held = held;
            let owner = caller("ann", false);
            let refused = set_note(&store, &owner, Precondition::None, NOW).await;
            assert_eq!(refused, Err("link-blocked"));
            let admin = caller("root", true);
            assert_eq!(set_note(&store, &admin, Precondition::None, NOW).await, Ok(2));
            assert_eq!(store.link("abc").unwrap().updated_by.as_deref(), Some("root"));
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
        assert_eq!(changed.map(|changed| changed.after).map_err(code), Err("version-mismatch"));
    }

    #[test]
    fn what_an_administrator_closes_is_held_until_one_opens_it() {
        let link = store(State::Active).link("abc").unwrap();
        let (ann, root) = (caller("ann", false), caller("root", true));
        let by_root = deleted(link.clone(), &root, NOW);
        assert!(by_root.held && !deleted(link.clone(), &ann, NOW).held);
        assert!(!restored(by_root, NOW).held);
        // The owner was faster: the administrator's deletion counts all the same, once.
        let again = deleted(deleted(link.clone(), &ann, NOW), &root, NOW);
        assert!(again.held && again.version == 3 && again.restores_to == Some(State::Active));
        assert_eq!(deleted(again.clone(), &root, NOW), again);
        assert!(deleted(Link { state: State::Blocked, ..link.clone() }, &caller("ann", true), NOW).held);

        let check = |change: fn(&mut Link), state, by: &Caller, expected| {
            let mut after = link.clone();
            change(&mut after);
            assert_eq!(is_held(&link, &after, state, by, NOW), expected, "{after:?} {by:?}");
            let held = Link { held: true, ..link.clone() };
            if by.is_admin() && after.is_closed(NOW) && state != Some(State::Active) {
                assert!(is_held(&held, &after, state, by, NOW), "{after:?}");
            }
        };
        check(|link| link.state = State::Disabled, Some(State::Disabled), &root, true);
        check(|link| link.state = State::Disabled, Some(State::Disabled), &ann, false);
        check(|link| link.state = State::Disabled, Some(State::Disabled), &caller("ann", true), false);
        check(|link| link.expires_at = Some(NOW), None, &root, true);
        check(|link| link.expires_at = Some(NOW), Some(State::Active), &root, false);
        check(|link| link.note = None, None, &root, false);
        check(|link| link.state = State::Blocked, Some(State::Blocked), &root, false);
    }

    #[tokio::test]
    async fn a_tombstone_is_forgotten_after_its_time() {
        let owner = caller("ann", false);
        let store = store(State::Active);
        let slug: Slug = "abc".parse().unwrap();
        let delete = |link| Ok(deleted(link, &owner, NOW));
        let update = update(&store, &owner, &slug, &Precondition::None, delete, NOW).await;
        let tombstone = update.unwrap().after;
        assert_eq!((tombstone.state, tombstone.version), (State::Deleted, 2));
        assert_eq!(deleted(tombstone.clone(), &owner, NOW), tombstone);
        assert_eq!(restored(tombstone.clone(), NOW).state, State::Active);
        let late = NOW.plus(GRACE);
        assert!(read(&store, &owner, &slug, NOW).await.is_ok());
        let result = read(&store, &owner, &slug, late).await;
        assert_eq!(result.map_err(code), Err("unknown-link"));
        assert!(read(&store, &caller("root", true), &slug, late).await.is_ok());
    }
}
