//! Links kept in process, so that most redirects need no I/O.
//!
//! Three rules keep responses current. An entry has an absolute deadline: a hit does not prolong it. Expiry is checked
//! against the time of day on every request, hits included. And absence is kept for two seconds only, because a link may
//! be created at any moment.
//!
//! An entry past its deadline stays until it is replaced or evicted: when the store fails, it may still be served for up
//! to ten minutes.

mod destination;
mod segmented;

use std::{
    hash::BuildHasher,
    num::NonZeroUsize,
    time::{Duration, SystemTime},
};

use function::bounds::ABSENCE_TTL;
use links::Slug;
use lru::LruCache;

pub use destination::{Destination, Options};
use segmented::{Kept, Segmented};

/// Most slugs known to be absent. Random attempts must not evict links, so absent slugs are kept separately; few, because
/// after two seconds an entry is worth nothing.
const ABSENT_ENTRIES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// What the allocator and the lists need for an entry besides its texts.
const OVERHEAD_BYTES: usize = 100;
/// How old an entry may be that is served because the store fails.
const STALE_LIMIT: Duration = Duration::from_secs(600);

/// The in-process cache of links, bounded in entries and in bytes.
#[derive(Debug)]
pub struct LinkCache {
    links: Segmented<Entry>,
    absent: LruCache<Slug, SystemTime>,
    ttl: Duration,
    born: SystemTime,
    hasher: lru::DefaultHasher,
}

impl LinkCache {
    /// An empty cache for at most `entries` links that take at most `bytes` bytes, each current for `ttl`.
    pub fn new(entries: usize, bytes: usize, ttl: Duration, now: SystemTime) -> Self {
        Self {
            links: Segmented::new(entries, bytes),
            absent: LruCache::new(ABSENT_ENTRIES),
            ttl,
            born: now,
            hasher: lru::DefaultHasher::default(),
        }
    }

    /// The link, if the cache has it and it is current.
    pub fn fresh(&mut self, slug: &Slug, now: SystemTime) -> Option<Cached<'_>> {
        let (born, ttl) = (self.born, self.ttl);
        self.entry(slug).filter(|entry| entry.is_younger(ttl, born, now)).map(Entry::cached)
    }

    /// The link, if the cache has it and it is not too old to be served while the store fails.
    pub fn stale(&mut self, slug: &Slug, now: SystemTime) -> Option<Cached<'_>> {
        let born = self.born;
        self.entry(slug).filter(|entry| entry.is_younger(STALE_LIMIT, born, now)).map(Entry::cached)
    }

    /// Whether the store reported a moment ago that there is no such link.
    pub fn is_absent(&mut self, slug: &Slug, now: SystemTime) -> bool {
        self.absent.peek(slug).is_some_and(|read_at| is_within(ABSENCE_TTL, *read_at, now))
    }

    /// Keeps a link as the store returned it at `now`.
    pub fn put(&mut self, slug: &Slug, destination: &Destination, now: SystemTime) {
        self.absent.pop(slug);
        let read_at = Centiseconds::between(self.born, now);
        self.links.put(self.hasher.hash_one(slug.as_str()), Entry::new(slug, destination, read_at));
    }

    /// Keeps that the store had no such link at `now`.
    pub fn put_absent(&mut self, slug: &Slug, now: SystemTime) {
        self.links.remove(self.hasher.hash_one(slug.as_str()));
        self.absent.put(slug.clone(), now);
    }

    fn entry(&mut self, slug: &Slug) -> Option<&Entry> {
        // Two slugs may share a hash: then each replaces the other.
        self.links.get(self.hasher.hash_one(slug.as_str())).filter(|entry| entry.slug() == slug.as_str())
    }
}

/// A link in the cache.
#[derive(Debug, Clone, Copy)]
pub struct Cached<'a> {
    /// Where it leads; empty if the stored text can never be a `Location`.
    pub target: &'a str,
    /// Its options.
    pub options: &'a Options,
}

/// A cached link: slug and target in one allocation. With the pointers of two lists it takes 64 bytes.
#[derive(Debug)]
struct Entry {
    text: Box<str>,
    options: Option<Box<Options>>,
    read_at: Centiseconds,
    slug_bytes: u8,
    uses: u8,
}

impl Entry {
    fn new(slug: &Slug, destination: &Destination, read_at: Centiseconds) -> Self {
        Self {
            text: [slug.as_str(), &destination.target].concat().into_boxed_str(),
            options: destination.options.clone(),
            read_at,
            // A slug has at most 64 characters.
            slug_bytes: u8::try_from(slug.as_str().len()).unwrap_or(u8::MAX),
            uses: 0,
        }
    }

    fn slug(&self) -> &str {
        self.text.get(..usize::from(self.slug_bytes)).unwrap_or_default()
    }

    fn cached(&self) -> Cached<'_> {
        Cached {
            target: self.text.get(usize::from(self.slug_bytes)..).unwrap_or_default(),
            options: self.options.as_deref().unwrap_or(&Options::DEFAULT),
        }
    }

    fn is_younger(&self, limit: Duration, born: SystemTime, now: SystemTime) -> bool {
        is_within(limit, born + self.read_at.duration(), now)
    }
}

impl Kept for Entry {
    fn weight(&self) -> usize {
        let options = self
            .options
            .as_ref()
            .map_or(0, |options| size_of::<Options>() + options.expired_url.as_ref().map_or(0, String::len));
        // The two boxes of an entry, the entry itself, and its place in the hash table.
        self.text.len() + options + OVERHEAD_BYTES
    }

    fn uses(&mut self) -> &mut u8 {
        &mut self.uses
    }
}

/// Whether `now` is less than `limit` after `start`. If the clock was set back, an entry counts as old, not as young.
fn is_within(limit: Duration, start: SystemTime, now: SystemTime) -> bool {
    now.duration_since(start).is_ok_and(|age| age < limit)
}

/// Hundredths of a second since the cache was created: four bytes last for more than a year.
#[derive(Debug, Clone, Copy)]
struct Centiseconds(u32);

impl Centiseconds {
    fn between(born: SystemTime, now: SystemTime) -> Self {
        let age = now.duration_since(born).unwrap_or_default();
        Self(u32::try_from(age.as_millis() / 10).unwrap_or(u32::MAX))
    }

    fn duration(self) -> Duration {
        Duration::from_millis(10 * u64::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const TTL: Duration = Duration::from_secs(10);

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(millis)
    }

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    fn cache() -> LinkCache {
        LinkCache::new(100, 1 << 20, TTL, at(0))
    }

    #[test]
    fn a_hit_does_not_prolong_an_entry() {
        let mut cache = cache();
        cache.put(&slug("abc"), &Destination::to("https://example.com/"), at(10));
        for millis in [10, 4_000, 9_000, 10_009] {
            assert!(cache.fresh(&slug("abc"), at(millis)).is_some(), "{millis}");
        }
        assert!(cache.fresh(&slug("abc"), at(10_010)).is_none());
        assert!(cache.stale(&slug("abc"), at(600_009)).is_some());
        assert!(cache.stale(&slug("abc"), at(600_010)).is_none());
    }

    #[test]
    fn a_clock_set_back_makes_entries_old() {
        let mut cache = cache();
        cache.put(&slug("abc"), &Destination::to("https://example.com/"), at(20_000));
        cache.put_absent(&slug("abd"), at(20_000));
        assert!(cache.fresh(&slug("abc"), at(1_000)).is_none());
        assert!(!cache.is_absent(&slug("abd"), at(1_000)));
    }

    #[test]
    fn absence_is_believed_for_two_seconds_and_ends_with_the_link() {
        let mut cache = cache();
        cache.put_absent(&slug("abc"), at(0));
        assert!(cache.is_absent(&slug("abc"), at(1_999)));
        assert!(!cache.is_absent(&slug("abc"), at(2_000)));
        cache.put_absent(&slug("abc"), at(3_000));
        cache.put(&slug("abc"), &Destination::to("https://example.com/"), at(3_001));
        assert!(!cache.is_absent(&slug("abc"), at(3_002)));
        cache.put_absent(&slug("abc"), at(4_000));
        assert!(cache.stale(&slug("abc"), at(4_001)).is_none(), "what is gone is not served stale");
    }

    #[test]
    fn slugs_and_targets_do_not_run_into_each_other() {
        let mut cache = cache();
        cache.put(&slug("ab"), &Destination::to("chttps://a"), at(0));
        cache.put(&slug("abc"), &Destination::to("https://b"), at(0));
        assert_eq!(cache.fresh(&slug("ab"), at(1)).map(|c| c.target.to_owned()), Some("chttps://a".into()));
        assert_eq!(cache.fresh(&slug("abc"), at(1)).map(|c| c.target.to_owned()), Some("https://b".into()));
        assert!(cache.fresh(&slug("a"), at(1)).is_none());
    }

    #[test]
    fn a_cache_of_no_entries_keeps_nothing() {
        let mut cache = LinkCache::new(0, 1 << 20, TTL, at(0));
        cache.put(&slug("abc"), &Destination::to("https://example.com/"), at(0));
        assert!(cache.fresh(&slug("abc"), at(0)).is_none());
    }
}
