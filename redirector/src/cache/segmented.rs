//! Which entries to keep: a segmented LRU that counts requests.
//!
//! In a plain LRU every rare key evicts a popular one. Here a new key waits in *probation*, a hundredth of the cache, and
//! moves to the *protected* rest once it has been requested often enough. An evicted key is remembered for a while as a
//! *ghost* with the number of its requests, so a key that returns continues where it stopped. What protects a key is at
//! first one further request, because a cache that has just filled knows nothing better; the longer it has been full, the
//! more it asks for. Of the protected entries that were not requested for the longest time, the one with the fewest
//! requests is evicted. `cargo bench -p redirector` compares the result with the optimum and with other caches.

use lru::LruCache;

/// One in this many entries may be on probation once the cache is full.
const PROBATION_SHARE: usize = 100;
/// Ghosts per entry. They must outlast the time after which the rarest key worth an entry returns.
const GHOSTS_PER_ENTRY: usize = 4;
/// Requests beyond this number make no difference. They fit into four bits.
const MAX_USES: u8 = 15;
/// Among so many of the least recently used protected entries the victim is chosen.
const CANDIDATES: usize = 8;

/// A value that knows its size and counts its requests.
pub(super) trait Kept {
    /// Its size in bytes, roughly.
    fn weight(&self) -> usize;
    /// How often it was requested since it was first stored. The cache counts here and loses some of it with time.
    fn uses(&mut self) -> &mut u8;
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
    /// How many protected entries were evicted.
    evicted: usize,
}

impl<V: Kept> Segmented<V> {
    /// Holds at most `max_entries` values that weigh at most `max_bytes`.
    pub(super) fn new(max_entries: usize, max_bytes: usize) -> Self {
        Self {
            // Unbounded, because they share one bound, and memory is not claimed before it is used.
            probation: LruCache::unbounded(),
            protected: LruCache::unbounded(),
            ghosts: Ghosts::new(max_entries.saturating_mul(GHOSTS_PER_ENTRY)),
            max_entries,
            max_bytes,
            bytes: 0,
            evicted: 0,
        }
    }

    /// The value of `hash`, which is then kept longer.
    pub(super) fn get(&mut self, hash: u64) -> Option<&V> {
        let value = match self.protected.get_mut(&hash) {
            Some(value) => value,
            None => self.probation.peek_mut(&hash)?,
        };
        let uses = value.uses();
        *uses = (*uses + 1).min(MAX_USES);
        Some(value)
    }

    /// Stores the value of `hash`, replacing an older one.
    pub(super) fn put(&mut self, hash: u64, mut value: V) {
        let weight = value.weight();
        if weight > self.max_bytes || self.max_entries == 0 {
            self.remove(hash);
            return;
        }
        self.bytes += weight;
        if let Some(old) = self.protected.peek_mut(&hash).or_else(|| self.probation.peek_mut(&hash)) {
            self.bytes -= old.weight();
            *value.uses() = *old.uses();
            *old = value;
        } else {
            *value.uses() = self.ghosts.take(hash).map_or(0, |uses| (uses + 1).min(MAX_USES));
            if *value.uses() >= self.patience() {
                self.protect(hash, value);
            } else {
                self.probation.put(hash, value);
            }
        }
        self.shrink();
    }

    /// Removes the value of `hash`.
    pub(super) fn remove(&mut self, hash: u64) {
        if let Some(old) = self.protected.pop(&hash).or_else(|| self.probation.pop(&hash)) {
            self.bytes -= old.weight();
        }
    }

    /// How many further requests protect an entry.
    fn patience(&self) -> u8 {
        match self.evicted / self.max_entries {
            0 => 1,
            1..=3 => 2,
            _ => 3,
        }
    }

    fn protect(&mut self, hash: u64, value: V) {
        self.protected.put(hash, value);
        if self.protected.len() > self.max_entries - self.probation_entries() {
            self.evict_protected();
        }
    }

    /// Evicts entries until the bounds hold: first those on probation, down to their share.
    fn shrink(&mut self) {
        while self.protected.len() + self.probation.len() > self.max_entries || self.bytes > self.max_bytes {
            if self.probation.len() > self.probation_entries() || self.protected.is_empty() {
                self.end_probation();
            } else {
                self.evict_protected();
            }
        }
    }

    /// Protects the entry that was on probation for the longest time, or evicts it.
    fn end_probation(&mut self) {
        let Some((hash, mut value)) = self.probation.pop_lru() else {
            return;
        };
        if *value.uses() >= self.patience() {
            self.protect(hash, value);
        } else {
            self.bury(hash, value);
        }
    }

    /// Evicts the least used of a few entries that were not requested for long. Each of them loses a use, so that what was
    /// popular once does not stay for ever.
    fn evict_protected(&mut self) {
        let mut victim = None;
        for _ in 0..CANDIDATES {
            let Some(hash) = self.protected.peek_lru().map(|(hash, _)| *hash) else {
                return;
            };
            // Moves it to the front, so that the next candidate is another one.
            let Some(uses) = self.protected.get_mut(&hash).map(Kept::uses) else {
                return;
            };
            if victim.is_none_or(|(_, fewest)| *uses < fewest) {
                victim = Some((hash, *uses));
            }
            if *uses == 0 {
                break;
            }
            *uses -= 1;
        }
        if let Some((hash, value)) = victim.and_then(|(hash, _)| self.protected.pop_entry(&hash)) {
            self.evicted = self.evicted.saturating_add(1);
            self.bury(hash, value);
        }
    }

    fn bury(&mut self, hash: u64, mut value: V) {
        self.bytes -= value.weight();
        self.ghosts.put(hash, *value.uses());
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

/// Remembers the hashes of evicted entries and their uses, in four bytes each: every hash has one place, and replaces what
/// was there. A false match (one in a hundred million) only protects an entry too early.
#[derive(Debug)]
struct Ghosts {
    /// A fingerprint, and in its four low bits the uses.
    places: Vec<u32>,
}

impl Ghosts {
    fn new(places: usize) -> Self {
        Self { places: vec![0; places] }
    }

    fn put(&mut self, hash: u64, uses: u8) {
        if let Some(place) = self.place(hash) {
            *place = fingerprint(hash) | u32::from(uses.min(MAX_USES));
        }
    }

    /// The uses of the hash, if it was remembered; forgets it.
    fn take(&mut self, hash: u64) -> Option<u8> {
        let place = self.place(hash).filter(|place| **place & !u32::from(MAX_USES) == fingerprint(hash))?;
        let [uses, ..] = std::mem::take(place).to_le_bytes();
        Some(uses & MAX_USES)
    }

    fn place(&mut self, hash: u64) -> Option<&mut u32> {
        let places = self.places.len() as u64;
        let index = hash.checked_rem(places)?;
        self.places.get_mut(usize::try_from(index).ok()?)
    }
}

/// Never zero, which marks an empty place; leaves the four low bits to the uses.
fn fingerprint(hash: u64) -> u32 {
    let [.., a, b, c, d] = hash.to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]) | (u32::from(MAX_USES) + 1)) & !u32::from(MAX_USES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of a certain size.
    #[derive(Debug, PartialEq)]
    struct Bytes(usize, u8);

    impl Kept for Bytes {
        fn weight(&self) -> usize {
            self.0
        }

        fn uses(&mut self) -> &mut u8 {
            &mut self.1
        }
    }

    fn bytes(bytes: usize) -> Bytes {
        Bytes(bytes, 0)
    }

    fn found(cache: &mut Segmented<Bytes>, key: u64) -> Option<usize> {
        cache.get(hash(key)).map(|value| value.0)
    }

    /// A stand-in for a good hash of small numbers.
    fn hash(key: u64) -> u64 {
        (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_value_that_was_used_outlives_a_flood_of_new_ones() {
        let mut cache = Segmented::new(100, usize::MAX);
        cache.put(hash(0), bytes(7));
        assert_eq!(found(&mut cache, 0), Some(7));
        for key in 1..10_000 {
            cache.put(hash(key), bytes(1));
        }
        assert_eq!(found(&mut cache, 0), Some(7));
        assert_eq!(cache.len(), 100);
    }

    #[test]
    fn a_ghost_that_returns_is_protected() {
        let mut cache = Segmented::new(10, usize::MAX);
        for key in 0..11 {
            cache.put(hash(key), bytes(1));
        }
        assert_eq!(found(&mut cache, 0), None, "the oldest was pushed out");
        cache.put(hash(0), bytes(1));
        for key in 100..200 {
            cache.put(hash(key), bytes(1));
        }
        assert_eq!(found(&mut cache, 0), Some(1));
    }

    #[test]
    fn a_full_cache_asks_for_more_requests_the_older_it_is() {
        let mut cache = Segmented::new(100, usize::MAX);
        let mut next = 1_000;
        for (evicted, expected) in [(0, 1), (99, 1), (100, 2), (399, 2), (400, 3), (5_000, 3)] {
            while cache.evicted < evicted {
                next += 1;
                // Used until it is protected, whatever that takes.
                cache.put(hash(next), bytes(1));
                for _ in 0..3 {
                    found(&mut cache, next);
                }
            }
            assert_eq!(cache.patience(), expected, "after {evicted} evictions");
        }
    }

    #[test]
    fn of_the_oldest_entries_the_least_used_goes() {
        let mut cache = Segmented::new(10, usize::MAX);
        for key in 0..9 {
            cache.put(hash(key), bytes(1));
            for _ in 0..=3 + u64::from(key != 4) {
                found(&mut cache, key);
            }
        }
        for key in 100..102 {
            cache.put(hash(key), bytes(1));
            found(&mut cache, key);
        }
        cache.put(hash(200), bytes(1));
        found(&mut cache, 200);
        cache.put(hash(201), bytes(1));
        let lost: Vec<u64> = (0..9).filter(|key| !cache.protected.contains(&hash(*key))).collect();
        assert_eq!(lost, [4]);
    }

    #[test]
    fn a_replaced_value_keeps_its_uses() {
        let mut cache = Segmented::new(10, usize::MAX);
        cache.put(hash(0), bytes(1));
        for _ in 0..20 {
            found(&mut cache, 0);
        }
        cache.put(hash(0), bytes(2));
        assert_eq!(cache.get(hash(0)), Some(&Bytes(2, MAX_USES)));
    }

    #[test]
    fn ghosts_remember_uses() {
        let mut ghosts = Ghosts::new(1_000);
        ghosts.put(hash(1), 0);
        ghosts.put(hash(2), 200);
        assert_eq!((ghosts.take(hash(1)), ghosts.take(hash(1))), (Some(0), None));
        assert_eq!((ghosts.take(hash(2)), ghosts.take(hash(3))), (Some(MAX_USES), None));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut cache = Segmented::new(100, 1_000);
        for key in 0..50 {
            cache.put(hash(key), bytes(100));
        }
        assert_eq!(cache.len(), 10);
        cache.put(hash(100), bytes(1_001));
        assert_eq!(found(&mut cache, 100), None, "larger than the whole cache");
        assert_eq!(cache.len(), 10, "and nothing was pushed out for it");
        cache.put(hash(49), bytes(1_000));
        assert_eq!((cache.len(), found(&mut cache, 49)), (1, Some(1_000)));
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
                    0 | 1 => cache.put(key, bytes(rng.random_range(1..100))),
                    2 => assert!(cache.get(key).is_none_or(|value| value.1 <= MAX_USES)),
                    _ => cache.remove(key),
                }
                let sum: usize = cache.protected.iter().chain(cache.probation.iter()).map(|(_, v)| v.weight()).sum();
                assert_eq!(cache.bytes, sum, "seed {seed}");
                assert!(cache.len() <= max && sum <= 300, "seed {seed}: {} entries, {sum} bytes", cache.len());
            }
        }
    }
}
