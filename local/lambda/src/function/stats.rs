//! Counters of a function's environments.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// The live environments of a function, and what has happened to all of them so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Process ids of the live environments, in no particular order.
    pub pids: Vec<u32>,
    /// Live environments that wait for an invocation.
    pub idle: usize,
    /// Processes started since the platform started.
    pub started: u64,
    /// Environments killed because an invocation overran its deadline.
    pub timed_out: u64,
    /// Environments that ended on their own while they had work to do, or that could not start.
    pub crashed: u64,
}

/// The counters behind [`FunctionStats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    live: watch::Sender<BTreeSet<u32>>,
    started: AtomicU64,
    timed_out: AtomicU64,
    crashed: AtomicU64,
}

impl Counters {
    pub(super) fn started(&self, pid: Option<u32>) {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.live.send_modify(|live| live.extend(pid));
    }

    pub(super) fn ended(&self, pid: Option<u32>) {
        self.live.send_modify(|live| live.retain(|other| Some(*other) != pid));
    }

    pub(super) fn timed_out(&self) {
        self.timed_out.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn crashed(&self) {
        self.crashed.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until no process is left.
    pub(super) async fn all_ended(&self) {
        // The sender lives as long as this borrow.
        let _ = self.live.subscribe().wait_for(BTreeSet::is_empty).await;
    }

    pub(super) fn stats(&self, idle: usize) -> FunctionStats {
        FunctionStats {
            pids: self.live.borrow().iter().copied().collect(),
            idle,
            started: self.started.load(Ordering::Relaxed),
            timed_out: self.timed_out.load(Ordering::Relaxed),
            crashed: self.crashed.load(Ordering::Relaxed),
        }
    }
}
