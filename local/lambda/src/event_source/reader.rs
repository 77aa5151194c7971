//! The reader of one shard.

use std::sync::Arc;
use std::time::Duration;

use loopback_guard::Stop;
use tokio::time::{sleep, timeout};

use super::EventSource;
use super::event::event;
use crate::function::Invocation;
use crate::stream::{Batch, Shard};

/// Largest event of an invocation.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// Pause after a batch has failed, doubled with each further failure. Lambda's are longer.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Delivers the records of one shard in order.
pub(super) struct Reader {
    source: Arc<EventSource>,
    shard: Arc<Shard>,
}

impl Reader {
    pub(super) fn new(source: Arc<EventSource>, shard: Arc<Shard>) -> Self {
        Self { source, shard }
    }

    /// Delivers records until the shard is closed, or until `stop`, and in both cases all that are left. Returns the number
    /// of the shard.
    pub(super) async fn run(self, mut stop: Stop) -> usize {
        let mut checkpoint = 0;
        let mut pause = FIRST_PAUSE;
        while let Some(mut batch) = self.next(checkpoint, &mut stop).await {
            let effects = self.source.faults.draw(self.source.pool.name());
            if let Some(part) = effects.part {
                batch.cut(part);
            }
            sleep(effects.delay).await;
            if self.deliver(&batch, effects.kill_after).await {
                if effects.twice {
                    self.deliver(&batch, None).await;
                }
                checkpoint = batch.end().saturating_sub(effects.rewind);
                self.source.set_checkpoint(self.shard.id, checkpoint);
                pause = FIRST_PAUSE;
            } else {
                sleep(pause).await;
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
        self.shard.id
    }

    /// The next batch: as soon as it is full, or when the window after its first record is over. `None` if no record
    /// follows.
    async fn next(&self, checkpoint: u64, stop: &mut Stop) -> Option<Batch> {
        let EventSource { batch_size, window, .. } = *self.source;
        let full = checkpoint.saturating_add(batch_size as u64);
        let mut end = self.shard.end();
        tokio::select! {
            _ = end.wait_for(|end| end.position > checkpoint || end.is_closed) => {}
            () = stop.stopped() => {}
        }
        if end.borrow().position <= checkpoint {
            return None;
        }
        tokio::select! {
            _ = timeout(window, end.wait_for(|end| end.position >= full || end.is_closed)) => {}
            () = stop.stopped() => {}
        }
        Some(self.shard.read(checkpoint, batch_size, MAX_EVENT_BYTES))
    }

    /// Whether the function has processed the batch.
    async fn deliver(&self, batch: &Batch, kill_after: Option<Duration>) -> bool {
        let payload = event(self.source.stream.arn(), &self.shard, &batch.records);
        let invoked = self.source.pool.invoke(Invocation::of_service(payload, kill_after)).await;
        let is_done = invoked.is_ok_and(|completed| completed.outcome.is_ok());
        self.source.counters.count(is_done);
        is_done
    }
}
