//! Which keys are valid: asked of their table, and remembered for a moment.
//!
//! What was read is believed for ten seconds, so a revoked key opens nothing after that. The deadline is absolute: being
//! used does not prolong it. Keys that exist and hashes that do not are remembered apart, so that whoever tries keys at
//! random does not push out those that are in use.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use links::{
    KeyHash, KeyRecord, StoreError,
    key::{KeyReader, KeyUsage},
};
use lru::LruCache;

/// How long it may take until a revocation is known everywhere.
const TTL: Duration = Duration::from_secs(10);
/// Most keys remembered, and most hashes that no key has: about 200 bytes each.
const ENTRIES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// Longest wait for the table of keys, so that the request's own work still fits into the function's timeout.
const LIMIT: Duration = Duration::from_millis(1_500);

/// The keys that this process has seen, in front of their table.
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
    #[error("the table of keys failed")]
    Store(#[from] StoreError),
    #[error("the table of keys did not answer within {} ms", LIMIT.as_millis())]
    TimedOut,
}

/// What is known of a key.
#[derive(Debug)]
pub(crate) struct Looked {
    /// Its record, unless there is no such key. It may be revoked.
    pub(crate) record: Option<KeyRecord>,
    /// That its use could not be noted, which is no reason to refuse it.
    pub(crate) not_noted: Option<StoreError>,
}

impl<K> KeyRing<K> {
    pub(crate) fn new(table: K) -> Self {
        let seen = Seen { keys: LruCache::new(ENTRIES), absent: LruCache::new(ENTRIES) };
        Self { table, seen: Mutex::new(seen) }
    }

    pub(crate) fn table(&self) -> &K {
        &self.table
    }

    /// Never held across an await.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: KeyReader + KeyUsage> KeyRing<K> {
    /// The key of that hash, as it was at most ten seconds before `now`. Notes the first use on each day.
    pub(crate) async fn look_up(&self, hash: &KeyHash, now: SystemTime) -> Result<Looked, KeyRingError> {
        if let Some(record) = self.seen().get(hash, now) {
            return Ok(Looked { record, not_noted: None });
        }
        let record =
            tokio::time::timeout(LIMIT, self.table.find(hash)).await.map_err(|_elapsed| KeyRingError::TimedOut)??;
        // As old as the question, not as the answer.
        self.seen().put(*hash, record.as_ref(), now);
        let day =
            record.as_ref().filter(|record| !record.is_revoked()).and_then(|record| record.use_to_note(now.into()));
        let not_noted = match day {
            Some(day) => self.table.note_use(hash, day).await.err(),
            None => None,
        };
        Ok(Looked { record, not_noted })
    }
}

impl Seen {
    /// What was read a moment ago: `Some(None)` is that there is no such key.
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

/// False as well when the clock was set back behind the reading: then nothing is known of its age.
fn is_current(read_at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(read_at).is_ok_and(|age| age < TTL)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use links::{ApiKey, ScopeSet, Timestamp};
    use std::{
        collections::HashMap,
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    };

    /// A table of keys in memory that counts what it is asked.
    #[derive(Debug, Default)]
    pub(crate) struct Table {
        pub(crate) keys: Mutex<HashMap<KeyHash, KeyRecord>>,
        pub(crate) reads: AtomicUsize,
        pub(crate) notes: Mutex<Vec<u64>>,
        pub(crate) hangs: AtomicBool,
        pub(crate) notes_fail: AtomicBool,
    }

    impl Table {
        pub(crate) fn with(records: impl IntoIterator<Item = (KeyHash, KeyRecord)>) -> Self {
            Self { keys: Mutex::new(records.into_iter().collect()), ..Self::default() }
        }

        pub(crate) fn reads(&self) -> usize {
            self.reads.load(Ordering::Relaxed)
        }
    }

    impl KeyReader for &Table {
        async fn find(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            if self.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            Ok(self.keys.lock().unwrap().get(hash).cloned())
        }
    }

    impl KeyUsage for &Table {
        async fn note_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), StoreError> {
            if self.notes_fail.load(Ordering::Relaxed) {
                return Err(failure());
            }
            self.notes.lock().unwrap().push(day.unix_seconds());
            if let Some(record) = self.keys.lock().unwrap().get_mut(hash) {
                record.last_used_on = Some(day);
            }
            Ok(())
        }
    }

    pub(crate) fn failure() -> StoreError {
        StoreError::Unavailable { operation: "GetItem", source: "refused".into() }
    }

    /// A key of `owner` whose bytes are all `seed`.
    pub(crate) fn key(seed: u8, owner: &str, scopes: ScopeSet) -> (ApiKey, KeyRecord) {
        let key = ApiKey::from_random(&[seed; ApiKey::RANDOM_BYTES]);
        let made = Timestamp::from_unix_seconds(0);
        let record = KeyRecord::new(key.id().clone(), owner, scopes, made);
        (key, record)
    }

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(100 * 86_400) + Duration::from_secs_f64(seconds)
    }

    async fn owner(ring: &KeyRing<&Table>, key: &ApiKey, seconds: f64) -> Option<String> {
        let looked = ring.look_up(&key.hash(), at(seconds)).await.unwrap();
        looked.record.map(|record| record.owner)
    }

    #[tokio::test]
    async fn what_was_read_is_believed_for_ten_seconds_however_often_it_is_used() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = Table::with([(key.hash(), record)]);
        let ring = KeyRing::new(&table);
        for (seconds, reads) in [(0.0, 1), (5.0, 1), (9.9, 1), (10.0, 2), (19.9, 2), (9.0, 3)] {
            assert_eq!(owner(&ring, &key, seconds).await.as_deref(), Some("ann"));
            assert_eq!(table.reads(), reads, "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn absence_is_believed_as_long_and_ends_when_the_key_is_made() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = Table::default();
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
    async fn whoever_tries_keys_pushes_out_none_that_is_in_use() {
        let (known, record) = key(1, "ann", ScopeSet::OWNER);
        let table = Table::with([(known.hash(), record)]);
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
    async fn a_use_is_noted_once_a_day_and_not_that_of_a_revoked_key() {
        let (used, record) = key(1, "ann", ScopeSet::OWNER);
        let (revoked, mut gone) = key(2, "ann", ScopeSet::OWNER);
        gone.revoked_at = Some(Timestamp::from_unix_seconds(1));
        let table = Table::with([(used.hash(), record), (revoked.hash(), gone)]);
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
        let table = Table::with([(key.hash(), record)]);
        table.notes_fail.store(true, Ordering::Relaxed);
        let looked = KeyRing::new(&table).look_up(&key.hash(), at(0.0)).await.unwrap();
        assert!(looked.record.is_some() && looked.not_noted.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_does_not_answer_is_not_waited_for_and_not_remembered() {
        let (key, record) = key(1, "ann", ScopeSet::OWNER);
        let table = Table::with([(key.hash(), record)]);
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
