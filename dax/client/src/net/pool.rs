//! The idle connections of one node, and the right to have one more.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::select;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::connection::Connection;
use super::opening::{NoneIdle, Opening};
use crate::error::Error;

/// Bounds the connections of a node and keeps the idle ones, last used first.
///
/// A caller holds a [permit](Self::permit) for as long as it uses a connection, and opens one only when it holds a
/// permit, finds none idle, and has a slot; so there are never more connections than permits, nor more new ones than slots.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Last used last.
    idle: Mutex<Idle>,
    permits: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
    opening: Opening,
}

/// A call takes a connection and gives it back in its box, instead of copying it.
type Idle = Vec<Box<Connection>>;

/// Why a caller does not get to use a connection.
#[derive(Debug)]
pub(super) enum NoPermit {
    /// The queue of callers waiting for one is full.
    QueueFull,
    /// Another call could not open one.
    Failed(Error),
}

impl Pool {
    pub(crate) fn new(max_connections: usize, max_waiting: usize, max_opening: usize) -> Self {
        Self {
            idle: Mutex::default(),
            permits: Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            max_waiting,
            opening: Opening::new(max_opening),
        }
    }

    /// The right to use one connection; waits in line when all are in use, but not behind calls that cannot connect.
    /// Cancel-safe. The caller bounds the wait.
    pub(super) async fn permit(&self) -> Result<SemaphorePermit<'_>, NoPermit> {
        if let Some(permit) = self.try_permit() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        select! {
            biased;
            // Before a permit, which the call that failed gives back.
            error = self.opening.failure() => Err(NoPermit::Failed(error)),
            // The semaphore is never closed.
            permit = self.permits.acquire() => permit.map_err(|_closed| NoPermit::QueueFull),
        }
    }

    /// The right to use one connection, if no one has to wait for it.
    pub(crate) fn try_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
    }

    /// The connection of this runtime that was used last, if that is less than `limit` ago and its peer left it alone.
    /// Others are dropped on the way: after a longer time the peer may have vanished without a word, as during the freeze
    /// of a Lambda environment.
    pub(crate) fn take(&self, now: Instant, limit: Duration) -> Option<Box<Connection>> {
        let here = Handle::current().id();
        loop {
            let mut connection = self.pop(here)?;
            if connection.idle_for(now) < limit && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    fn pop(&self, runtime: Id) -> Option<Box<Connection>> {
        let mut idle = self.lock();
        let at = idle.iter().rposition(|connection| connection.is_of(runtime))?;
        Some(idle.remove(at))
    }

    /// Drops idle connections, of other runtimes as it must be, so that there may be one more.
    pub(super) fn make_room(&self) {
        let mut idle = self.lock();
        let surplus = idle.len().saturating_sub(self.permits.available_permits());
        idle.drain(..surplus);
    }

    /// A connection as [`take`](Self::take) gives it, or the right to open one, or the failure of a call that did. Waits
    /// while as many new connections as may be are not proven yet. The caller holds a permit, and bounds the wait.
    pub(super) async fn seek(&self, limit: Duration) -> Result<Box<Connection>, NoneIdle> {
        match self.opening.try_slot() {
            Some(slot) => Err(NoneIdle::Slot(slot)),
            None => self.opening.seek(|| self.take(Instant::now(), limit)).await,
        }
    }

    /// Fails all calls that seek a connection, because `error` says that there is none to be had from `endpoint`.
    pub(crate) fn fail_seekers(&self, endpoint: SocketAddr, error: &Error) {
        self.opening.failed(endpoint, error);
    }

    /// Takes back a connection on which no answer is due.
    pub(crate) fn put(&self, mut connection: Box<Connection>, now: Instant) {
        connection.set_idle(now);
        self.lock().push(connection);
        self.opening.returned();
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
    fn take(waiting: &'a AtomicUsize, max: usize) -> Result<Self, NoPermit> {
        let place = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        if before < max { Ok(place) } else { Err(NoPermit::QueueFull) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
