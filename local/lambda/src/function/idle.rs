//! The environments of a function that wait for an invocation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::environment::Environment;

/// About the duration of a cold start, so that waiting is never much the worse choice.
const FINISHING_PATIENCE: Duration = Duration::from_millis(50);

/// Idle environments, and those that will be idle within a moment.
#[derive(Debug, Default)]
pub(super) struct Idle {
    entries: Mutex<Entries>,
    /// Environments that have responded but not yet asked for more.
    finishing: AtomicUsize,
    /// Notified when one of them is done.
    finished: Notify,
}

#[derive(Debug, Default)]
struct Entries {
    /// Last used last.
    waiting: Vec<Entry>,
    closed: bool,
}

#[derive(Debug)]
struct Entry {
    environment: Environment,
    since: Instant,
}

impl Idle {
    /// Adds an environment, or ends it if the pool is closed.
    pub(super) fn put(&self, environment: Environment) {
        let mut entries = self.entries();
        if !entries.closed {
            entries.waiting.push(Entry { environment, since: Instant::now() });
        }
    }

    /// Takes an idle environment, or one that has responded and is idle within a moment.
    ///
    /// A caller that gets its response and calls again is faster than the process that goes from its response to
    /// `next`. Over a real network it never is; here it would pay for a cold start each time.
    pub(super) async fn take(&self) -> Option<Environment> {
        let deadline = Instant::now() + FINISHING_PATIENCE;
        loop {
            let finished = self.finished.notified();
            // In this order: an environment is put back before it is no longer counted.
            let any_finishing = self.finishing.load(Ordering::Acquire) > 0;
            let idle = self.take_newest();
            if idle.is_some() || !any_finishing || timeout_at(deadline, finished).await.is_err() {
                return idle;
            }
        }
    }

    /// The environment that was used last: Lambda favours it too, so the others can expire.
    fn take_newest(&self) -> Option<Environment> {
        self.entries().waiting.pop().map(|entry| entry.environment)
    }

    /// Counts an environment as finishing until the guard is dropped.
    pub(super) fn finishing(&self) -> Finishing<'_> {
        self.finishing.fetch_add(1, Ordering::AcqRel);
        Finishing(self)
    }

    /// Ends environments that have been idle for `expiry` or longer, or whose process has died.
    pub(super) fn remove_expired(&self, expiry: Duration) {
        let is_fresh = |entry: &Entry| entry.since.elapsed() < expiry && entry.environment.is_alive();
        self.entries().waiting.retain(is_fresh);
    }

    /// Ends every idle environment, now and from now on.
    pub(super) fn close(&self) {
        let mut entries = self.entries();
        entries.closed = true;
        entries.waiting.clear();
    }

    pub(super) fn count(&self) -> usize {
        self.entries().waiting.len()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // Both members are valid after any panic.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An environment between its response and its next request for work.
pub(super) struct Finishing<'a>(&'a Idle);

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        self.0.finishing.fetch_sub(1, Ordering::AcqRel);
        self.0.finished.notify_waiters();
    }
}
