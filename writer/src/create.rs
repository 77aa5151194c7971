//! Making a link.

use links::{
    Alias, Freshness, Link, LinkWriter, Put, Slug, SlugBasis, SlugScheme, State, StoreError,
    TargetUrl, Timestamp,
};

use crate::problem::Problem;

/// A link that a request has made or found.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) link: Link,
    /// Whether it was there before.
    pub(crate) existing: bool,
}

/// Why no link was made.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// It is the request's fault, or there is nothing to be done.
    Problem(Problem),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for CreateError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Makes a link with the slug that the caller chose. Repeating it gives the link that is there.
pub(crate) async fn with_alias(
    store: &impl LinkWriter,
    alias: Alias,
    target: &TargetUrl,
    owner: &str,
    now: Timestamp,
) -> Result<Made, CreateError> {
    let slug = alias.into_slug();
    match put(store, slug.clone(), target, owner, now).await? {
        Some(made) => Ok(made),
        None => Err(CreateError::Problem(Problem::SlugTaken {
            slug: slug.into(),
        })),
    }
}

/// Makes a link with a slug derived from owner and URL. The same URL gets the same link.
///
/// When a slug is taken by another link, or leads elsewhere by now, the next one is tried; there are finitely many.
pub(crate) async fn derived(
    store: &impl LinkWriter,
    scheme: &SlugScheme,
    target: &TargetUrl,
    owner: &str,
    now: Timestamp,
) -> Result<Made, CreateError> {
    for slug in scheme.candidates(owner, SlugBasis::Url(target)) {
        if let Some(made) = put(store, slug, target, owner, now).await? {
            return Ok(made);
        }
    }
    Err(CreateError::Problem(Problem::NoSlugLeft))
}

/// Stores a link if its slug is free. If it is not, reads what is there, and that will do if it is the same link.
async fn put(
    store: &impl LinkWriter,
    slug: Slug,
    target: &TargetUrl,
    owner: &str,
    now: Timestamp,
) -> Result<Option<Made>, StoreError> {
    let link = Link::new(slug, target, owner, now);
    if store.create(&link).await? == Put::Stored {
        return Ok(Some(Made {
            link,
            existing: false,
        }));
    }
    // Only a strong read is sure to see the item that has just refused the put.
    let found = store.read(&link.slug, Freshness::Strong).await;
    let found = match found {
        // Someone else's item, whatever it is: not ours to use.
        Err(StoreError::Malformed { .. }) => None,
        found => found?.link,
    };
    Ok(found
        .filter(|found| is_same(found, target, owner, now))
        .map(|link| Made {
            link,
            existing: true,
        }))
}

/// Whether a link is what a request for `target` without options asks for.
fn is_same(found: &Link, target: &TargetUrl, owner: &str, now: Timestamp) -> bool {
    found.owner == owner
        && target.is_same_as(found.target.as_str())
        && found.state == State::Active
        && !found.is_expired(now)
        && !found.is_early(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use links::{Change, Found, LinkReader, Source, StoredTarget, TargetRules};
    use std::{collections::HashMap, sync::Mutex};

    #[derive(Default)]
    struct Store {
        links: Mutex<HashMap<String, Link>>,
        puts: Mutex<Vec<String>>,
    }

    impl LinkReader for Store {
        async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
            assert_eq!(freshness, Freshness::Strong);
            let link = self.links.lock().unwrap().get(slug.as_str()).cloned();
            Ok(Found {
                link,
                source: Source::Dax,
            })
        }
    }

    impl LinkWriter for Store {
        async fn create(&self, link: &Link) -> Result<Put, StoreError> {
            self.puts.lock().unwrap().push(link.slug.to_string());
            let mut links = self.links.lock().unwrap();
            if links.contains_key(link.slug.as_str()) {
                return Ok(Put::Taken);
            }
            links.insert(link.slug.to_string(), link.clone());
            Ok(Put::Stored)
        }

        async fn update(&self, _before: &Link, _after: &Link) -> Result<Change, StoreError> {
            unreachable!("making a link changes none")
        }
    }

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);

    fn target(url: &str) -> TargetUrl {
        TargetUrl::parse(url, &TargetRules::default()).unwrap()
    }

    async fn shorten(store: &Store, url: &str, owner: &str) -> (String, bool) {
        let made = derived(store, &SlugScheme::Seed, &target(url), owner, NOW)
            .await
            .unwrap();
        (made.link.slug.to_string(), made.existing)
    }

    #[tokio::test]
    async fn the_same_url_gets_the_same_link_and_nothing_is_rewritten() {
        let store = Store::default();
        assert_eq!(
            shorten(&store, "https://www.amazon.com", "ann").await,
            ("grqpaeet".into(), false)
        );
        let first = store.links.lock().unwrap().clone();
        assert_eq!(
            shorten(&store, "https://www.amazon.com", "ann").await,
            ("grqpaeet".into(), true)
        );
        assert_eq!(*store.links.lock().unwrap(), first);
    }

    #[tokio::test]
    async fn colliding_urls_get_the_next_slug() {
        let store = Store::default();
        assert_eq!(
            shorten(&store, "https://example.com/425790", "ann").await,
            ("47d90svq".into(), false)
        );
        assert_eq!(
            shorten(&store, "https://example.com/1023374", "ann").await,
            ("q1e1ft90".into(), false)
        );
        assert_eq!(
            shorten(&store, "https://example.com/1023374", "ann").await,
            ("q1e1ft90".into(), true)
        );
        assert_eq!(
            shorten(&store, "https://example.com/425790", "ann").await,
            ("47d90svq".into(), true)
        );
    }

    #[tokio::test]
    async fn a_link_that_leads_elsewhere_or_is_over_is_left_alone() {
        for change in [
            (|link| link.owner = "bob".into()) as fn(&mut Link),
            |link| link.target = StoredTarget::from_table("https://example.com/elsewhere".into()),
            |link| link.state = State::Deleted,
            |link| link.expires_at = Some(NOW),
        ] {
            let store = Store::default();
            let (first, _) = shorten(&store, "https://www.amazon.com", "ann").await;
            change(store.links.lock().unwrap().get_mut(&first).unwrap());
            let before = store.links.lock().unwrap().get(&first).cloned();
            let (second, existing) = shorten(&store, "https://www.amazon.com", "ann").await;
            assert!(second != first && !existing);
            assert_eq!(store.links.lock().unwrap().get(&first).cloned(), before);
        }
    }

    #[tokio::test]
    async fn attempts_end() {
        let store = Store::default();
        let url = target("https://www.amazon.com");
        for slug in SlugScheme::Seed.candidates("ann", SlugBasis::Url(&url)) {
            let other = Link::new(slug, &target("https://example.com/"), "bob", NOW);
            store
                .links
                .lock()
                .unwrap()
                .insert(other.slug.to_string(), other);
        }
        let result = derived(&store, &SlugScheme::Seed, &url, "ann", NOW).await;
        assert!(matches!(
            result,
            Err(CreateError::Problem(Problem::NoSlugLeft))
        ));
        assert_eq!(store.puts.lock().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn an_alias_is_free_ours_or_taken() {
        let store = Store::default();
        let alias = || "Launch".parse::<Alias>().unwrap();
        let url = target("https://example.com/");
        let first = with_alias(&store, alias(), &url, "ann", NOW).await.unwrap();
        assert_eq!(
            (first.link.slug.as_str(), first.existing),
            ("launch", false)
        );
        assert!(
            with_alias(&store, alias(), &url, "ann", NOW)
                .await
                .unwrap()
                .existing
        );
        for (url, owner) in [
            ("https://example.com/", "bob"),
            ("https://example.com/b", "ann"),
        ] {
            let result = with_alias(&store, alias(), &target(url), owner, NOW).await;
            assert!(
                matches!(result, Err(CreateError::Problem(Problem::SlugTaken { slug })) if slug == "launch")
            );
        }
    }
}
