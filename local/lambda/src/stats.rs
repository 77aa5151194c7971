//! Counters of the deliveries to a function.

use std::sync::atomic::{AtomicU64, Ordering};

/// What has become of the lines and records that are on their way to a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryStats {
    /// Log lines, messages and records that wait or are being processed. With 0 the function has processed everything.
    pub waiting: u64,
    /// Batches that the function has processed.
    pub delivered: u64,
    /// Batches that it has failed on. Those of a stream are repeated.
    pub failed: u64,
    /// Lines that were lost, and messages that were given up.
    pub lost: u64,
}

/// The counters behind [`DeliveryStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    delivered: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    /// A batch was processed, or not.
    pub(crate) fn count(&self, is_done: bool) {
        let counter = if is_done { &self.delivered } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A message was given up.
    pub(crate) fn gave_up(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters, with nothing that waits.
    pub(crate) fn stats(&self) -> DeliveryStats {
        DeliveryStats {
            waiting: 0,
            delivered: self.delivered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }
}
