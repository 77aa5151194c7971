//! One node: its connections, what is known about its tables, how it has been doing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dax_protocol::{Access, Exception, Method};
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::context::{Context, deadline_in};
use super::health::Health;
use super::pool::Pool;
use crate::codec::{Lookup, Metadata};
use crate::error::Error;
use crate::metrics::NodeCounters;
use crate::session::{Call, Request};

/// A node of the cluster. It lives from the first roster that has it to the first that no longer does.
#[derive(Debug)]
pub(crate) struct Node {
    /// As the cluster announces it: the node's identity.
    pub(crate) announced: SocketAddr,
    /// Where to connect.
    endpoint: SocketAddr,
    pub(crate) pool: Pool,
    /// Belongs to this node alone: whether list numbers hold across nodes is not known.
    metadata: RwLock<Metadata>,
    pub(crate) counters: NodeCounters,
    open: Arc<AtomicU64>,
    health: Health,
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the call may be made again as far as its effect goes: it is a read, or it carries a token, or the
    /// node cannot have acted on it.
    pub(crate) harmless: bool,
    /// A connection kept from earlier had gone stale unnoticed, and nothing is known against the node.
    pub(crate) stale: bool,
}

impl Node {
    pub(crate) fn new(context: &Context, announced: SocketAddr) -> Self {
        let config = &context.config;
        Self {
            announced,
            endpoint: context.mapped(announced),
            pool: Pool::new(config.max_connections, config.max_waiting),
            metadata: RwLock::default(),
            counters: NodeCounters::default(),
            open: Arc::default(),
            health: Health::default(),
        }
    }

    /// Makes one attempt at a call, which ends by `deadline` at the latest.
    ///
    /// Dropping the future drops the connection in use: an answer may still be due on it.
    pub(crate) async fn attempt<R: Request>(
        &self,
        context: &Context,
        request: &R,
        deadline: Instant,
    ) -> Result<R::Output, Failure> {
        let started = Instant::now();
        self.counters.requests.add(1);
        let watch = DropWatch(Some(&self.counters));
        let mut call = Call::new(request);
        let mut met = Met::default();
        let outcome = match timeout_at(deadline, self.exchange(context, &mut call, &mut met)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => {
                let after = deadline.saturating_duration_since(started);
                Err(Error::Timeout { method: call.method(), after, sent: call.is_sent() })
            }
        };
        watch.disarm();
        match outcome {
            Ok(output) => {
                self.counters.record_latency(started.elapsed());
                self.health.succeeded(started);
                Ok(output)
            }
            Err(error) => {
                self.note_failure(context, &error, met);
                let acted = call.is_sent() && request.method().access() == Access::Write;
                // A server's answer to the request itself says what it did; an answer to a later lookup does not.
                let answered = matches!(&error, Error::Server(server) if server.method == request.method());
                let harmless = !acted || answered && !error.outcome_unknown();
                let error = if acted && !answered { of_request(error, request.method()) } else { error };
                Err(Failure { error, harmless, stale: met.stale })
            }
        }
    }

    /// Learns a table's key schema, so that the first call on the table need not ask for it.
    pub(crate) async fn learn(&self, context: &Context, table: &str) -> Result<(), Error> {
        let known = |metadata: &Metadata| metadata.key_schema(table).is_some();
        if known(&self.metadata.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let lookup = Lookup::KeySchema { table: table.to_owned() };
        let deadline = deadline_in(context.config.request_timeout);
        let finding = self.attempt(context, &lookup, deadline).await.map_err(|failure| failure.error)?;
        self.metadata.write().unwrap_or_else(PoisonError::into_inner).insert(&lookup, finding);
        Ok(())
    }

    async fn exchange<R: Request>(
        &self,
        context: &Context,
        call: &mut Call<'_, R>,
        met: &mut Met,
    ) -> Result<R::Output, Error> {
        let _permit = self.pool.permit().await.map_err(|_full| Error::NoRoute {
            method: call.method(),
            reason: format!("too many calls wait for a connection to {}", self.endpoint),
            source: None,
        })?;
        met.node = true;
        let mut connection = match self.pool.take() {
            Some(connection) => connection,
            None => self.open(context).await?,
        };
        let outcome = connection.call(context, call, &self.metadata).await;
        if connection.is_reusable() {
            self.pool.put(connection, Instant::now());
        } else {
            met.stale = matches!(outcome, Err(Error::Broken { .. })) && connection.was_stale();
        }
        outcome
    }

    async fn open(&self, context: &Context) -> Result<Connection, Error> {
        self.counters.connects.add(1);
        let opened = Connection::open(context, self.endpoint, &self.open).await;
        if let Err(error) = &opened {
            self.counters.connect_failures.add(1);
            tracing::debug!(dax.node = %self.endpoint, error = %error, "cannot connect to DAX node");
        }
        opened
    }

    /// Opens connections until `keep` are idle or the limit is reached, and sends their handshake.
    pub(crate) async fn warm(&self, context: &Context, keep: usize) {
        while self.pool.idle() < keep {
            let Some(_permit) = self.pool.try_permit() else {
                return;
            };
            let Ok(mut connection) = self.open(context).await else {
                return;
            };
            if connection.flush().await.is_err() {
                return;
            }
            self.pool.put(connection, Instant::now());
        }
    }

    /// Takes over a connection that discovery opened to this node, if there may be one more.
    pub(crate) fn adopt(&self, mut connection: Connection) {
        let Some(_permit) = self.pool.try_permit() else {
            return;
        };
        self.counters.connects.add(1);
        connection.count_in(&self.open);
        self.pool.put(connection, Instant::now());
    }

    pub(crate) fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    fn note_failure(&self, context: &Context, error: &Error, met: Met) {
        match error {
            Error::Server(server) => {
                match server.exception() {
                    Some(Exception::Authentication) => context.credentials.doubt(),
                    // The table may have been deleted, or created again with another key.
                    Some(Exception::ResourceNotFound | Exception::Validation) => self.forget(),
                    _ => {}
                }
                self.counters.service_errors.add(1);
                self.health.succeeded(Instant::now());
            }
            Error::Connect { .. }
            | Error::Tls { .. }
            | Error::Broken { .. }
            | Error::Timeout { .. }
            | Error::Malformed { .. } => {
                self.counters.io_errors.add(1);
                if met.stale {
                    // The other idle connections are at least as old, so they are dead too.
                    self.pool.clear();
                } else if met.node {
                    self.strike(context, error);
                }
            }
            _ => {}
        }
    }

    fn strike(&self, context: &Context, error: &Error) {
        if !matches!(error, Error::Timeout { .. }) {
            // The process may have gone, and with it what its list numbers mean.
            self.forget();
        }
        if self.health.failed(context.config.evict_after_errors) {
            self.pool.clear();
            self.forget();
            tracing::warn!(dax.node = %self.endpoint, error = %error, "DAX node evicted after repeated errors");
        }
    }

    fn forget(&self) {
        self.metadata.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether calls are routed here. Without a `prober`, one call at a time finds out whether an evicted node is back.
    pub(crate) fn is_routed(&self, prober: bool) -> bool {
        self.health.is_routed(prober)
    }

    pub(crate) fn is_evicted(&self) -> bool {
        self.health.is_evicted()
    }

    /// Whether no call succeeded for this long.
    pub(crate) fn is_silent_for(&self, time: Duration) -> bool {
        self.health.last_success().is_none_or(|at| at.elapsed() >= time)
    }

    pub(crate) fn open_connections(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }
}

/// The error of a write that was sent, whatever failed afterwards: it tells the caller that the write may have taken
/// effect.
fn of_request(error: Error, method: Method) -> Error {
    match error {
        Error::Timeout { after, sent, .. } => Error::Timeout { method, after, sent },
        Error::Broken { endpoint, sent, source, .. } => Error::Broken { method, endpoint, sent, source },
        Error::Malformed { at, what, .. } => Error::Malformed { method, at, what },
        other => {
            tracing::debug!(error = %other, "the names in an answer could not be learned");
            Error::Malformed { method, at: 0, what: "its attribute names could not be learned" }
        }
    }
}

/// What had happened by the time an attempt failed.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    /// It involved the node: it did not only wait in line.
    node: bool,
    /// It took a connection that had gone stale.
    stale: bool,
}

/// Counts the call as cancelled unless it came to an end.
struct DropWatch<'a>(Option<&'a NodeCounters>);

impl DropWatch<'_> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for DropWatch<'_> {
    fn drop(&mut self) {
        if let Some(counters) = self.0 {
            counters.cancelled.add(1);
        }
    }
}
