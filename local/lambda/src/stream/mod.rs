//! Kinesis Data Streams in memory: records in order within a shard, a shard chosen by the hash of the partition key,
//! shards that split.
//!
//! Source: Kinesis Data Streams developer guide, "Terminology and concepts", "Split a shard".

mod shard;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use tokio::sync::watch;

use crate::config;
use crate::ids::stream_arn;
pub(crate) use shard::{Batch, Record, Shard};

/// A stream.
#[derive(Debug)]
pub(crate) struct Stream {
    arn: String,
    /// Microseconds since 1970. Sequence numbers begin with it, so those of a later run are larger.
    created: i64,
    shards: Mutex<Vec<Arc<Shard>>>,
    /// Number of shards that there are or ever were.
    count: watch::Sender<usize>,
}

impl Stream {
    pub(crate) fn new(config: &config::Stream) -> Self {
        let created = Timestamp::now().as_microsecond();
        let count = u128::try_from(config.shards.max(1)).unwrap_or(1);
        let width = u128::MAX / count;
        let mut shards = Vec::new();
        for number in 0..count {
            let last = if number + 1 == count { u128::MAX } else { width * (number + 1) - 1 };
            shards.push(Arc::new(Shard::new(shards.len(), width * number..=last, None, created)));
        }
        let (count, _) = watch::channel(shards.len());
        Self { arn: stream_arn(&config.name), created, shards: Mutex::new(shards), count }
    }

    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// Adds a record and returns its sequence number.
    pub(crate) fn put(&self, partition_key: &str, data: Bytes) -> String {
        let hash = u128::from_be_bytes(Md5::digest(partition_key).into());
        let shards = self.lock();
        // The open shards cover all hashes. Were there none, the record would go where the others are.
        let shard = shards.iter().find(|shard| shard.takes(hash)).or_else(|| shards.first());
        shard.map(|shard| shard.put(partition_key, data, Timestamp::now())).unwrap_or_default()
    }

    /// Closes a shard and opens two that share its hashes. `false` if there is no open shard with this number.
    pub(crate) fn split(&self, id: usize) -> bool {
        let mut shards = self.lock();
        let Some(parent) = shards.get(id).filter(|shard| shard.is_open()).cloned() else {
            return false;
        };
        let Some((low, high)) = parent.halves() else {
            return false;
        };
        parent.close();
        for keys in [low, high] {
            let child = Shard::new(shards.len(), keys, Some(id), self.created);
            shards.push(Arc::new(child));
        }
        self.count.send_replace(shards.len());
        true
    }

    /// All shards, also those that are closed.
    pub(crate) fn shards(&self) -> Vec<Arc<Shard>> {
        self.lock().clone()
    }

    /// Tells of new shards.
    pub(crate) fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Shard>>> {
        // A shard is added as a whole.
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(shards: usize) -> Stream {
        let mut config = config::Stream::new("s");
        config.shards = shards;
        Stream::new(&config)
    }

    fn keys(shard: &Shard) -> Vec<String> {
        shard.read(0, usize::MAX, usize::MAX).records.iter().map(|record| record.partition_key.clone()).collect()
    }

    #[test]
    fn a_key_always_goes_to_the_same_shard() {
        let stream = stream(3);
        for number in 0..300 {
            stream.put(&format!("key {}", number % 30), Bytes::new());
        }
        let found: Vec<_> = stream.shards().iter().map(|shard| keys(shard)).collect();
        assert_eq!(found.iter().map(Vec::len).sum::<usize>(), 300);
        for keys in &found {
            assert!(keys.len() > 30, "{found:?}");
            let elsewhere = |key: &String| found.iter().filter(|others| others.contains(key)).count();
            assert!(keys.iter().all(|key| elsewhere(key) == 1));
        }
    }

    #[test]
    fn sequence_numbers_grow_within_a_shard_and_across_runs() {
        let mut all = Vec::new();
        for _run in 0..3 {
            let stream = stream(1);
            all.extend((0..20).map(|_| stream.put("key", Bytes::new())));
        }
        assert!(all.iter().all(|number| number.len() == 56 && number.bytes().all(|byte| byte.is_ascii_digit())));
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
    }

    #[test]
    fn the_halves_of_a_shard_take_over_its_keys() {
        let stream = stream(1);
        let put = || (0..40).for_each(|number| drop(stream.put(&format!("key {number}"), Bytes::new())));
        put();
        assert!(stream.split(0) && !stream.split(0) && !stream.split(7));
        put();
        let shards = stream.shards();
        let found: Vec<_> = shards.iter().map(|shard| keys(shard).len()).collect();
        assert_eq!((found[0], found[1] + found[2]), (40, 40));
        assert!(found[1] > 5 && found[2] > 5, "{found:?}");
        assert_eq!(shards.iter().map(|shard| shard.parent).collect::<Vec<_>>(), [None, Some(0), Some(0)]);
        assert_eq!(*stream.count().borrow(), 3);
    }
}
