//! Admission: how many invocations of a function run at a time, and how many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The invocation was refused: every environment is busy and the queue is full.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Throttled;

/// The environments that may exist at a time, and the queue for them.
#[derive(Debug)]
pub(super) struct Slots {
    /// One permit per environment that is busy or starting; waiting for one is the queue.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl Slots {
    pub(super) fn new(concurrency: usize, queue: usize) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(concurrency.max(1)));
        Arc::new(Self { permits, waiting: AtomicUsize::new(0), queue })
    }

    /// Takes a free slot, or a place in the queue for one.
    ///
    /// # Errors
    /// [`Throttled`] if there is neither, or after [`close`](Self::close).
    pub(super) fn enter(self: &Arc<Self>) -> Result<Place, Throttled> {
        if self.permits.is_closed() {
            return Err(Throttled);
        }
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(Place::Slot(permit));
        }
        let queued = self.waiting.fetch_add(1, Ordering::AcqRel);
        let place = Queued(Arc::clone(self));
        if queued >= self.queue { Err(Throttled) } else { Ok(Place::Queue(place)) }
    }

    /// Refuses new invocations, and those that wait.
    pub(super) fn close(&self) {
        self.permits.close();
    }
}

/// The right to run one invocation, now or later.
pub(super) enum Place {
    Slot(OwnedSemaphorePermit),
    Queue(Queued),
}

impl Place {
    /// Waits for a slot; `None` if the slots are closed first.
    pub(super) async fn slot(self) -> Option<OwnedSemaphorePermit> {
        match self {
            Self::Slot(permit) => Some(permit),
            // The place is held until the permit is there.
            Self::Queue(place) => Arc::clone(&place.0.permits).acquire_owned().await.ok(),
        }
    }
}

/// A place in the queue, given up when dropped.
pub(super) struct Queued(Arc<Slots>);

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
