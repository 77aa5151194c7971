//! The item cache of a DAX node: the least recently used entry goes first, and every entry ends a fixed time after it was
//! read. Absence is an entry, too.

use lru::LruCache;

/// The item cache of one node.
#[derive(Debug)]
pub struct Node {
    /// By key: when the entry ends, in seconds, and how many bytes it takes.
    entries: LruCache<u64, (f64, usize)>,
    bytes: usize,
    max_bytes: usize,
    ttl: f64,
}

impl Node {
    /// An empty cache of so many bytes, whose entries live for `ttl` seconds.
    pub fn new(max_bytes: usize, ttl: f64) -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0, max_bytes, ttl }
    }

    /// Reads an item that takes `bytes` in the cache at a time in seconds. Returns whether it was a hit.
    pub fn read(&mut self, key: u64, bytes: usize, now: f64) -> bool {
        if let Some((ends, _)) = self.entries.get(&key)
            && *ends > now
        {
            return true;
        }
        self.store(key, bytes, now + self.ttl);
        false
    }

    /// Stores an item until a time.
    pub fn store(&mut self, key: u64, bytes: usize, ends: f64) {
        if bytes > self.max_bytes {
            return;
        }
        self.bytes += bytes;
        if let Some((_, replaced)) = self.entries.put(key, (ends, bytes)) {
            self.bytes -= replaced;
        }
        while self.bytes > self.max_bytes
            && let Some((_, (_, evicted))) = self.entries.pop_lru()
        {
            self.bytes -= evicted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_end_and_the_least_recently_used_goes_first() {
        let mut node = Node::new(200, 60.0);
        let mut check =
            |key: u64, now: f64, expected: bool| assert_eq!(node.read(key, 100, now), expected, "{key} {now}");
        check(1, 0.0, false);
        check(2, 1.0, false);
        check(1, 59.9, true);
        check(1, 60.0, false);
        check(3, 60.1, false);
        check(2, 60.2, false);
    }
}
