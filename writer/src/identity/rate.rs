//! How often a key may be used: a token bucket for each key with a rate.
//!
//! The buckets are those of this process. Each of its requests counts, whatever becomes of it, and a burst may have as many as
//! a second allows. The service as a whole allows the rate times the number of its execution environments.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use links::KeyHash;
use lru::LruCache;

/// Number of buckets. The one that was used least recently makes room, and its key begins with a full one again.
const BUCKETS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// The buckets of all keys that were used recently.
#[derive(Debug)]
pub(super) struct Rates(Mutex<LruCache<KeyHash, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Requests that may come at once.
    tokens: f64,
    /// When the number of tokens was right.
    at: SystemTime,
}

impl Default for Rates {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(BUCKETS)))
    }
}

impl Rates {
    /// Counts a request at `now`; whether it is within `rate`, in requests per second.
    pub(super) fn take(&self, key: KeyHash, rate: NonZeroU32, now: SystemTime) -> bool {
        let rate = f64::from(rate.get());
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut(key, || Bucket { tokens: rate, at: now });
        // A clock that was set back adds nothing.
        let elapsed = now.duration_since(bucket.at).unwrap_or_default();
        bucket.tokens = (bucket.tokens + elapsed.as_secs_f64() * rate).min(rate);
        bucket.at = now;
        let is_within = bucket.tokens >= 1.0;
        if is_within {
            bucket.tokens -= 1.0;
        }
        is_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use links::ApiKey;
    use std::time::Duration;

    fn hash(number: u32) -> KeyHash {
        let mut bytes = [0; ApiKey::RANDOM_BYTES];
        for (byte, value) in bytes.iter_mut().zip(number.to_be_bytes()) {
            *byte = value;
        }
        ApiKey::from_random(&bytes).hash()
    }

    fn allowed(rates: &Rates, key: u32, rate: u32, seconds: f64, requests: usize) -> usize {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds);
        (0..requests).filter(|_| rates.take(hash(key), NonZeroU32::new(rate).unwrap(), now)).count()
    }

    #[test]
    fn a_second_has_as_many_requests_as_the_rate_says() {
        let rates = Rates::default();
        let check = |seconds, requests, expected| {
            assert_eq!(allowed(&rates, 1, 5, seconds, requests), expected, "{seconds}");
        };
        check(100.0, 9, 5);
        check(100.2, 9, 1);
        check(101.2, 9, 5);
        check(200.0, 9, 5); // an idle minute saves nothing up
        check(199.0, 9, 0);
        check(200.0, 9, 5);
        assert_eq!(allowed(&rates, 2, 1, 200.0, 9), 1, "another key");
    }

    #[test]
    fn there_are_only_so_many_buckets() {
        let rates = Rates::default();
        for key in 0..3_000 {
            allowed(&rates, key, 1, 0.0, 1);
        }
        assert_eq!(rates.0.lock().unwrap().len(), BUCKETS.get());
    }
}
