//! One shard: records in the order of their sequence numbers.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

/// Most bytes of records that are kept, for those who read them late or again. On AWS time is the limit.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A shard of a stream.
#[derive(Debug)]
pub(crate) struct Shard {
    /// Its number in the stream.
    pub(crate) id: usize,
    /// The shard that was split into this one and another.
    pub(crate) parent: Option<usize>,
    /// Hashes of the partition keys that it takes.
    keys: RangeInclusive<u128>,
    /// See [`Stream`](super::Stream).
    created: i64,
    kept: Mutex<Kept>,
    end: watch::Sender<End>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Position of the first record that is kept.
    first: u64,
    records: VecDeque<Arc<Record>>,
    bytes: usize,
}

/// How far a shard goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct End {
    /// Number of records so far.
    pub(crate) position: u64,
    /// No record follows.
    pub(crate) is_closed: bool,
}

/// A record.
#[derive(Debug)]
pub(crate) struct Record {
    /// 56 digits.
    pub(crate) sequence_number: String,
    pub(crate) partition_key: String,
    pub(crate) data: Bytes,
    pub(crate) arrived: Timestamp,
}

/// Records that follow each other.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Position of the first one.
    pub(crate) start: u64,
    pub(crate) records: Vec<Arc<Record>>,
}

impl Batch {
    /// Position after the last one.
    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(self.records.len() as u64)
    }

    /// Keeps a part of it, from 0 to 1, but at least one record.
    pub(crate) fn cut(&mut self, part: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small number")]
        let length = (self.records.len() as f64 * part) as usize;
        self.records.truncate(length.max(1));
    }
}

impl Shard {
    pub(super) fn new(id: usize, keys: RangeInclusive<u128>, parent: Option<usize>, created: i64) -> Self {
        let (end, _) = watch::channel(End { position: 0, is_closed: false });
        Self { id, parent, keys, created, kept: Mutex::default(), end }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.end.borrow().is_closed
    }

    pub(super) fn takes(&self, hash: u128) -> bool {
        self.is_open() && self.keys.contains(&hash)
    }

    /// The two halves of its hashes; `None` if it has only one.
    pub(super) fn halves(&self) -> Option<(RangeInclusive<u128>, RangeInclusive<u128>)> {
        let (first, last) = (*self.keys.start(), *self.keys.end());
        let middle = first + (last - first) / 2;
        (first < last).then(|| (first..=middle, middle + 1..=last))
    }

    pub(super) fn close(&self) {
        self.end.send_modify(|end| end.is_closed = true);
    }

    pub(super) fn put(&self, partition_key: &str, data: Bytes, now: Timestamp) -> String {
        let mut kept = self.kept();
        let position = kept.first + kept.records.len() as u64;
        // The form of those on AWS, which begin with 496 and have 56 digits as well.
        let sequence_number = format!("4960{:020}{:08}{position:024}", self.created, self.id);
        kept.bytes += data.len();
        kept.records.push_back(Arc::new(Record {
            sequence_number: sequence_number.clone(),
            partition_key: partition_key.to_owned(),
            data,
            arrived: now,
        }));
        while kept.bytes > MAX_BYTES && kept.records.len() > 1 {
            if let Some(expired) = kept.records.pop_front() {
                kept.bytes -= expired.data.len();
                kept.first += 1;
            }
        }
        self.end.send_modify(|end| end.position = position + 1);
        sequence_number
    }

    /// Reads from a position on, or from the first record that is still kept: at most `records` of at most `bytes`, but at
    /// least one if there is one.
    pub(crate) fn read(&self, position: u64, records: usize, bytes: usize) -> Batch {
        let kept = self.kept();
        let start = position.max(kept.first);
        let skipped = usize::try_from(start - kept.first).unwrap_or(usize::MAX);
        let mut size = 0_usize;
        let fits = |record: &&Arc<Record>| {
            let is_first = size == 0;
            size = size.saturating_add(record.size());
            is_first || size <= bytes
        };
        let records = kept.records.iter().skip(skipped).take(records).take_while(fits).cloned().collect();
        Batch { start, records }
    }

    /// Tells how far it goes.
    pub(crate) fn end(&self) -> watch::Receiver<End> {
        self.end.subscribe()
    }

    /// The name of the shard on AWS.
    pub(crate) fn name(&self) -> String {
        format!("shardId-{:012}", self.id)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic between two assignments makes a wrong sum of bytes, nothing else.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    /// About as many bytes as it takes in an event.
    fn size(&self) -> usize {
        self.data.len() / 3 * 4 + self.partition_key.len() + 600
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(records: usize, bytes: usize) -> Shard {
        let shard = Shard::new(0, 0..=u128::MAX, None, 1);
        for number in 0..records {
            shard.put(&number.to_string(), vec![0; bytes].into(), Timestamp::UNIX_EPOCH);
        }
        shard
    }

    #[test]
    fn a_batch_has_a_limit_of_records_and_one_of_bytes() {
        for (position, records, bytes, expected) in [
            (0, 100, usize::MAX, 0..10),
            (3, 100, usize::MAX, 3..10),
            (3, 2, usize::MAX, 3..5),
            (10, 2, usize::MAX, 10..10),
            (0, 100, 4_000, 0..2),
            (0, 100, 1, 0..1),
        ] {
            let batch = shard(10, 900).read(position, records, bytes);
            assert_eq!(batch.start..batch.end(), expected, "{position} {records} {bytes}");
        }
    }

    #[test]
    fn a_cut_batch_keeps_a_record() {
        for (part, expected) in [(0.0, 1), (0.35, 3), (0.99, 9)] {
            let mut batch = shard(10, 1).read(0, 10, usize::MAX);
            batch.cut(part);
            assert_eq!(batch.records.len(), expected, "{part}");
        }
    }

    #[test]
    fn the_oldest_records_expire() {
        let shard = shard(5, MAX_BYTES / 3);
        let batch = shard.read(0, 10, usize::MAX);
        assert_eq!((batch.start, batch.records.len()), (2, 3));
        assert_eq!(batch.records[0].partition_key, "2");
    }
}
