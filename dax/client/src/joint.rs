//! Work that one task does and many callers wait for, each no longer than it can.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// At most one run of a piece of work at a time, in its own task: a caller that gives up does not end it.
#[derive(Debug)]
pub(crate) struct Joint<T>(Mutex<Option<Running<T>>>);

#[derive(Debug)]
struct Running<T> {
    begun: Instant,
    outcome: watch::Receiver<Option<T>>,
    task: AbortHandle,
}

/// A run to wait for.
#[derive(Debug)]
pub(crate) struct Run<T> {
    /// When it began, perhaps for another caller.
    pub(crate) begun: Instant,
    /// Whether it began for this caller.
    pub(crate) mine: bool,
    outcome: watch::Receiver<Option<T>>,
}

/// What became of a run.
#[derive(Debug)]
pub(crate) enum Waited<T> {
    Done(T),
    /// It goes on.
    TimedOut,
    /// It ended without an outcome: its runtime was shut down.
    Lost,
}

impl<T> Default for Joint<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + Sync + 'static> Joint<T> {
    /// The run under way, or else one that begins now, in the caller's runtime.
    ///
    /// # Errors
    /// What `begin` returns instead of work to do.
    pub(crate) fn join<E, F>(&self, begin: impl FnOnce() -> Result<F, E>) -> Result<Run<T>, E>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut slot = self.lock();
        if let Some(running) = slot.as_ref().filter(|running| running.is_alive()) {
            return Ok(Run { begun: running.begun, mine: false, outcome: running.outcome.clone() });
        }
        let work = begin()?;
        let (sender, outcome) = watch::channel(None);
        let task = tokio::spawn(async move {
            // Without a receiver nobody waits, which is no reason not to finish.
            let _nobody = sender.send(Some(work.await));
        });
        let running = Running { begun: Instant::now(), outcome: outcome.clone(), task: task.abort_handle() };
        let begun = running.begun;
        *slot = Some(running);
        Ok(Run { begun, mine: true, outcome })
    }

    /// Ends the run under way.
    pub(crate) fn abort(&self) {
        if let Some(running) = self.lock().take() {
            running.task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Running<T> {
    fn is_alive(&self) -> bool {
        !self.task.is_finished() && self.outcome.borrow().is_none()
    }
}

impl<T: Clone> Run<T> {
    /// Waits for the outcome, until `by`.
    pub(crate) async fn wait(mut self, by: Instant) -> Waited<T> {
        match timeout_at(by, self.outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.clone().map_or(Waited::Lost, Waited::Done),
            Ok(Err(_gone)) => Waited::Lost,
            Err(_elapsed) => Waited::TimedOut,
        }
    }
}
