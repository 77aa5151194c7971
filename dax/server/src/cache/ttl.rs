//! A least-recently-used cache whose entries also expire, bounded by bytes.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use lru::LruCache;

/// What an entry costs beyond its key and value: list links, hash table slot, expiry.
const ENTRY_OVERHEAD_BYTES: usize = 128;

/// How long entries live: those of some tables, and all others.
#[derive(Debug)]
pub(crate) struct Ttls {
    default: Duration,
    by_table: HashMap<Box<[u8]>, Duration>,
}

impl Ttls {
    pub(crate) fn new(default: Duration, by_table: &HashMap<String, Duration>) -> Self {
        let by_table = by_table.iter().map(|(table, ttl)| (table.as_bytes().into(), *ttl));
        Self { default, by_table: by_table.collect() }
    }

    /// How long an entry of this table lives.
    pub(super) fn of(&self, table: &[u8]) -> Duration {
        if self.by_table.is_empty() {
            return self.default;
        }
        self.by_table.get(table).copied().unwrap_or(self.default)
    }
}

/// Keys are bytes. Values say how large they are when they come in.
#[derive(Debug)]
pub(super) struct TtlCache<V> {
    entries: LruCache<Box<[u8]>, Entry<V>>,
    bytes: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    expires: Instant,
}

impl<V> TtlCache<V> {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0, max_bytes }
    }

    /// The value under a key, unless it expired.
    pub(super) fn get(&mut self, key: &[u8], now: Instant) -> Option<&V> {
        if self.entries.peek(key)?.expires <= now {
            self.remove(key);
            return None;
        }
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Stores a value for `ttl` in place of an earlier one, and drops the least recently used entries if there is no room.
    /// With a `ttl` of zero it stores nothing.
    pub(super) fn insert(&mut self, key: Box<[u8]>, value: V, value_bytes: usize, ttl: Duration, now: Instant) {
        let bytes = key.len().saturating_add(value_bytes).saturating_add(ENTRY_OVERHEAD_BYTES);
        let expires = now.checked_add(ttl);
        let (Some(expires), false, true) = (expires, ttl.is_zero(), bytes <= self.max_bytes) else {
            self.remove(&key);
            return;
        };
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(replaced) = self.entries.put(key, Entry { value, bytes, expires }) {
            self.bytes = self.bytes.saturating_sub(replaced.bytes);
        }
        while self.bytes > self.max_bytes
            && let Some((_, dropped)) = self.entries.pop_lru()
        {
            self.bytes = self.bytes.saturating_sub(dropped.bytes);
        }
    }

    /// Drops the value under a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(removed) = self.entries.pop(key) {
            self.bytes = self.bytes.saturating_sub(removed.bytes);
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// How many entries there are, expired ones that nobody asked for included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key(text: &str) -> Box<[u8]> {
        text.as_bytes().into()
    }

    #[test]
    fn entries_expire_a_fixed_time_after_they_were_stored() {
        let mut cache = TtlCache::new(10_000);
        let start = Instant::now();
        cache.insert(key("a"), 1, 1, MINUTE, start);
        let almost = start + MINUTE - Duration::from_millis(1);
        assert_eq!(cache.get(b"a", almost), Some(&1));
        assert_eq!(cache.get(b"a", start + MINUTE), None, "use does not prolong it");
        assert_eq!((cache.len(), cache.bytes), (0, 0));
    }

    #[test]
    fn the_least_recently_used_entry_goes_first() {
        let room_for_two = 2 * (ENTRY_OVERHEAD_BYTES + 1 + 100);
        let now = Instant::now();
        let mut cache = TtlCache::new(room_for_two);
        cache.insert(key("a"), 1, 100, MINUTE, now);
        cache.insert(key("b"), 2, 100, MINUTE, now);
        cache.get(b"a", now);
        cache.insert(key("c"), 3, 100, MINUTE, now);
        assert_eq!((cache.get(b"a", now).copied(), cache.get(b"b", now).copied()), (Some(1), None));
        assert_eq!(cache.get(b"c", now), Some(&3));
        assert_eq!(cache.bytes, room_for_two);
    }

    #[test]
    fn what_does_not_fit_is_not_stored_and_does_not_leave_an_older_value_behind() {
        let now = Instant::now();
        let mut cache = TtlCache::new(1000);
        cache.insert(key("a"), 1, 1, MINUTE, now);
        cache.insert(key("a"), 2, 5000, MINUTE, now);
        assert_eq!(cache.get(b"a", now), None);
        let mut off = TtlCache::new(1000);
        off.insert(key("a"), 1, 1, Duration::ZERO, now);
        assert_eq!(off.get(b"a", now), None);
    }
}
