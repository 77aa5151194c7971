//! The redirector's in-process cache, as `redirector/src/cache/` describes itself.
//!
//! Probation and protected entries, ghosts, an absolute lifetime. Links are numbers here, and all entries have the same size.

use lru::LruCache;

const PROBATION_SHARE: usize = 100;
const GHOSTS_PER_ENTRY: usize = 4;
const MAX_USES: u8 = 15;
const CANDIDATES: usize = 8;

/// What is known of a cached link.
#[derive(Debug, Clone, Copy)]
struct Entry {
    read_at: f64,
    uses: u8,
}

/// The cache of one execution environment.
#[derive(Debug)]
pub struct Cache {
    probation: LruCache<u64, Entry>,
    protected: LruCache<u64, Entry>,
    /// Where an evicted link is remembered: its hash and its uses.
    ghosts: Vec<(u64, u8)>,
    entries: usize,
    ttl: f64,
    evicted: usize,
}

impl Cache {
    /// An empty cache of so many entries, each current for `ttl` seconds.
    pub fn new(entries: usize, ttl: f64) -> Self {
        let (probation, protected) = (LruCache::unbounded(), LruCache::unbounded());
        let ghosts = vec![(u64::MAX, 0); entries * GHOSTS_PER_ENTRY];
        Self { probation, protected, ghosts, entries, ttl, evicted: 0 }
    }

    /// Requests a link at a time in seconds, and reads it on a miss. Returns whether it was a hit.
    pub fn request(&mut self, link: u32, now: f64) -> bool {
        let hash = hash(link);
        let Some(entry) = self.protected.get_mut(&hash).or_else(|| self.probation.peek_mut(&hash)) else {
            self.insert(hash, now);
            return false;
        };
        entry.uses = (entry.uses + 1).min(MAX_USES);
        let is_current = now - entry.read_at < self.ttl;
        if !is_current {
            entry.read_at = now;
        }
        is_current
    }

    fn insert(&mut self, hash: u64, now: f64) {
        if self.entries == 0 {
            return;
        }
        let place = self.place(hash);
        let (remembered, uses) = self.ghosts[place];
        let uses = if remembered == hash { (uses + 1).min(MAX_USES) } else { 0 };
        if remembered == hash {
            self.ghosts[place] = (u64::MAX, 0);
        }
        let entry = Entry { read_at: now, uses };
        if uses >= self.patience() {
            self.protect(hash, entry);
        } else {
            self.probation.put(hash, entry);
        }
        while self.probation.len() + self.protected.len() > self.entries {
            if self.probation.len() <= self.probation_entries() {
                self.evict();
            } else if let Some((hash, entry)) = self.probation.pop_lru() {
                if entry.uses >= self.patience() { self.protect(hash, entry) } else { self.bury(hash, entry.uses) }
            }
        }
    }

    fn patience(&self) -> u8 {
        match self.evicted / self.entries {
            0 => 1,
            1..=3 => 2,
            _ => 3,
        }
    }

    fn protect(&mut self, hash: u64, entry: Entry) {
        self.protected.put(hash, entry);
        if self.protected.len() > self.entries - self.probation_entries() {
            self.evict();
        }
    }

    fn evict(&mut self) {
        let mut victim: Option<(u64, u8)> = None;
        for _ in 0..CANDIDATES {
            let Some(hash) = self.protected.peek_lru().map(|(hash, _)| *hash) else {
                return;
            };
            if let Some(entry) = self.protected.get_mut(&hash) {
                if victim.is_none_or(|(_, fewest)| entry.uses < fewest) {
                    victim = Some((hash, entry.uses));
                }
                if entry.uses == 0 {
                    break;
                }
                entry.uses -= 1;
            }
        }
        if let Some((hash, entry)) = victim.and_then(|(hash, _)| self.protected.pop_entry(&hash)) {
            self.evicted += 1;
            self.bury(hash, entry.uses);
        }
    }

    fn bury(&mut self, hash: u64, uses: u8) {
        let place = self.place(hash);
        self.ghosts[place] = (hash, uses);
    }

    fn place(&self, hash: u64) -> usize {
        (hash % self.ghosts.len() as u64) as usize
    }

    fn probation_entries(&self) -> usize {
        (self.entries / PROBATION_SHARE).max(1)
    }
}

/// Scatters links, so that neighbours in popularity do not share a place.
pub(crate) fn hash(link: u32) -> u64 {
    let mixed = (u64::from(link) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_current_for_its_time_however_often_it_is_requested() {
        let mut cache = Cache::new(10, 10.0);
        let hits: Vec<bool> = [0.0, 1.0, 9.9, 10.0, 19.9, 20.0].map(|now| cache.request(1, now)).to_vec();
        assert_eq!(hits, [false, true, true, false, true, false]);
    }

    #[test]
    fn it_never_holds_more_than_its_entries() {
        let mut cache = Cache::new(100, 10.0);
        for number in 0..20_000 {
            cache.request(number * number % 977, f64::from(number) / 1e3);
            assert!(cache.probation.len() + cache.protected.len() <= 100);
        }
    }
}
