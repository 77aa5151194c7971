//! The attempts of one call: how many, on which node, after which wait.

use std::sync::Arc;
use std::time::Duration;

use dax_protocol::Access;
use tokio::time::{Instant, sleep};

use crate::error::{Error, Retry};
use crate::net::cluster::Cluster;
use crate::net::failure::Failure;
use crate::net::node::Node;
use crate::net::patience::Patience;
use crate::options::Terms;

/// The attempts of one call.
pub(crate) struct Attempts<'a> {
    cluster: &'a Arc<Cluster>,
    terms: Terms<'a>,
    access: Access,
    /// When the attempt that is due begins.
    now: Instant,
    /// When the call has to be over.
    end: Instant,
    made: u32,
    failed: Option<Arc<Node>>,
    /// The next attempt goes to this node.
    same: Option<Arc<Node>>,
    reauthorized: bool,
    met_stale: bool,
    /// An attempt may have changed data.
    acted: bool,
    /// What became of a write that may have happened and was repeated.
    unknown: Option<Error>,
}

/// A call that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Whether any of its attempts may have changed data.
    pub(crate) acted: bool,
    /// Whether the last attempt only waited in line, which says nothing about the cluster.
    pub(crate) in_line: bool,
}

impl<'a> Attempts<'a> {
    /// None made yet; the first begins `now`, and the last has to be over at `end`.
    pub(crate) fn new(cluster: &'a Arc<Cluster>, terms: Terms<'a>, access: Access, now: Instant, end: Instant) -> Self {
        Self {
            cluster,
            terms,
            access,
            now,
            end,
            made: 0,
            failed: None,
            same: None,
            reauthorized: false,
            met_stale: false,
            acted: false,
            unknown: None,
        }
    }

    /// The node for the next attempt; `None` if the cluster has none.
    pub(crate) fn next_node(&mut self) -> Option<Arc<Node>> {
        self.made += 1;
        let node = match self.same.take() {
            Some(node) => node,
            None => self.cluster.choose(self.access, self.terms.read_routing(), self.failed.as_ref())?,
        };
        if self.failed.is_some() {
            node.counters.retries.add(1);
        }
        Some(node)
    }

    /// How long the attempt that begins now may take.
    pub(crate) fn patience(&self) -> Patience {
        Patience::new(self.now, self.terms.request_timeout(), self.end)
    }

    /// Prepares another attempt.
    ///
    /// # Errors
    /// The failure, if the call is not to be repeated.
    pub(crate) async fn after(&mut self, node: &Arc<Node>, failure: Failure) -> Result<(), Failed> {
        let next = self.decide(&failure);
        self.acted |= failure.acted;
        let Failure { error, in_line, .. } = failure;
        tracing::debug!(
            dax.node = %node.endpoint(), dax.attempt = self.made, error = %error.with_causes(), retry = Next::name(next),
            "DAX attempt failed"
        );
        let wait = match next {
            None => return Err(self.ended(error, in_line)),
            Some(Next::Same) => {
                self.same = Some(Arc::clone(node));
                Duration::ZERO
            }
            Some(Next::Other) => Duration::ZERO,
            Some(Next::AfterWait) => self.wait(),
            Some(Next::AfterRefresh) => {
                let refreshed = Box::pin(self.cluster.refresh(self.believed_age(&error), self.end)).await;
                if refreshed && error.is_io() { Duration::ZERO } else { self.wait() }
            }
        };
        self.failed = Some(Arc::clone(node));
        if Instant::now() + wait >= self.end {
            return Err(self.ended(error, in_line));
        }
        if error.outcome_unknown() {
            self.unknown = Some(error);
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        self.now = Instant::now();
        Ok(())
    }

    /// The call ends with `error`, or with that of an earlier attempt that leaves open what happened, if this one tells
    /// nothing about that.
    pub(crate) fn ended(&mut self, error: Error, in_line: bool) -> Failed {
        let unknown = if error.is_verdict() || error.outcome_unknown() { None } else { self.unknown.take() };
        Failed { error: unknown.unwrap_or(error), acted: self.acted, in_line }
    }

    fn decide(&mut self, failure: &Failure) -> Option<Next> {
        let policy = self.terms.retry();
        if !failure.harmless && !policy.repeats_unknown_writes() {
            return None;
        }
        if failure.stale && !self.met_stale {
            // Says nothing about node or network: does not count as an attempt, but only once.
            self.met_stale = true;
            self.made -= 1;
            return Some(Next::Same);
        }
        if let Error::NoRoute { .. } = failure.error {
            // The line for a connection to this node is full. There may be room at another; waiting would lengthen it.
            let others = self.cluster.routes().nodes.len() > 1;
            return (others && self.made < policy.max_attempts()).then_some(Next::Other);
        }
        let retry = match failure.error.retry() {
            Retry::Never if failure.error.outcome_unknown() => Retry::NewConnection,
            Retry::Reauthorize if self.reauthorized => Retry::Never,
            retry => retry,
        };
        if retry == Retry::Never || self.made >= policy.max_attempts() {
            return None;
        }
        Some(match retry {
            Retry::Reauthorize => {
                self.reauthorized = true;
                Next::Same
            }
            Retry::AfterWait => Next::AfterWait,
            Retry::AfterRecovery => Next::AfterRefresh,
            // A second node out of reach, or the only one: the roster itself may be out of date.
            _ if failure.error.is_io() && self.alone_or_again() => Next::AfterRefresh,
            _ => Next::Other,
        })
    }

    fn alone_or_again(&self) -> bool {
        self.failed.is_some() || self.cluster.routes().nodes.len() < 2
    }

    /// A roster younger than this is not worth fetching again because of `error`.
    fn believed_age(&self, error: &Error) -> Duration {
        if !error.is_io() {
            return Duration::ZERO;
        }
        self.cluster.believed_for()
    }

    fn wait(&self) -> Duration {
        self.cluster.context.with_rng(|rng| self.terms.retry().delay(self.made, rng))
    }
}

/// Where and when the next attempt is made.
#[derive(Debug, Clone, Copy)]
enum Next {
    Same,
    Other,
    AfterWait,
    AfterRefresh,
}

impl Next {
    /// How a log calls it.
    fn name(next: Option<Self>) -> &'static str {
        match next {
            None => "none",
            Some(Self::Same) => "same node",
            Some(Self::Other) => "other node",
            Some(Self::AfterWait) => "after a wait",
            Some(Self::AfterRefresh) => "after a refresh",
        }
    }
}
