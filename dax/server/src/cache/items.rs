//! The item cache: items by key, and known absences.
//!
//! Reads fill it and writes go through it, at the same time and in any order. What it holds must not end up older
//! than what DynamoDB holds, so each read and each write takes a ticket first: a result is stored only if no write
//! to a key of the same stripe began or ended meanwhile. Losing a race costs a miss, never a stale item.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::ttl::{TtlCache, Ttls};
use crate::wire::item::Item;

/// Number of write counters. Keys that share one only cost each other a miss.
const STRIPES: usize = 1024;

/// The items that a node knows.
#[derive(Debug)]
pub(crate) struct ItemCache {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    items: TtlCache<Known>,
    ttls: Ttls,
    /// Counts the beginnings and ends of writes.
    writes: Vec<u64>,
}

/// What is known of a key.
#[derive(Debug, Clone)]
struct Known {
    item: Option<Arc<Item>>,
    /// What it was before the last write, for fault rules that ask for stale reads.
    previous: Option<Option<Arc<Item>>>,
}

/// Table and key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ItemKey(Box<[u8]>);

/// Answer of the cache.
#[derive(Debug, Clone)]
pub(crate) enum Lookup {
    /// The item, or that there is none.
    Hit(Option<Arc<Item>>),
    /// Not known; hand in the ticket with what DynamoDB says.
    Miss(ReadTicket),
}

/// Whether a fault rule wants an outdated answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Newest,
    /// What was there before the last write, if that is known.
    Previous,
}

/// Permission to store what a read finds.
#[derive(Debug, Clone)]
pub(crate) struct ReadTicket {
    key: ItemKey,
    writes: u64,
}

/// A write in progress. Unless [finished](Self::finish), it ends by removing the item from the cache: the outcome of
/// the write is unknown.
#[derive(Debug)]
pub(crate) struct WriteTicket {
    cache: Arc<ItemCache>,
    key: ItemKey,
    writes: u64,
    finished: bool,
}

/// What is known of a write's effect on an item.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// This is it now, or it is gone.
    Now(Option<Arc<Item>>),
    /// It changed, or may have.
    Unknown,
    /// It certainly did not change.
    Unchanged,
}

impl ItemKey {
    /// The key of an item. `key` must be canonical.
    pub(crate) fn new(table: &str, key: &[u8]) -> Self {
        // No table name has a zero byte in it.
        let mut bytes = Vec::with_capacity(table.len() + 1 + key.len());
        bytes.extend_from_slice(table.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(key);
        Self(bytes.into())
    }

    fn table(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn stripe(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0)
    }
}

impl ItemCache {
    /// An empty cache.
    pub(crate) fn new(ttls: Ttls, max_bytes: usize) -> Self {
        Self { inner: Mutex::new(Inner { items: TtlCache::new(max_bytes), ttls, writes: vec![0; STRIPES] }) }
    }

    /// Looks an item up.
    pub(crate) fn look_up(&self, key: ItemKey, freshness: Freshness) -> Lookup {
        let mut inner = self.lock();
        match inner.items.get(&key.0, Instant::now()) {
            Some(Known { previous: Some(previous), .. }) if freshness == Freshness::Previous => {
                Lookup::Hit(previous.clone())
            }
            Some(known) => Lookup::Hit(known.item.clone()),
            None => {
                let writes = inner.writes(&key);
                Lookup::Miss(ReadTicket { key, writes })
            }
        }
    }

    /// Stores what a read found, unless a write came between.
    pub(crate) fn fill(&self, ticket: ReadTicket, item: Option<Arc<Item>>) {
        let mut inner = self.lock();
        if inner.writes(&ticket.key) == ticket.writes {
            inner.store(ticket.key, item);
        }
    }

    /// Announces a write.
    pub(crate) fn begin_write(self: &Arc<Self>, key: ItemKey) -> WriteTicket {
        let writes = self.lock().count_write(&key);
        WriteTicket { cache: Arc::clone(self), key, writes, finished: false }
    }

    /// Takes over a write that another node carried out.
    pub(crate) fn apply(&self, key: &ItemKey, outcome: &Outcome) {
        let mut inner = self.lock();
        inner.count_write(key);
        inner.settle(key, outcome);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.items.clear();
        inner.writes.iter_mut().for_each(|writes| *writes = writes.wrapping_add(1));
    }

    /// How many keys are known.
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while holding the lock; if it did, the cache would still be whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn writes(&self, key: &ItemKey) -> u64 {
        self.writes.get(key.stripe()).copied().unwrap_or_default()
    }

    fn count_write(&mut self, key: &ItemKey) -> u64 {
        let Some(writes) = self.writes.get_mut(key.stripe()) else {
            return 0;
        };
        *writes = writes.wrapping_add(1);
        *writes
    }

    fn settle(&mut self, key: &ItemKey, outcome: &Outcome) {
        match outcome {
            Outcome::Now(item) => self.store(key.clone(), item.clone()),
            Outcome::Unknown => self.items.remove(&key.0),
            Outcome::Unchanged => {}
        }
    }

    fn store(&mut self, key: ItemKey, item: Option<Arc<Item>>) {
        let previous = self.items.get(&key.0, Instant::now()).map(|known| known.item.clone());
        let bytes = [&item, &previous.clone().flatten()].into_iter().flatten().map(|item| item.bytes()).sum();
        let ttl = self.ttls.of(key.table());
        self.items.insert(key.0, Known { item, previous }, bytes, ttl, Instant::now());
    }
}

impl WriteTicket {
    /// Ends the write. Returns what it comes to: if another write overlapped, nobody knows which came last.
    pub(crate) fn finish(mut self, outcome: Outcome) -> (ItemKey, Outcome) {
        self.finished = true;
        let outcome = self.settle(outcome);
        (self.key.clone(), outcome)
    }

    fn settle(&self, outcome: Outcome) -> Outcome {
        let mut inner = self.cache.lock();
        let undisturbed = inner.writes(&self.key) == self.writes;
        let outcome = match outcome {
            Outcome::Now(_) if !undisturbed => Outcome::Unknown,
            outcome => outcome,
        };
        inner.count_write(&self.key);
        inner.settle(&self.key, &outcome);
        outcome
    }
}

impl Drop for WriteTicket {
    fn drop(&mut self) {
        if !self.finished {
            self.settle(Outcome::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use super::*;
    use crate::wire::value::Attributes;

    fn cache() -> Arc<ItemCache> {
        Arc::new(ItemCache::new(Ttls::new(Duration::from_secs(60), &HashMap::new()), 1 << 20))
    }

    fn key() -> ItemKey {
        ItemKey::new("table", b"key")
    }

    fn item(mark: u8) -> Option<Arc<Item>> {
        Some(Arc::new(Item::from_parts(Attributes::new(), vec![mark])))
    }

    /// The mark of the cached item: `None` if nothing is known, `Some(None)` for a known absence.
    fn known(cache: &ItemCache) -> Option<Option<u8>> {
        match cache.look_up(key(), Freshness::Newest) {
            Lookup::Hit(item) => Some(item.map(|item| item.encoded()[0])),
            Lookup::Miss(_) => None,
        }
    }

    fn miss(cache: &ItemCache) -> ReadTicket {
        match cache.look_up(key(), Freshness::Newest) {
            Lookup::Miss(ticket) => ticket,
            Lookup::Hit(_) => panic!("expected a miss"),
        }
    }

    #[test]
    fn reads_fill_and_writes_go_through() {
        let cache = cache();
        let ticket = miss(&cache);
        cache.fill(ticket, None);
        assert_eq!(known(&cache), Some(None), "absence is known too");
        cache.begin_write(key()).finish(Outcome::Now(item(1)));
        assert_eq!(known(&cache), Some(Some(1)));
        cache.begin_write(key()).finish(Outcome::Unchanged);
        assert_eq!(known(&cache), Some(Some(1)));
        cache.begin_write(key()).finish(Outcome::Unknown);
        assert_eq!(known(&cache), None);
    }

    #[test]
    fn a_read_that_overlaps_a_write_stores_nothing() {
        let cache = cache();
        let before = miss(&cache);
        let write = cache.begin_write(key());
        let during = miss(&cache);
        write.finish(Outcome::Unknown);
        cache.fill(before, item(1));
        cache.fill(during, item(2));
        assert_eq!(known(&cache), None);
    }

    #[test]
    fn overlapping_writes_leave_nothing_behind() {
        let cache = cache();
        let first = cache.begin_write(key());
        let second = cache.begin_write(key());
        assert!(matches!(second.finish(Outcome::Now(item(2))), (_, Outcome::Now(_))), "no write began after it");
        let (_, outcome) = first.finish(Outcome::Now(item(1)));
        assert!(matches!(outcome, Outcome::Unknown));
        assert_eq!(known(&cache), None);
    }

    #[test]
    fn a_write_that_is_given_up_forgets_the_item() {
        let cache = cache();
        cache.begin_write(key()).finish(Outcome::Now(item(1)));
        drop(cache.begin_write(key()));
        assert_eq!(known(&cache), None);
    }

    #[test]
    fn the_item_before_the_last_write_can_be_asked_for() {
        let cache = cache();
        cache.apply(&key(), &Outcome::Now(item(1)));
        cache.apply(&key(), &Outcome::Now(item(2)));
        let Lookup::Hit(Some(stale)) = cache.look_up(key(), Freshness::Previous) else { panic!("known") };
        assert_eq!((stale.encoded()[0], known(&cache)), (1, Some(Some(2))));
    }
}
