//! What became of each call, for metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::metrics::{Counter, Histogram};
use crate::{Error, Latency, Method};

/// Gets a report of each call that a client made. A closure is one; see [`Config::observer`](crate::Config::observer).
///
/// ```
/// use dax_client::{CallOutcome, CallReport, Config};
///
/// # struct Meter;
/// # impl Meter { fn count(&self, _: &str, _: &str) {} fn time(&self, _: &str, _: std::time::Duration) {} }
/// # fn example(meter: Meter) -> Result<(), dax_client::EndpointError> {
/// // `meter` belongs to whichever metrics library the program uses.
/// let observer = move |call: &CallReport<'_>| {
///     let outcome = match call.outcome {
///         CallOutcome::Success => "success",
///         CallOutcome::Failure(_) => "failure",
///         _ => "cancelled",
///     };
///     meter.count(call.method.name(), outcome);
///     meter.time(call.method.name(), call.took);
/// };
/// let config = Config::new("dax://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com")?.observer(observer);
/// # Ok(())
/// # }
/// ```
///
/// [`OperationCounters`] is one that counts, for programs without a metrics library.
///
/// # Why no metrics library
///
/// The crate [`metrics`](https://docs.rs/metrics) has one recorder for the whole process and cannot be switched off for
/// one client; with its macros, every call would pay for a look-up even where nobody listens. OpenTelemetry's API is one
/// for each client, but its crates are still 0.x: a crate that depends on them breaks with their releases, and works only in
/// programs that have the same one. A trait has no dependency, costs a test for `None` when it is not used, and the adapter
/// to either library is the example above. What a program polls rather than counts (connections, nodes, refreshes) is
/// in [`Stats`](crate::Stats).
pub trait Observer: Send + Sync + 'static {
    /// A call came to an end. Runs on the caller's task, so it should not take long.
    fn called(&self, call: &CallReport<'_>);
}

/// One call, with all its attempts.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CallReport<'a> {
    /// The operation.
    pub method: Method,
    /// The tables that it was about. None if the request was refused.
    pub tables: &'a [String],
    /// From the call of the method to its result.
    pub took: Duration,
    /// Attempts made. Zero if the request was refused before anything was sent.
    pub attempts: u32,
    /// The node that was tried last, as the cluster announces it.
    pub node: Option<SocketAddr>,
    /// Whether it went to DynamoDB, because the cluster could not answer.
    pub fallback: bool,
    /// How it ended.
    pub outcome: CallOutcome<'a>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// With an output.
    Success,
    /// With this error. A condition that does not hold is one, too.
    Failure(&'a Error),
    /// Its caller dropped it, for example because of a timeout around it.
    Cancelled,
}

/// Counts the calls of each operation; an [`Observer`].
///
/// ```
/// use std::sync::Arc;
///
/// use dax_client::{Config, OperationCounters};
///
/// # fn example() -> Result<(), dax_client::EndpointError> {
/// let counters = Arc::new(OperationCounters::default());
/// let config = Config::new("dax://127.0.0.1:8111")?.observer(Arc::clone(&counters));
/// // later, and again and again:
/// for operation in counters.snapshot() {
///     println!("{}: {} ok, {} failed", operation.method, operation.succeeded, operation.failed);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct OperationCounters {
    operations: [Live; OPERATIONS.len()],
}

/// What became of the calls of one operation, from [`OperationCounters::snapshot`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OperationStats {
    /// The operation.
    pub method: Method,
    /// Calls that ended with an output.
    pub succeeded: u64,
    /// Calls that ended with an error.
    pub failed: u64,
    /// Calls that their caller dropped.
    pub cancelled: u64,
    /// Attempts beyond the first of each call.
    pub retries: u64,
    /// Time of the calls that succeeded or failed.
    pub latency: Latency,
}

#[derive(Debug, Default)]
struct Live {
    succeeded: Counter,
    failed: Counter,
    cancelled: Counter,
    retries: Counter,
    latency: Histogram,
}

const OPERATIONS: [Method; 10] = [
    Method::GetItem,
    Method::PutItem,
    Method::UpdateItem,
    Method::DeleteItem,
    Method::BatchGetItem,
    Method::BatchWriteItem,
    Method::Query,
    Method::Scan,
    Method::TransactGetItems,
    Method::TransactWriteItems,
];

impl OperationCounters {
    /// The counters of the operations that were called.
    #[must_use]
    pub fn snapshot(&self) -> Vec<OperationStats> {
        let stats = OPERATIONS.iter().zip(&self.operations).map(|(&method, live)| OperationStats {
            method,
            succeeded: live.succeeded.get(),
            failed: live.failed.get(),
            cancelled: live.cancelled.get(),
            retries: live.retries.get(),
            latency: live.latency.snapshot(),
        });
        stats.filter(|stats| stats.succeeded + stats.failed + stats.cancelled > 0).collect()
    }
}

impl Observer for OperationCounters {
    fn called(&self, call: &CallReport<'_>) {
        let Some((_, live)) = OPERATIONS.iter().zip(&self.operations).find(|(method, _)| **method == call.method)
        else {
            return;
        };
        live.retries.add(u64::from(call.attempts.saturating_sub(1)));
        match call.outcome {
            CallOutcome::Success => live.succeeded.add(1),
            CallOutcome::Failure(_) => live.failed.add(1),
            CallOutcome::Cancelled => return live.cancelled.add(1),
        }
        live.latency.record(call.took);
    }
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn called(&self, call: &CallReport<'_>) {
        (**self).called(call);
    }
}

impl<F: Fn(&CallReport<'_>) + Send + Sync + 'static> Observer for F {
    fn called(&self, call: &CallReport<'_>) {
        self(call);
    }
}
