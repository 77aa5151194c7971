//! The caller that waits for the outcome of an invocation.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::invocation::{Completed, Invocation};
use crate::function_error::FunctionError;

/// The way back to the caller.
pub(super) struct Caller {
    reply: Option<oneshot::Sender<Completed>>,
    /// Held back until the log is complete.
    held: Option<Completed>,
    log_tail: bool,
}

impl Caller {
    pub(super) fn new(reply: oneshot::Sender<Completed>, invocation: &Invocation) -> Self {
        Self { reply: Some(reply), held: None, log_tail: invocation.log_tail }
    }

    /// The outcome is known. The caller gets it now, unless it also wants the log.
    pub(super) fn outcome(&mut self, outcome: Result<Bytes, FunctionError>, cold_start: bool, duration: Duration) {
        let completed = Completed { outcome, cold_start, duration, log_tail: None };
        if self.log_tail {
            self.held = Some(completed);
        } else {
            self.send(completed);
        }
    }

    /// The environment has finished; `lines` is what it printed.
    pub(super) fn finish(mut self, memory_mb: u64, request_id: &str, lines: &[String]) {
        if let Some(mut completed) = self.held.take() {
            completed.log_tail = Some(completed.log(memory_mb, request_id, lines));
            self.send(completed);
        }
    }

    /// No environment could run the invocation.
    pub(super) fn failed(mut self, memory_mb: u64, request_id: &str, error: FunctionError) {
        self.outcome(Err(error), true, Duration::ZERO);
        self.finish(memory_mb, request_id, &[]);
    }

    fn send(&mut self, completed: Completed) {
        if let Some(reply) = self.reply.take() {
            // The caller may have gone away.
            let _ = reply.send(completed);
        }
    }
}
