//! Which keys are valid: a cache in front of the keys table.
//!
//! An entry is current for ten seconds, so a revoked key stops working within that time. The deadline is absolute: use
//! does not extend it. Keys and unknown hashes have a cache each, so that someone who tries keys at random does not
//! evict those in use.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use links::{KeyHash, KeyReader, KeyRecord, KeyUsage, KeysError};
use lru::LruCache;

/// How long an entry is current, and so the longest time until a revocation takes effect everywhere.
const TTL: Duration = Duration::from_secs(10);
/// Capacity of each cache. An entry takes about 200 bytes.
const ENTRIES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// Longest wait for the keys table. It leaves the request's own work enough of the function's timeout.
const LIMIT: Duration = Duration::from_millis(1_500);

/// The keys that this process has seen recently, in front of the keys table.
#[derive(Debug)]
pub(crate) struct KeyRing<K> {
    table: K,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    keys: LruCache<KeyHash, (SystemTime, KeyRecord)>,
    absent: LruCache<KeyHash, SystemTime>,
}

/// Why a key could not be looked up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyRingError {
    #[error("the keys table failed")]
    Store(#[from] KeysError),
    #[error("the keys table did not respond within {} ms", LIMIT.as_millis())]
    TimedOut,
}

/// The result of looking up a key.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The key's record, or `None` if there is no such key. It may be revoked or expired.
    pub(crate) record: Option<KeyRecord>,
    /// Why the use of the key could not be recorded. The key is valid all the same.
    pub(crate) use_error: Option<KeysError>,
}

impl<K> KeyRing<K> {
    pub(crate) fn new(table: K) -> Self {
        let seen = Seen { keys: LruCache::new(ENTRIES), absent: LruCache::new(ENTRIES) };
        Self { table, seen: Mutex::new(seen) }
    }

    pub(crate) fn table(&self) -> &K {
        &self.table
    }

    /// The lock is never held across an await.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: KeyReader + KeyUsage> KeyRing<K> {
    /// The key with that hash, as it was at most ten seconds before `now`. Records the first use on each day.
    pub(crate) async fn look_up(&self, hash: &KeyHash, now: SystemTime) -> Result<Lookup, KeyRingError> {
        if let Some(record) = self.seen().get(hash, now) {
            return Ok(Lookup { record, use_error: None });
        }
        let find = tokio::time::timeout(LIMIT, self.table.find(hash));
        let record = find.await.map_err(|_elapsed| KeyRingError::TimedOut)??;
        // The age counts from when the read began, since the response shows the table as it may have been then.
        self.seen().put(*hash, record.as_ref(), now);
        let valid = record.as_ref().filter(|record| record.is_valid(now.into()));
        let use_error = match valid.and_then(|record| record.use_to_note(now.into())) {
            Some(day) => self.table.note_use(hash, day).await.err(),
            None => None,
        };
        Ok(Lookup { record, use_error })
    }
}

impl Seen {
    /// The current entry of a hash: `Some(None)` if there is no such key, `None` if the table must be asked.
    fn get(&mut self, hash: &KeyHash, now: SystemTime) -> Option<Option<KeyRecord>> {
        if let Some((read_at, record)) = self.keys.get(hash) {
            return is_current(*read_at, now).then(|| Some(record.clone()));
        }
        let read_at = self.absent.get(hash)?;
        is_current(*read_at, now).then_some(None)
    }

    fn put(&mut self, hash: KeyHash, record: Option<&KeyRecord>, now: SystemTime) {
        match record {
            Some(record) => {
                self.absent.pop(&hash);
                self.keys.put(hash, (now, record.clone()));
            }
            None => {
                self.keys.pop(&hash);
                self.absent.put(hash, now);
            }
        }
    }
}

/// False as well if the clock was set back to before the read: the age of the entry is unknown then.
fn is_current(read_at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(read_at).is_ok_and(|age| age < TTL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryKeys, key};
    use links::{ApiKey, ScopeSet, Timestamp};
    use std::sync::atomic::Ordering;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(100 * 86_400) + Duration::from_secs_f64(seconds)
    }

    async fn owner(ring: &KeyRing<&MemoryKeys>, key: &ApiKey, seconds: f64) -> Option<String> {
        let lookup = ring.look_up(&key.hash(), at(seconds)).await.unwrap();
        lookup.record.map(|record| record.owner)
    }

    #[tokio::test]
    async fn an_entry_is_current_for_ten_seconds_however_often_it_is_used() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(key.hash(), record)]);
        let ring = KeyRing::new(&table);
        for (seconds, reads) in [(0.0, 1), (5.0, 1), (9.9, 1), (10.0, 2), (19.9, 2), (9.0, 3)] {
            assert_eq!(owner(&ring, &key, seconds).await.as_deref(), Some("ann"));
            assert_eq!(table.reads(), reads, "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn absence_is_current_as_long_and_ends_when_the_key_is_made() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::default();
        let ring = KeyRing::new(&table);
        assert_eq!(owner(&ring, &key, 0.0).await, None);
        table.keys.lock().unwrap().insert(key.hash(), record);
        assert_eq!(owner(&ring, &key, 9.9).await, None);
        assert_eq!(owner(&ring, &key, 10.0).await.as_deref(), Some("ann"));
        table.keys.lock().unwrap().clear();
        assert_eq!(owner(&ring, &key, 19.9).await.as_deref(), Some("ann"));
        assert_eq!(owner(&ring, &key, 20.0).await, None);
        assert_eq!(table.reads(), 3);
    }

    #[tokio::test]
    async fn trying_keys_at_random_evicts_none_in_use() {
        let (known, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(known.hash(), record)]);
        let ring = KeyRing::new(&table);
        owner(&ring, &known, 0.0).await;
        for attempt in 0..3_000_u32 {
            let mut bytes = [9; ApiKey::RANDOM_BYTES];
            for (byte, value) in bytes.iter_mut().zip(attempt.to_be_bytes()) {
                *byte = value;
            }
            owner(&ring, &ApiKey::from_random(&bytes), 1.0).await;
        }
        let reads = table.reads();
        owner(&ring, &known, 2.0).await;
        assert_eq!(table.reads(), reads);
        assert_eq!(ring.seen().absent.len(), ENTRIES.get());
    }

    #[tokio::test]
    async fn a_use_is_noted_once_a_day_and_never_for_a_revoked_key() {
        let (used, record) = key(1, "ann", ScopeSet::OWNER);
        let (revoked, mut gone) = key(2, "ann", ScopeSet::OWNER);
        gone.revoked_at = Some(Timestamp::from_unix_seconds(1));
        let table = MemoryKeys::with([(used.hash(), record), (revoked.hash(), gone)]);
        let ring = KeyRing::new(&table);
        for seconds in [0.0, 20.0, 86_399.0, 86_410.0] {
            owner(&ring, &used, seconds).await;
            owner(&ring, &revoked, seconds).await;
        }
        assert_eq!(*table.notes.lock().unwrap(), [8_640_000, 8_726_400]);
    }

    #[tokio::test]
    async fn a_use_that_cannot_be_noted_does_not_close_the_door() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(key.hash(), record)]);
        table.notes_fail.store(true, Ordering::Relaxed);
        let lookup = KeyRing::new(&table).look_up(&key.hash(), at(0.0)).await.unwrap();
        assert!(lookup.record.is_some() && lookup.use_error.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_does_not_respond_is_not_waited_for_and_not_cached() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = MemoryKeys::with([(key.hash(), record)]);
        table.hangs.store(true, Ordering::Relaxed);
        let ring = KeyRing::new(&table);
        let began = tokio::time::Instant::now();
        let error = ring.look_up(&key.hash(), at(0.0)).await.unwrap_err();
        assert!(matches!(error, KeyRingError::TimedOut), "{error}");
        assert_eq!(began.elapsed(), LIMIT);
        table.hangs.store(false, Ordering::Relaxed);
        assert_eq!(owner(&ring, &key, 1.0).await.as_deref(), Some("ann"));
    }
}
