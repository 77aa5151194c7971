//! Making a link.

use links::{Freshness, Link, LinkWriter, Put, Slug, SlugBasis, SlugScheme, State, StoreError, Timestamp};

use crate::{
    failure::Failure,
    http::problem::{AccessProblem, Conflict, Problem, RequestProblem, SlugProblem},
};

use super::{
    changes::Changes,
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

/// What a request asks for, apart from the link itself.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    /// Whose link it will be.
    pub(crate) owner: &'a str,
    /// Its slug.
    pub(crate) choice: SlugChoice<'a>,
    /// The options that the request gives.
    pub(crate) options: &'a Changes,
    pub(crate) now: Timestamp,
}

/// Stores the link that `draft` builds for a slug, or finds the existing link that the request asks for.
///
/// If a slug belongs to another link, the next candidate is tried. A link of the same owner that ended long ago makes room.
pub(crate) async fn make(
    store: &impl LinkWriter,
    scheme: &SlugScheme,
    wish: &Wish<'_>,
    draft: impl Fn(Slug) -> Result<Link, Problem>,
) -> Result<Made, Failure> {
    let Wish { owner, choice, .. } = wish;
    if let Some(link) = former(store, scheme, wish, &draft).await? {
        return Ok(Made { link, existing: true });
    }
    let mut conflict = None;
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
        let found = match renew(store, found, &link, wish.now).await? {
            Renewed::Stored(link) => return Ok(Made { link, existing: false }),
            Renewed::InTheWay(found) => found,
        };
        check_open(choice, &found, &link)?;
        if is_same_request(&found, &link)? {
            return Ok(Made { link: found, existing: true });
        }
        match wish.conflict(&found, &link) {
            Ok(()) => return Ok(Made { link: found, existing: true }),
            Err(reason) => conflict = reason,
        }
    }
    Err(match (choice, conflict) {
        (SlugChoice::Alias { slug, .. }, Some(conflict)) => SlugProblem::Own { slug: slug.to_string(), conflict },
        (SlugChoice::Alias { slug, .. }, None) => SlugProblem::Taken { slug: slug.to_string() },
        _ => SlugProblem::NoneLeft,
    }
    .into())
}

/// The link to the same URL that an earlier version made, which derived the slug from another form of some URLs.
async fn former(
    store: &impl LinkWriter,
    scheme: &SlugScheme,
    wish: &Wish<'_>,
    draft: impl Fn(Slug) -> Result<Link, Problem>,
) -> Result<Option<Link>, Failure> {
    let SlugChoice::Url(target) = wish.choice else {
        return Ok(None);
    };
    for slug in target.former().into_iter().flat_map(|url| scheme.candidates(wish.owner, SlugBasis::Url(url))) {
        let wanted = draft(slug)?;
        match taken_by(store, &wanted.slug).await? {
            None => break,
            Some(found) if wish.conflict(&found, &wanted).is_ok() => return Ok(Some(found)),
            Some(found) => check_open(&wish.choice, &found, &wanted)?,
        }
    }
    Ok(None)
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

/// Refuses a URL to which an administrator has closed the owner's link: the next slug would undo it.
fn check_open(choice: &SlugChoice<'_>, found: &Link, wanted: &Link) -> Result<(), AccessProblem> {
    let is_closed = found.is_operators() && found.owner == wanted.owner && found.target.is_same_as(&wanted.target);
    if choice.is_derived() && is_closed {
        return Err(AccessProblem::LinkBlocked { slug: found.slug.to_string() });
    }
    Ok(())
}

impl Wish<'_> {
    /// Why `found` does not serve this request, which would make `wanted`. The owner of `found` learns the reason, and
    /// anyone else none.
    fn conflict(&self, found: &Link, wanted: &Link) -> Result<(), Option<Conflict>> {
        if found.owner != wanted.owner {
            return Err(None);
        }
        let missing = || self.options.missing_in(found, wanted);
        Err(Some(match found.state {
            State::Blocked | State::BlockedLegal => Conflict::Blocked,
            _ if found.is_operators() => Conflict::Blocked,
            // Nobody can restore it any more.
            State::Deleted if found.is_forgotten(self.now) => return Err(None),
            State::Deleted => Conflict::Deleted,
            _ if found.is_expired(self.now) => Conflict::Expired { at: found.expires_at },
            _ if !found.target.is_same_as(&wanted.target) => Conflict::OtherTarget,
            State::Disabled => Conflict::Disabled,
            State::Active if found.is_early(self.now) => Conflict::Early { at: found.valid_from },
            State::Active if !self.choice.reuses() => Conflict::NoReuse,
            State::Active => match missing() {
                fields if fields.is_empty() => return Ok(()),
                fields => Conflict::OtherOptions { fields },
            },
        }))
    }
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
        let made = made(store, owner, &url, SlugChoice::Url(&url), None).await.unwrap();
        (made.link.slug.to_string(), made.existing)
    }

    async fn made(
        store: &Memory,
        owner: &str,
        url: &TargetUrl,
        choice: SlugChoice<'_>,
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
        let options = Changes::default();
        let wish = Wish { owner, choice, options: &options, now: NOW };
        let made = make(store, &SlugScheme::AwsSample, &wish, draft).await;
        made.map_err(|failure| match failure {
            Failure::Problem(problem) => problem.code(),
            other => panic!("{other:?}"),
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
            let again = made(&store, "ann", &url, SlugChoice::Url(&url), None).await;
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
        let result = made(&store, "ann", &url, SlugChoice::Url(&url), None).await;
        assert_eq!(result.unwrap_err(), "no-slug-left");
        assert_eq!(store.puts.lock().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn an_alias_is_free_ours_or_taken() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let check = async |owner: &str, url: &TargetUrl, reuse, expected: Result<bool, &str>| {
            let slug = "launch".parse().unwrap();
            let made = made(&store, owner, url, SlugChoice::Alias { slug, reuse }, None).await;
            assert_eq!(made.map(|made| made.existing), expected, "{owner} {url}");
        };
        check("ann", &url, true, Ok(false)).await;
        check("ann", &url, true, Ok(true)).await;
        check("bob", &url, true, Err("slug-taken")).await;
        check("ann", &target("https://example.com/b"), true, Err("slug-taken")).await;
        check("ann", &url, false, Err("slug-taken")).await;
    }

    #[tokio::test]
    async fn the_owner_of_an_alias_learns_why_it_is_not_free() {
        let check = async |change: fn(&mut Link), expected: Conflict| {
            let url = target("https://example.com/");
            let store = Memory::default();
            let mut link = Link::new("launch".parse().unwrap(), &url, "ann", NOW);
            change(&mut link);
            store.insert(link);
            for (owner, expected) in [("ann", Some(expected)), ("bob", None)] {
                let choice = SlugChoice::Alias { slug: "launch".parse().unwrap(), reuse: true };
                let options = Changes::default();
                let wish = Wish { owner, choice, options: &options, now: NOW };
                let draft = |slug| Ok(Link::new(slug, &url, owner, NOW));
                let failure = make(&store, &SlugScheme::AwsSample, &wish, draft).await.unwrap_err();
                let conflict = match failure {
                    Failure::Problem(Problem::Slug(SlugProblem::Own { conflict, .. })) => Some(conflict),
                    Failure::Problem(Problem::Slug(SlugProblem::Taken { .. })) => None,
                    failure => panic!("{failure:?}"),
                };
                assert_eq!(conflict, expected, "{owner}");
            }
        };
        let later = Some(NOW.plus(std::time::Duration::from_secs(9)));
        check(|link| link.state = State::Blocked, Conflict::Blocked).await;
        check(|link| link.state = State::BlockedLegal, Conflict::Blocked).await;
        check(|link| link.state = State::Deleted, Conflict::Deleted).await;
        check(|link| link.expires_at = Some(NOW), Conflict::Expired { at: Some(NOW) }).await;
        check(|link| link.state = State::Disabled, Conflict::Disabled).await;
        check(|link| link.valid_from = Some(Timestamp::from_unix_seconds(1_009)), Conflict::Early { at: later }).await;
        let elsewhere = |link: &mut Link| link.target = StoredTarget::from_table("https://example.org/".into());
        check(elsewhere, Conflict::OtherTarget).await;
    }

    #[tokio::test]
    async fn a_link_in_a_former_form_is_found() {
        let url = target("https://example.com/?a=|");
        let former = url.former().unwrap();
        let slug = SlugScheme::AwsSample.candidates("ann", SlugBasis::Url(former)).next().unwrap();
        let store = Memory::default();
        let raw = StoredTarget::from_table(former.as_str().to_owned());
        store.insert(Link { target: raw, ..Link::new(slug.clone(), &url, "ann", NOW) });
        assert_eq!(shorten(&store, "https://example.com/?a=|", "ann").await, (slug.to_string(), true));
        // A new one is found by both spellings.
        let store = Memory::default();
        let (slug, _) = shorten(&store, "https://example.com/?a=|", "ann").await;
        assert_eq!(shorten(&store, "https://example.com/?a=|", "ann").await, (slug.clone(), true));
        assert_eq!(shorten(&store, "https://example.com/?a=%7C", "ann").await, (slug, true));
    }

    #[tokio::test]
    async fn a_fresh_link_is_another_one() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let fresh = async |random| {
            let choice = SlugChoice::Fresh(&url, random);
            made(&store, "ann", &url, choice, None).await.unwrap()
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
            let shown = format!("{choice:?}");
            let first = made(&store, "ann", &url, choice, None).await.unwrap();
            assert!(!first.existing, "{shown}");
            assert_eq!(store.links.lock().unwrap().len(), 1, "{shown}");
        }
    }

    #[tokio::test]
    async fn a_request_with_a_key_gets_its_link_again_even_if_it_was_changed() {
        let store = Memory::default();
        let url = target("https://example.com/");
        let request = async |body| {
            let choice = SlugChoice::Request("key");
            let made = made(&store, "ann", &url, choice, Some(("key of ann", body))).await;
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
