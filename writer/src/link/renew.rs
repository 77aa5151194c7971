//! A new link under a slug whose last link ended long ago.

use links::{Change, Freshness, Link, LinkWriter, StoreError, Timestamp};

/// What became of the link that a new one ran into.
#[derive(Debug)]
pub(crate) enum Renewed {
    /// The new link has taken its place.
    Stored(Link),
    /// It is still in the way: as it was, or as somebody else has just changed it.
    InTheWay(Link),
}

/// Puts `wanted` in the place of `found` if both belong to the same owner and `found` ended long ago. Its versions go on, so
/// that an `If-Match` for the old link does not match the new one.
pub(crate) async fn renew(
    store: &impl LinkWriter,
    found: Link,
    wanted: &Link,
    now: Timestamp,
) -> Result<Renewed, StoreError> {
    if found.owner != wanted.owner || !found.is_replaceable(now) {
        return Ok(Renewed::InTheWay(found));
    }
    let renewed = Link { version: found.version + 1, ..wanted.clone() };
    if store.update(&found, &renewed).await? == Change::Stored {
        return Ok(Renewed::Stored(renewed));
    }
    // Somebody was faster; or the update was repeated because its outcome was unknown, and finds what it had stored.
    Ok(match store.read(&found.slug, Freshness::Strong).await?.link {
        Some(now_there) if now_there == renewed => Renewed::Stored(renewed),
        now_there => Renewed::InTheWay(now_there.unwrap_or(found)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use links::{ANONYMOUS, GRACE, State, TargetRules, TargetUrl};

    const ENDED: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn link(owner: &str, url: &str) -> Link {
        let target = TargetUrl::parse(url, &TargetRules::default()).unwrap();
        Link::new("launch".parse().unwrap(), &target, owner, ENDED)
    }

    fn tombstone(owner: &str) -> Link {
        let link = link(owner, "https://example.com/old");
        Link { note: Some("old".into()), ..link.deleted(ENDED) }
    }

    async fn renewed(store: &Memory, found: Link, owner: &str, now: Timestamp) -> Option<u64> {
        store.insert(found.clone());
        let wanted = Link { stamp: Some(7), ..link(owner, "https://example.com/new") };
        match renew(store, found, &wanted, now).await.unwrap() {
            Renewed::Stored(link) => {
                assert_eq!(store.link("launch"), Some(link.clone()));
                assert_eq!((link.state, link.note), (State::Active, None));
                Some(link.version)
            }
            Renewed::InTheWay(link) => {
                assert_eq!(store.link("launch"), Some(link));
                None
            }
        }
    }

    #[tokio::test]
    async fn only_the_owner_gets_the_slug_again() {
        let late = ENDED.plus(GRACE);
        let check = async |found: Link, owner: &str, now, expected| {
            let label = format!("{found:?} {owner}");
            assert_eq!(renewed(&Memory::default(), found, owner, now).await, expected, "{label}");
        };
        check(tombstone("ann"), "ann", late, Some(3)).await;
        check(tombstone("ann"), "bob", late, None).await;
        check(tombstone("ann"), "ann", ENDED, None).await;
        check(tombstone(ANONYMOUS), ANONYMOUS, late, None).await;
        check(Link { held: true, ..tombstone("ann") }, "ann", late, None).await;
        check(Link { state: State::Blocked, ..tombstone("ann") }, "ann", late, None).await;
    }

    #[tokio::test]
    async fn a_repeated_renewal_counts_once_and_a_lost_race_changes_nothing() {
        let late = ENDED.plus(GRACE);
        let store = Memory::default();
        *store.lost_responses.lock().unwrap() = 1;
        assert_eq!(renewed(&store, tombstone("ann"), "ann", late).await, Some(3));
        *store.races.lock().unwrap() = 1;
        assert_eq!(renewed(&store, tombstone("ann"), "ann", late).await, None);
    }
}
