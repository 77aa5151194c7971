//! How the outcome of an invocation gets back to its caller.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Spec;
use super::invocation::{Completed, FunctionError, Request};

/// The way back to the caller.
pub(super) struct Answer {
    reply: Option<oneshot::Sender<Completed>>,
    /// Held back until the log is complete.
    held: Option<Completed>,
    log_tail: bool,
}

impl Answer {
    pub(super) fn new(reply: oneshot::Sender<Completed>, request: &Request) -> Self {
        Self { reply: Some(reply), held: None, log_tail: request.log_tail }
    }

    /// The outcome is known; without a log to wait for, the caller gets it now.
    pub(super) fn outcome(&mut self, outcome: Result<Bytes, FunctionError>, cold_start: bool, duration: Duration) {
        let completed = Completed { outcome, cold_start, duration, log_tail: None };
        if self.log_tail {
            self.held = Some(completed);
        } else {
            self.send(completed);
        }
    }

    /// The environment has finished; `lines` is what it printed.
    pub(super) fn finish(mut self, spec: &Spec, request_id: &str, lines: &[String]) {
        if let Some(mut completed) = self.held.take() {
            completed.log_tail = Some(completed.log(spec, request_id, lines));
            self.send(completed);
        }
    }

    /// There was no environment to run in.
    pub(super) fn failed(mut self, spec: &Spec, request_id: &str, error: FunctionError) {
        self.outcome(Err(error), true, Duration::ZERO);
        self.finish(spec, request_id, &[]);
    }

    fn send(&mut self, completed: Completed) {
        if let Some(reply) = self.reply.take() {
            // The caller may have gone away.
            let _ = reply.send(completed);
        }
    }
}
