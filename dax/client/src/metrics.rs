//! Counters a program can read: what was asked of each node, and how it went.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dax_protocol::Role;

/// Number of latency buckets; bucket `i` counts calls that took less than `2^i` microseconds and at least half of that.
const BUCKETS: usize = 32;

/// A snapshot of the client's counters, from [`Client::stats`](crate::Client::stats).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Stats {
    /// One entry for each node of the present roster.
    pub nodes: Vec<NodeStats>,
    /// Rosters fetched since the client was made.
    pub refreshes: u64,
    /// Attempts to fetch a roster that failed; the old one stayed in use.
    pub refresh_failures: u64,
    /// The fallback, if there is one.
    pub fallback: Option<FallbackStats>,
}

/// What became of calls while the cluster could not answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FallbackStats {
    /// Whether calls go to the cluster.
    pub circuit: Circuit,
    /// How often the circuit opened, an unsuccessful start included.
    pub opened: u64,
    /// Why it opened the last time: an error with its causes.
    pub cause: Option<String>,
    /// Calls that were made of DynamoDB.
    pub calls: u64,
    /// Those of them that got no answer.
    pub failures: u64,
}

/// Whether calls go to the cluster or to its [fallback](crate::Config::fallback).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Circuit {
    /// To the cluster.
    Closed,
    /// To DynamoDB, because the cluster could not answer.
    Open,
    /// To DynamoDB, while a node is asked for a sign of life and then a single call tries the cluster.
    HalfOpen,
}

/// What one node was asked since it joined the roster.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeStats {
    /// Address as the cluster announces it, before any address mapping.
    pub address: SocketAddr,
    /// Leader or replica, by the last roster.
    pub role: Role,
    /// Availability zone, for example `us-east-1a`.
    pub availability_zone: String,
    /// Whether requests are routed to it; `false` after repeated I/O errors until a probe succeeds.
    pub routed: bool,
    /// Attempts sent or tried, retries included.
    pub requests: u64,
    /// Attempts that ended in an I/O error, a timeout or an answer that cannot be read.
    pub io_errors: u64,
    /// Attempts answered with an error by the server.
    pub service_errors: u64,
    /// Attempts that followed a failed one, here or on another node.
    pub retries: u64,
    /// Calls dropped by their caller before the answer came.
    pub cancelled: u64,
    /// Connections opened.
    pub connects: u64,
    /// Attempts to connect that failed.
    pub connect_failures: u64,
    /// Connections open now, idle ones included.
    pub open_connections: u64,
    /// Open connections that wait for a request.
    pub idle_connections: u64,
    /// Time from taking a connection to the decoded answer, for attempts that got one.
    pub latency: Latency,
}

/// A distribution of durations in power-of-two steps of a microsecond.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Latency {
    /// Number of durations recorded.
    pub count: u64,
    /// Their sum.
    pub total: Duration,
    buckets: [u64; BUCKETS],
}

impl Latency {
    /// Mean duration; zero when nothing was recorded.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let nanos = self.total.as_nanos().checked_div(u128::from(self.count)).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The upper edge of the step that holds the given share of calls (0.5 = median), at most twice the true value.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let mut seen = 0_u64;
        for (upper, count) in self.steps() {
            seen += count;
            #[expect(clippy::cast_precision_loss, reason = "a share of calls needs no 53 bits")]
            if seen > 0 && seen as f64 >= share.clamp(0.0, 1.0) * self.count as f64 {
                return upper;
            }
        }
        Duration::ZERO
    }

    /// `(upper edge, calls)` of each step, in ascending order.
    pub fn steps(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.buckets.iter().enumerate().map(|(step, &count)| (Duration::from_micros(1 << step), count))
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latency")
            .field("count", &self.count)
            .field("mean", &self.mean())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .finish_non_exhaustive()
    }
}

/// The live counters of a node. Relaxed: each is an independent statistic, and none orders anything.
#[derive(Debug, Default)]
pub(crate) struct NodeCounters {
    pub(crate) requests: Counter,
    pub(crate) io_errors: Counter,
    pub(crate) service_errors: Counter,
    pub(crate) retries: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) connects: Counter,
    pub(crate) connect_failures: Counter,
    pub(crate) latency: Histogram,
}

/// The live counters behind a [`Latency`].
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    total_micros: Counter,
    buckets: [Counter; BUCKETS],
}

impl Histogram {
    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.total_micros.add(micros);
        let step = usize::try_from(u64::BITS - micros.leading_zeros()).unwrap_or(0).min(BUCKETS - 1);
        if let Some(bucket) = self.buckets.get(step) {
            bucket.add(1);
        }
    }

    pub(crate) fn snapshot(&self) -> Latency {
        let mut buckets = [0; BUCKETS];
        for (copy, bucket) in buckets.iter_mut().zip(&self.buckets) {
            *copy = bucket.get();
        }
        Latency { count: buckets.iter().sum(), total: Duration::from_micros(self.total_micros.get()), buckets }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_steps() {
        let histogram = Histogram::default();
        for micros in [0, 1, 1, 2, 3, 500, 70_000, u64::MAX / 2000] {
            histogram.record(Duration::from_micros(micros));
        }
        let latency = histogram.snapshot();
        assert_eq!(latency.count, 8);
        let filled: Vec<_> = latency.steps().filter(|(_, count)| *count > 0).collect();
        let micros = Duration::from_micros;
        assert_eq!(
            filled,
            [
                (micros(1), 1),
                (micros(2), 2),
                (micros(4), 2),
                (micros(512), 1),
                (micros(1 << 17), 1),
                (micros(1 << 31), 1)
            ]
        );
        assert_eq!(latency.quantile(0.5), micros(4));
        assert_eq!(latency.quantile(1.0), micros(1 << 31));
        assert_eq!(format!("{:?}", Latency::default()), "Latency { count: 0, mean: 0ns, p50: 0ns, p99: 0ns, .. }");
        assert_eq!(Latency::default().quantile(0.5), Duration::ZERO);
        assert_eq!(Latency::default().mean(), Duration::ZERO);
    }
}
