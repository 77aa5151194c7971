//! When a batch goes on, and when it gives up.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::net::context::later;
use crate::{Error, Method, RetryPolicy};

/// Counts what requests got done.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) timeout: Duration,
    pub(super) policy: RetryPolicy,
    started: Option<Instant>,
    /// Requests in a row that left something unprocessed.
    leaving: u32,
    /// Requests in a row that got nothing done.
    idle: u32,
}

impl Default for Pace {
    fn default() -> Self {
        let policy = RetryPolicy::new().attempts(8);
        Self { timeout: Duration::from_secs(60), policy, started: None, leaving: 0, idle: 0 }
    }
}

impl Pace {
    /// Waits until the next request may be made.
    pub(super) async fn wait(&mut self, method: Method, left: usize) -> Result<(), Error> {
        let started = *self.started.get_or_insert_with(Instant::now);
        if self.idle >= self.policy.max_attempts() {
            return Err(Error::Unprocessed { method, left, tries: self.idle });
        }
        let end = later(started, self.timeout);
        let wait = match self.leaving {
            0 => Duration::ZERO,
            times => self.policy.delay(times, &mut fastrand::Rng::new()),
        };
        if Instant::now() + wait >= end {
            return Err(self.timed_out(method, false));
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        Ok(())
    }

    /// A request with this many elements was answered and left so many of them.
    pub(super) fn answered(&mut self, asked: usize, left: usize) {
        self.leaving = if left == 0 { 0 } else { self.leaving + 1 };
        self.idle = if left < asked { 0 } else { self.idle + 1 };
    }

    /// Counts a request that was throttled as a whole; whether there may be another.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.leaving += 1;
        self.idle += 1;
        self.idle < self.policy.max_attempts()
    }

    pub(super) fn end(&self) -> Instant {
        later(self.started.unwrap_or_else(Instant::now), self.timeout)
    }

    pub(super) fn timed_out(&self, method: Method, sent: bool) -> Error {
        Error::Timeout { method, lookup: None, after: self.timeout, sent }
    }
}
