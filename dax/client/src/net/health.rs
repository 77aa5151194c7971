//! Whether a node is fit to get calls.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without a background task to probe it, an evicted node gets one call again after this time.
const PROBE_WITH_TRAFFIC_AFTER: Duration = Duration::from_secs(1);

/// Errors in a row, and what follows from them.
#[derive(Debug, Default)]
pub(super) struct Health {
    errors_in_a_row: AtomicU32,
    evicted: AtomicBool,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// When an evicted node was last given up, or given a call to prove itself.
    tried: Option<Instant>,
    succeeded: Option<Instant>,
}

impl Health {
    /// An answer came: the node is fit, whatever happened before.
    pub(super) fn succeeded(&self, now: Instant) {
        // Both are looked at: a failure on another thread may have counted before this reset and evict after it.
        if self.errors_in_a_row.load(Ordering::Relaxed) != 0 || self.is_evicted() {
            self.errors_in_a_row.store(0, Ordering::Relaxed);
            self.evicted.store(false, Ordering::Relaxed);
        }
        self.times().succeeded = Some(now);
    }

    /// Counts a failure; whether it evicts the node.
    pub(super) fn failed(&self, limit: u32) -> bool {
        let errors = self.errors_in_a_row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if errors < limit {
            return false;
        }
        self.times().tried = Some(Instant::now());
        !self.evicted.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Whether calls are routed here. Without a `prober`, a call now and then finds out whether an evicted node is back.
    pub(super) fn is_routed(&self, prober: bool) -> bool {
        if !self.is_evicted() {
            return true;
        }
        if prober {
            return false;
        }
        let mut times = self.times();
        let due = times.tried.is_none_or(|at| at.elapsed() >= PROBE_WITH_TRAFFIC_AFTER);
        if due {
            times.tried = Some(Instant::now());
        }
        due
    }

    pub(super) fn last_success(&self) -> Option<Instant> {
        self.times().succeeded
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
