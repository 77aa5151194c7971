//! The event source mapping between a stream and a function: one batch in flight per shard, in order, repeated until it
//! succeeds.
//!
//! Source: Lambda developer guide, "How Lambda processes records from Kinesis Data Streams".

mod event;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loopback_guard::Stop;
use tokio::task::JoinSet;

use crate::config;
use crate::fault::Faults;
use crate::function::Pool;
use crate::stats::Counters;
use crate::stream::{Shard, Stream};
use reader::Reader;

/// Most records of a batch.
///
/// Source: Lambda API reference, `CreateEventSourceMapping`.
const MAX_BATCH: usize = 10_000;

/// A stream, the function that gets its records, and how far it has come.
#[derive(Debug)]
pub(crate) struct EventSource {
    stream: Arc<Stream>,
    pool: Arc<Pool>,
    faults: Arc<Faults>,
    counters: Arc<Counters>,
    batch_size: usize,
    window: Duration,
    /// For each shard, the position up to which its records are processed.
    checkpoints: Mutex<BTreeMap<usize, u64>>,
}

impl EventSource {
    pub(crate) fn new(
        config: &config::EventSource,
        stream: Arc<Stream>,
        pool: Arc<Pool>,
        faults: Arc<Faults>,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        Arc::new(Self {
            stream,
            pool,
            faults,
            counters,
            batch_size: config.batch_size.clamp(1, MAX_BATCH),
            window: config.window,
            checkpoints: Mutex::default(),
        })
    }

    /// Delivers records until `stop`, and then those that are left. A shard comes after the one that it was split from.
    pub(crate) async fn run(self: Arc<Self>, mut stop: Stop) {
        let mut count = self.stream.count();
        let (mut begun, mut finished) = (BTreeSet::new(), BTreeSet::new());
        let mut readers = JoinSet::new();
        loop {
            for shard in self.stream.shards() {
                let is_next = shard.parent.is_none_or(|parent| finished.contains(&parent));
                if is_next && begun.insert(shard.id) {
                    readers.spawn(Reader::new(Arc::clone(&self), shard).run(stop.clone()));
                }
            }
            tokio::select! {
                Some(ended) = readers.join_next() => finished.extend(ended),
                Ok(()) = count.changed() => {}
                () = stop.stopped(), if readers.is_empty() => return,
            }
        }
    }

    /// Number of records that wait to be processed.
    pub(crate) fn waiting(&self) -> u64 {
        let checkpoints = self.checkpoints();
        let waiting = |shard: Arc<Shard>| {
            let checkpoint = checkpoints.get(&shard.id).copied().unwrap_or(0);
            shard.end().borrow().position.saturating_sub(checkpoint)
        };
        self.stream.shards().into_iter().map(waiting).sum()
    }

    fn set_checkpoint(&self, shard: usize, position: u64) {
        self.checkpoints().insert(shard, position);
    }

    fn checkpoints(&self) -> MutexGuard<'_, BTreeMap<usize, u64>> {
        // A position is valid after any panic.
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
