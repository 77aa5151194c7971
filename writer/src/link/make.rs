//! Making a link.

use links::{Freshness, Link, LinkWriter, Put, Slug, SlugScheme, State, StoreError, Timestamp};

use crate::{
    failure::Failure,
    http::problem::{AccessProblem, Problem, RequestProblem, SlugProblem},
};

use super::{
    renew::{Renewed, renew},
    slug_choice::SlugChoice,
};

/// A link that a request made or found.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) link: Link,
    /// Whether it existed before.
    pub(crate) existing: bool,
}

/// Stores the link that `draft` builds for a slug, or finds the existing link that the request asks for.
///
/// If a slug belongs to another link, the next candidate is tried. A link of the same owner that ended long ago makes room.
pub(crate) async fn make(
    store: &impl LinkWriter,
    scheme: &SlugScheme,
    owner: &str,
    choice: &SlugChoice<'_>,
    draft: impl Fn(Slug) -> Result<Link, Problem>,
    now: Timestamp,
) -> Result<Made, Failure> {
    for slug in choice.candidates(scheme, owner) {
        let link = draft(slug)?;
        if store.create(&link).await? == Put::Stored {
            return Ok(Made { link, existing: false });
        }
        let Some(found) = taken_by(store, &link.slug).await? else {
            continue;
        };
        // A put was repeated because its outcome was unknown, and found the link that it had stored, with its stamp.
        if found == link {
            return Ok(Made { link, existing: false });
        }
        let found = match renew(store, found, &link, now).await? {
            Renewed::Stored(link) => return Ok(Made { link, existing: false }),
            Renewed::InTheWay(found) => found,
        };
        if choice.is_derived() && is_closed_to(&found, &link) {
            return Err(AccessProblem::LinkBlocked { slug: found.slug.to_string() }.into());
        }
        if is_same_request(&found, &link)? || choice.reuses() && is_same(&found, &link, now) {
            return Ok(Made { link: found, existing: true });
        }
    }
    Err(match choice {
        SlugChoice::Alias { slug, .. } => SlugProblem::Taken { slug: slug.to_string() },
        _ => SlugProblem::NoneLeft,
    }
    .into())
}

/// The link that a put ran into. Only a strong read is sure to see it.
async fn taken_by(store: &impl LinkWriter, slug: &Slug) -> Result<Option<Link>, StoreError> {
    match store.read(slug, Freshness::Strong).await {
        // Whatever this item is, the slug is not free.
        Err(StoreError::Malformed { .. }) => Ok(None),
        found => Ok(found?.link),
    }
}

/// Whether the request for `wanted` is the one that made `found`.
fn is_same_request(found: &Link, wanted: &Link) -> Result<bool, Problem> {
    match (&found.idempotency, &wanted.idempotency) {
        (Some(first), Some(again)) if first.key_digest == again.key_digest => {
            // Compares the requests, not the links: the link may have been changed since.
            if first.request_digest == again.request_digest {
                Ok(true)
            } else {
                Err(RequestProblem::IdempotencyMismatch.into())
            }
        }
        _ => Ok(false),
    }
}

/// Whether an administrator has closed the owner's link to that target, so that the next slug would undo it.
fn is_closed_to(found: &Link, wanted: &Link) -> bool {
    found.is_operators() && found.owner == wanted.owner && found.target.is_same_as(&wanted.target)
}

/// Whether `found` serves a request for `wanted`: the same owner, the same target, and active now.
fn is_same(found: &Link, wanted: &Link, now: Timestamp) -> bool {
    found.owner == wanted.owner
        && found.target.is_same_as(&wanted.target)
        && found.state == State::Active
        && !found.is_expired(now)
        && !found.is_early(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;
    use links::{Idempotency, SlugBasis, StoredTarget, TargetRules, TargetUrl};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn target(url: &str) -> TargetUrl {
        TargetUrl::parse(url, &TargetRules::default()).unwrap()
    }

    async fn shorten(store: &Memory, url: &str, owner: &str) -> (String, bool) {
        let url = target(url);
        let made = made(store, owner, &url, &SlugChoice::Url(&url), None).await.unwrap();
        (made.link.slug.to_string(), made.existing)
    }

    async fn made(
        store: &Memory,
        owner: &str,
        url: &TargetUrl,
        choice: &SlugChoice<'_>,
        request: Option<(&str, &str)>,
    ) -> Result<Made, &'static str> {
        let stamp = u32::try_from(store.puts.lock().unwrap().len()).ok();
        let draft = |slug| {
            Ok(Link {
                stamp,
                idempotency: request
                    .map(|(key, request)| Idempotency { key_digest: key.into(), request_digest: request.into() }),
                ..Link::new(slug, url, owner, NOW)
            })
        };
        let made = make(store, &SlugScheme::AwsSample, owner, choice, draft, NOW).await;
        made.map_err(|failure| match failure {
            Failure::Problem(problem) => problem.code(),
            Failure::Store(error) => panic!("{error}"),
        })
    }

    #[tokio::test]
    async fn the_same_url_gets_the_same_link_and_nothing_is_rewritten() {
        let store = Memory::default();
        assert_eq!(shorten(&store, "https://www.amazon.com", "ann").await, ("grqpaeet".into(), false));
        let first = store.links.lock().unwrap().clone();
        assert_eq!(shorten(&store, "https://www.amazon.com", "ann").await, ("grqpaeet".into(), true));
        assert_eq!(*store.links.lock().unwrap(), first);
    }

    #[tokio::test]
    async fn colliding_urls_get_the_next_slug() {
        let store = Memory::default();
        assert_eq!(shorten(&store, "https://example.com/425790", "ann").await, ("47d90svq".into(), false));
        assert_eq!(shorten(&store, "https://example.com/1023374", "ann").await, ("q1e1ft90".into(), false));
        assert_eq!(shorten(&store, "https://example.com/1023374", "ann").await, ("q1e1ft90".into(), true));
        assert_eq!(shorten(&store, "https://example.com/425790", "ann").await, ("47d90svq".into(), true));
    }

    #[tokio::test]
    async fn a_link_that_leads_elsewhere_or_is_over_is_left_alone() {
        for change in [
            (|link| link.owner = "bob".into()) as fn(&mut Link),
            |link| link.target = StoredTarget::from_table("https://example.com/elsewhere".into()),
            |link| link.state = State::Deleted,
            |link| link.expires_at = Some(NOW),
        ] {
            let store = Memory::default();
            let (first, _) = shorten(&store, "https://www.amazon.com", "ann").await;
            change(store.links.lock().unwrap().get_mut(&first).unwrap());
            let before = store.links.lock().unwrap().get(&first).cloned();
            let (second, existing) = shorten(&store, "https://www.amazon.com", "ann").await;
            assert!(second != first && !existing);
            assert_eq!(store.links.lock().unwrap().get(&first).cloned(), before);
        }
    }

    #[tokio::test]
    async fn what_the_operator_closed_gets_no_other_slug() {
        for change in [(|link| link.state = State::Blocked) as fn(&mut Link), |link| link.held = true] {
            let store = Memory::default();
            let (first, _) = shorten(&store, "https://www.amazon.com", "ann").await;
            change(store.links.lock().unwrap().get_mut(&first).unwrap());
            let url = target("https://www.amazon.com");
            let again = made(&store, "ann", &url, &SlugChoice::Url(&url), None).await;
            assert_eq!(again.unwrap_err(), "link-blocked");
            assert_eq!(store.links.lock().unwrap().len(), 1);
            assert_ne!(shorten(&store, "https://www.amazon.com", "bob").await, (first, true));
        }
    }

    #[tokio::test]
    async fn attempts_end() {
        let store = Memory::default();
        let url = target("https://www.amazon.com");
        for slug in SlugScheme::AwsSample.candidates("ann", SlugBasis::Url(&url)) {
            store.insert(Link::new(slug, &target("https://example.com/"), "bob", NOW));
        }
        let result = made(&store, "ann", &url, &SlugChoice::Url(&url), None).await;
        assert_eq!(result.unwrap_err(), "no-slug-left");
        assert_eq!(store.puts.lock().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn an_alias_is_free_ours_or_taken() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let check = async |owner: &str, url: &TargetUrl, reuse, expected: Result<bool, &str>| {
            let slug = "launch".parse().unwrap();
            let made = made(&store, owner, url, &SlugChoice::Alias { slug, reuse }, None).await;
            assert_eq!(made.map(|made| made.existing), expected, "{owner} {url}");
        };
        check("ann", &url, true, Ok(false)).await;
        check("ann", &url, true, Ok(true)).await;
        check("bob", &url, true, Err("slug-taken")).await;
        check("ann", &target("https://example.com/b"), true, Err("slug-taken")).await;
        check("ann", &url, false, Err("slug-taken")).await;
    }

    #[tokio::test]
    async fn a_fresh_link_is_another_one() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let fresh = async |random| {
            let choice = SlugChoice::Fresh(&url, random);
            made(&store, "ann", &url, &choice, None).await.unwrap()
        };
        assert_ne!(fresh([1; 16]).await.link.slug, fresh([2; 16]).await.link.slug);
    }

    #[tokio::test]
    async fn a_put_that_was_repeated_finds_its_own_link() {
        let url = target("https://example.com/");
        for choice in [
            SlugChoice::Url(&url),
            SlugChoice::Fresh(&url, [1; 16]),
            SlugChoice::Alias { slug: "launch".parse().unwrap(), reuse: false },
        ] {
            let store = Memory::default();
            *store.lost_responses.lock().unwrap() = 1;
            let first = made(&store, "ann", &url, &choice, None).await.unwrap();
            assert!(!first.existing, "{choice:?}");
            assert_eq!(store.links.lock().unwrap().len(), 1, "{choice:?}");
        }
    }

    #[tokio::test]
    async fn a_request_with_a_key_gets_its_link_again_even_if_it_was_changed() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let request = async |body| {
            let choice = SlugChoice::Request("key");
            let made = made(&store, "ann", &url, &choice, Some(("key of ann", body))).await;
            made.map(|made| (made.link.slug.to_string(), made.existing))
        };
        let (slug, existing) = request("a").await.unwrap();
        assert!(!existing);
        assert_eq!(request("a").await, Ok((slug.clone(), true)));
        assert_eq!(request("b").await, Err("idempotency-mismatch"));
        store.links.lock().unwrap().get_mut(&slug).unwrap().state = State::Disabled;
        assert_eq!(request("a").await, Ok((slug.clone(), true)));
        // Someone else's link has the slug: the next one.
        store.links.lock().unwrap().get_mut(&slug).unwrap().idempotency = None;
        let (other, existing) = request("a").await.unwrap();
        assert!(other != slug && !existing);
    }
}
