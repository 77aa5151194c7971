//! Which entries to keep: a segmented LRU.
//!
//! In a plain LRU every rare key evicts a popular one. Here a new key waits in *probation*, a hundredth of the cache, and
//! moves to the *protected* rest when it is requested again. An evicted key is remembered for a while as a *ghost*, and a
//! ghost that returns is protected at once. On Zipf traffic this gets 0.97 to 0.98 of the hits of the best fixed choice
//! of entries, where a plain LRU gets 0.78 to 0.86 (`cargo bench -p redirector`).

use lru::LruCache;

/// One in this many entries may be on probation once the cache is full.
const PROBATION_SHARE: usize = 100;
/// Entries per ghost. More ghosts protect too much: rare keys return too, just later.
const ENTRIES_PER_GHOST: usize = 2;

/// A value that knows its size.
pub(super) trait Weighed {
    /// Its size in bytes, roughly.
    fn weight(&self) -> usize;
}

/// A map from hashes to values that forgets the least useful ones, bounded in entries and in bytes.
#[derive(Debug)]
pub(super) struct Segmented<V> {
    probation: LruCache<u64, V>,
    protected: LruCache<u64, V>,
    ghosts: Ghosts,
    max_entries: usize,
    max_bytes: usize,
    bytes: usize,
}

impl<V: Weighed> Segmented<V> {
    /// Holds at most `max_entries` values that weigh at most `max_bytes`.
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            // Unbounded, because they share one bound, and memory is not claimed before it is used.
            probation: LruCache::unbounded(),
            protected: LruCache::unbounded(),
            ghosts: Ghosts::new(max_entries / ENTRIES_PER_GHOST),
            max_entries,
            max_bytes,
            bytes: 0,
        }
    }

    /// The value of `hash`, which is then kept longer.
    pub(super) fn get(&mut self, hash: u64) -> Option<&V> {
        if let Some(value) = self.probation.pop(&hash) {
            self.protect(hash, value);
        }
        self.protected.get(&hash)
    }

    /// Stores the value of `hash`, replacing an older one.
    pub(super) fn put(&mut self, hash: u64, value: V) {
        let weight = value.weight();
        if weight > self.max_bytes || self.max_entries == 0 {
            self.remove(hash);
            return;
        }
        self.bytes += weight;
        if let Some(old) = self.protected.peek_mut(&hash).or_else(|| self.probation.peek_mut(&hash)) {
            self.bytes -= old.weight();
            *old = value;
        } else if self.ghosts.take(hash) {
            self.protect(hash, value);
        } else {
            self.probation.put(hash, value);
        }
        self.shrink();
    }

    /// Removes the value of `hash`.
    pub(super) fn remove(&mut self, hash: u64) {
        if let Some(old) = self.protected.pop(&hash).or_else(|| self.probation.pop(&hash)) {
            self.bytes -= old.weight();
        }
    }

    fn protect(&mut self, hash: u64, value: V) {
        self.protected.put(hash, value);
        if self.protected.len() > self.max_entries - self.probation_entries() {
            let evicted = self.protected.pop_lru();
            self.bury(evicted);
        }
    }

    /// Evicts entries until the bounds hold: first those on probation, down to their share.
    fn shrink(&mut self) {
        while self.protected.len() + self.probation.len() > self.max_entries || self.bytes > self.max_bytes {
            let probation_first = self.probation.len() > self.probation_entries() || self.protected.is_empty();
            let evicted = if probation_first { self.probation.pop_lru() } else { self.protected.pop_lru() };
            self.bury(evicted);
        }
    }

    fn bury(&mut self, evicted: Option<(u64, V)>) {
        if let Some((hash, value)) = evicted {
            self.bytes -= value.weight();
            self.ghosts.put(hash);
        }
    }

    fn probation_entries(&self) -> usize {
        // At least one, so that even a small cache can take up a new key.
        (self.max_entries / PROBATION_SHARE).max(1)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.protected.len() + self.probation.len()
    }
}

/// Remembers the hashes of evicted entries, in four bytes each: every hash has one place, and replaces what was there. A
/// false match (one in four billion) only protects an entry too early.
#[derive(Debug)]
struct Ghosts {
    fingerprints: Vec<u32>,
}

impl Ghosts {
    fn new(places: usize) -> Self {
        Self { fingerprints: vec![0; places] }
    }

    fn put(&mut self, hash: u64) {
        if let Some(place) = self.place(hash) {
            *place = fingerprint(hash);
        }
    }

    /// Whether the hash was remembered; forgets it.
    fn take(&mut self, hash: u64) -> bool {
        match self.place(hash) {
            Some(place) if *place == fingerprint(hash) => {
                *place = 0;
                true
            }
            _ => false,
        }
    }

    fn place(&mut self, hash: u64) -> Option<&mut u32> {
        let places = self.fingerprints.len() as u64;
        let index = hash.checked_rem(places)?;
        self.fingerprints.get_mut(usize::try_from(index).ok()?)
    }
}

/// Never zero, which marks an empty place.
fn fingerprint(hash: u64) -> u32 {
    let [.., a, b, c, d] = hash.rotate_left(32).to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weighed for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    /// A stand-in for a good hash of small numbers.
    fn hash(key: u64) -> u64 {
        (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_value_that_was_used_outlives_a_flood_of_new_ones() {
        let mut cache = Segmented::new(100, usize::MAX);
        cache.put(hash(0), 7);
        assert_eq!(cache.get(hash(0)), Some(&7));
        for key in 1..10_000 {
            cache.put(hash(key), 1);
        }
        assert_eq!(cache.get(hash(0)), Some(&7));
        assert_eq!(cache.len(), 100);
    }

    #[test]
    fn a_ghost_that_returns_is_protected() {
        let mut cache = Segmented::new(10, usize::MAX);
        for key in 0..11 {
            cache.put(hash(key), 1);
        }
        assert_eq!(cache.get(hash(0)), None, "the oldest was pushed out");
        cache.put(hash(0), 1);
        for key in 100..200 {
            cache.put(hash(key), 1);
        }
        assert_eq!(cache.get(hash(0)), Some(&1));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut cache = Segmented::new(100, 1_000);
        for key in 0..50 {
            cache.put(hash(key), 100);
        }
        assert_eq!(cache.len(), 10);
        cache.put(hash(100), 1_001);
        assert_eq!(cache.get(hash(100)), None, "larger than the whole cache");
        assert_eq!(cache.len(), 10, "and nothing was pushed out for it");
        cache.put(hash(49), 1_000);
        assert_eq!((cache.len(), cache.get(hash(49))), (1, Some(&1_000)));
        cache.remove(hash(49));
        assert_eq!((cache.len(), cache.bytes), (0, 0));
    }

    #[test]
    fn the_bounds_and_the_sum_of_bytes_hold_under_any_use() {
        use rand::{RngExt, SeedableRng};
        for seed in 0..50 {
            let mut rng = rand::rngs::SmallRng::seed_from_u64(seed);
            let max = rng.random_range(0..20);
            let mut cache = Segmented::new(max, 300);
            for _ in 0..2_000 {
                let key = hash(rng.random_range(0..40));
                match rng.random_range(0..4) {
                    0 | 1 => cache.put(key, rng.random_range(1..100)),
                    2 => drop(cache.get(key)),
                    _ => cache.remove(key),
                }
                let sum: usize = cache.protected.iter().chain(cache.probation.iter()).map(|(_, v)| v.weight()).sum();
                assert_eq!(cache.bytes, sum, "seed {seed}");
                assert!(cache.len() <= max && sum <= 300, "seed {seed}: {} entries, {sum} bytes", cache.len());
            }
        }
    }
}
