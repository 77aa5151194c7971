//! The idle connections of one node, and the right to have one more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::connection::Connection;

/// Bounds the connections of a node and keeps the idle ones, last used first.
///
/// A caller holds a [permit](Self::permit) for as long as it uses a connection, and opens one only when it holds a
/// permit and finds none idle; so there are never more connections than permits.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Last used last.
    idle: Mutex<Idle>,
    permits: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

/// A call takes a connection and gives it back in its box, instead of copying it.
type Idle = Vec<Box<Connection>>;

/// The queue of callers waiting for a connection is full.
#[derive(Debug)]
pub(crate) struct QueueFull;

impl Pool {
    pub(crate) fn new(max_connections: usize, max_waiting: usize) -> Self {
        Self {
            idle: Mutex::default(),
            permits: Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// The right to use one connection; waits in line when all are in use. Cancel-safe. The caller bounds the wait.
    pub(crate) async fn permit(&self) -> Result<SemaphorePermit<'_>, QueueFull> {
        if let Some(permit) = self.try_permit() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        // The semaphore is never closed.
        self.permits.acquire().await.map_err(|_closed| QueueFull)
    }

    /// The right to use one connection, if no one has to wait for it.
    pub(crate) fn try_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
    }

    /// The connection used last, if that is less than `limit` ago and its peer left it alone. Others are dropped on the
    /// way: after a longer time the peer may have vanished without a word, as during the freeze of a Lambda environment.
    pub(crate) fn take(&self, now: Instant, limit: Duration) -> Option<Box<Connection>> {
        loop {
            let mut connection = self.lock().pop()?;
            if connection.idle_for(now) < limit && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Takes back a connection on which no answer is due.
    pub(crate) fn put(&self, mut connection: Box<Connection>, now: Instant) {
        connection.set_idle(now);
        self.lock().push(connection);
    }

    /// Drops idle connections that are dead, and those that were idle for longer than `limit`.
    pub(crate) fn reap(&self, now: Instant, limit: Duration) {
        self.lock().retain_mut(|connection| connection.idle_for(now) < limit && connection.is_quiet());
    }

    /// Drops all idle connections.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn idle(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line of waiting callers, given up when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, QueueFull> {
        let place = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        if before < max { Ok(place) } else { Err(QueueFull) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
