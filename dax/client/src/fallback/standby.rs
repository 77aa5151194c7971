//! A fallback at work.

use std::io;
use std::time::Duration;

use dax_protocol::Access;
use tokio::time::{Instant, timeout_at};

use super::breaker::Breaker;
use super::table::{InTable, TableError};
use super::{Fallback, is_drop_in};
use crate::error::Error;
use crate::metrics::{Counter, FallbackStats};

/// A fallback at work for one client.
#[derive(Debug)]
pub(crate) struct Standby {
    settings: Fallback,
    pub(crate) breaker: Breaker,
    /// The part of a call's time that the cluster gets.
    share: f64,
    calls: Counter,
    failures: Counter,
}

impl Standby {
    /// A fallback for calls that take `total` unless they say otherwise.
    ///
    /// # Errors
    /// [`Error::Config`] if it cannot work.
    pub(crate) fn new(settings: Fallback, total: Duration) -> Result<Self, Error> {
        let wrong = |message: &str| Err(Error::Config { message: message.to_owned() });
        if settings.is_drop_in() {
            return wrong(TO_DAX);
        }
        let share = match settings.cluster_timeout {
            None => 0.5,
            Some(part) if part < total => part.as_secs_f64() / total.as_secs_f64(),
            Some(_) => return wrong("the fallback's cluster_timeout leaves DynamoDB no part of total_timeout"),
        };
        let breaker = Breaker::new(settings.rules);
        Ok(Self { settings, breaker, share, calls: Counter::default(), failures: Counter::default() })
    }

    /// Whether calls of this kind may go to the table.
    pub(crate) fn covers(&self, access: Access) -> bool {
        access == Access::Read || self.settings.writes
    }

    /// When a call from `now` to `end` has to be done with the cluster.
    pub(crate) fn cluster_end(&self, now: Instant, end: Instant) -> Instant {
        now + end.saturating_duration_since(now).mul_f64(self.share)
    }

    /// Asks the table, until `end`. `cluster` is how the cluster failed, if it was asked.
    pub(crate) async fn ask<O: InTable>(
        &self,
        input: O::Input,
        end: Instant,
        cluster: Option<Error>,
    ) -> Result<O::Output, Error> {
        self.calls.add(1);
        let mut sent = false;
        let asked = timeout_at(end, async {
            let client = self.settings.client().await;
            if is_drop_in(client) {
                return Err(TableError::NoAnswer { source: TO_DAX.into(), sent: false });
            }
            sent = true;
            O::send(input, client).await
        });
        let outcome = asked.await;
        let (source, sent) = match outcome {
            Ok(Ok(output)) => return Ok(output),
            Ok(Err(TableError::Verdict(error))) => return Err(Error::Server(error)),
            Ok(Err(TableError::NoAnswer { source, sent })) => (source, sent),
            Err(_elapsed) => (io::Error::from(io::ErrorKind::TimedOut).into(), sent),
        };
        self.failures.add(1);
        Err(Error::Fallback { method: O::METHOD, cluster: cluster.map(Box::new), sent, source })
    }

    pub(crate) fn stats(&self) -> FallbackStats {
        let (opened, cause) = self.breaker.history();
        let circuit = self.breaker.circuit();
        FallbackStats { circuit, opened, cause, calls: self.calls.get(), failures: self.failures.get() }
    }
}

const TO_DAX: &str = "the fallback is a client that asks DAX; give it one that was not made by to_sdk_client";
