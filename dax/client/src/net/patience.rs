//! How long an attempt may take.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dax_protocol::Method;
use tokio::time::Instant;

use super::context::{deadline_in, later};

/// When an attempt has to be over. Progress puts that off, up to the end of the call.
#[derive(Debug)]
pub(crate) struct Patience {
    started: Instant,
    state: Mutex<State>,
    step: Duration,
    end: Instant,
}

#[derive(Debug)]
struct State {
    until: Instant,
    /// What the node was asked last, if that is a lookup.
    lookup: Option<Method>,
}

impl Patience {
    /// For an attempt that begins at `now`, and may last `step` or until `end`.
    pub(crate) fn new(now: Instant, step: Duration, end: Instant) -> Self {
        Self { started: now, state: Mutex::new(State { until: later(now, step).min(end), lookup: None }), step, end }
    }

    /// When the attempt began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The end of the attempt, as far as it is known.
    pub(crate) fn until(&self) -> Instant {
        self.lock().until
    }

    /// The lookup that is not answered yet.
    pub(crate) fn lookup(&self) -> Option<Method> {
        self.lock().lookup
    }

    /// A lookup begins.
    pub(crate) fn asks(&self, lookup: Method) {
        self.lock().lookup = Some(lookup);
    }

    /// All lookups were answered.
    pub(crate) fn has_learned(&self) {
        self.lock().lookup = None;
    }

    /// A lookup was answered.
    pub(crate) fn progressed(&self) {
        let mut state = self.lock();
        state.until = state.until.max(deadline_in(self.step)).min(self.end);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
