//! Who opens a connection to a node: a few callers at a time.
//!
//! Without this, a node that comes back would meet a new connection from every waiting caller at once. A node that is too
//! slow for all of them proves none in time; all are thrown away, opened again, and fail again.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::select;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// The new connections of a node, from the attempt to open them to their first answer.
#[derive(Debug)]
pub(super) struct Opening {
    slots: Arc<Semaphore>,
    /// Callers that wait for a slot, or for a connection that another call gives back.
    seekers: AtomicUsize,
    /// Wakes one seeker for each connection that another call gives back.
    returned: Notify,
    /// Wakes all who wait for a connection when one could not be opened.
    failed: Notify,
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    count: u64,
    last: Option<(SocketAddr, Error)>,
}

/// The right to open a connection, held until the node has answered on it.
#[derive(Debug)]
pub(super) struct Slot {
    /// Given back when dropped.
    _permit: OwnedSemaphorePermit,
}

/// What a caller got instead of an idle connection.
#[derive(Debug)]
pub(super) enum NoneIdle {
    /// The right to open one.
    Slot(Slot),
    /// The node could not be reached by another call meanwhile. There is no need to try that too.
    Failed(Error),
}

impl Opening {
    pub(super) fn new(most: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            seekers: AtomicUsize::new(0),
            returned: Notify::new(),
            failed: Notify::new(),
            failures: Mutex::default(),
        }
    }

    /// A slot at once, if there is one.
    pub(super) fn try_slot(&self) -> Option<Slot> {
        Arc::clone(&self.slots).try_acquire_owned().ok().map(|permit| Slot { _permit: permit })
    }

    /// Waits for the first of: a slot, an idle connection that `take` finds, a failure of a call that has a slot.
    /// Cancel-safe. The caller bounds the wait.
    pub(super) async fn seek<C>(&self, mut take: impl FnMut() -> Option<C>) -> Result<C, NoneIdle> {
        let _seeker = Seeker::new(&self.seekers);
        let mut slot = pin!(Arc::clone(&self.slots).acquire_owned());
        let mut failure = pin!(self.failure());
        loop {
            let mut returned = pin!(self.returned.notified());
            // What comes back from here on is not missed.
            returned.as_mut().enable();
            if let Some(connection) = take() {
                return Ok(connection);
            }
            select! {
                biased;
                // Before a slot, which the call that failed gives back.
                error = &mut failure => return Err(NoneIdle::Failed(error)),
                // The semaphore is never closed.
                Ok(permit) = &mut slot => {
                    let slot = Slot { _permit: permit };
                    return take().ok_or(NoneIdle::Slot(slot));
                }
                () = returned => {}
            }
        }
    }

    /// Waits for the next failure of a call that has a slot.
    pub(super) async fn failure(&self) -> Error {
        let before = self.failures().count;
        loop {
            let mut failed = pin!(self.failed.notified());
            failed.as_mut().enable();
            if let Some(error) = self.failure_since(before) {
                return error;
            }
            failed.await;
        }
    }

    /// A connection is idle. Called for every answer, so it costs nothing if nobody seeks one.
    pub(super) fn returned(&self) {
        // A seeker counts itself before it looks for an idle connection, under the lock under which this one became idle.
        if self.seekers.load(Ordering::Relaxed) != 0 {
            self.returned.notify_one();
        }
    }

    /// A new connection to the node at `endpoint` failed, or the node was given up: all who wait fail with it.
    pub(super) fn failed(&self, endpoint: SocketAddr, error: &Error) {
        {
            let mut failures = self.failures();
            failures.count += 1;
            failures.last = Some((endpoint, as_seen_by_others(endpoint, error)));
        }
        self.failed.notify_waiters();
    }

    fn failure_since(&self, count: u64) -> Option<Error> {
        let failures = self.failures();
        let (endpoint, error) = failures.last.as_ref().filter(|_| failures.count != count)?;
        Some(as_seen_by_others(*endpoint, error))
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of calls that waited for a connection while another call met `error`. They have sent nothing.
fn as_seen_by_others(endpoint: SocketAddr, error: &Error) -> Error {
    let copy = |source: &io::Error| io::Error::new(source.kind(), source.to_string());
    match error {
        Error::Tls { server_name, source, .. } => {
            Error::Tls { endpoint, server_name: server_name.clone(), source: copy(source) }
        }
        Error::Connect { source, .. } | Error::Broken { source, .. } => {
            Error::Connect { endpoint, source: copy(source) }
        }
        _ => Error::Connect { endpoint, source: io::Error::other(error.to_string()) },
    }
}

/// Counted for as long as it lives.
struct Seeker<'a>(&'a AtomicUsize);

impl<'a> Seeker<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Seeker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
