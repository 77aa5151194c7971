//! One node: its connections, what is known about its tables, how it has been doing.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dax_protocol::{Access, Exception};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::connection::Connection;
use super::context::{Context, deadline_in};
use super::failure::{Failure, Met, is_unknown_list, of_lookup, of_request, timed_out};
use super::health::Health;
use super::learning::{Informant, Learning};
use super::lookups::Lookups;
use super::opening::NoneIdle;
use super::patience::Patience;
use super::pool::{NoPermit, Pool};
use crate::codec::{Lookup, Metadata};
use crate::error::{Error, ServerError};
use crate::metrics::NodeCounters;
use crate::session::{Call, Request, Step};

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
    /// What is being asked for it.
    lookups: Lookups,
    pub(crate) counters: NodeCounters,
    open: Arc<AtomicU64>,
    health: Health,
}

impl Node {
    pub(crate) fn new(context: &Context, announced: SocketAddr) -> Self {
        let config = &context.config;
        Self {
            announced,
            endpoint: context.mapped(announced),
            pool: Pool::new(config.max_connections, config.max_waiting, config.max_opening),
            metadata: RwLock::default(),
            lookups: Lookups::default(),
            counters: NodeCounters::default(),
            open: Arc::default(),
            health: Health::default(),
        }
    }

    /// Makes one attempt at a call, which ends when `patience` does.
    ///
    /// Dropping the future drops the connections in use: an answer may still be due on them.
    pub(crate) async fn attempt<R: Request>(
        &self,
        context: &Context,
        request: &R,
        patience: Patience,
    ) -> Result<R::Output, Failure> {
        let started = patience.started();
        self.counters.requests.add(1);
        let watch = DropWatch(Some(&self.counters));
        let mut call = Call::begun_at(request, started);
        let mut met = Met::default();
        let outcome = self.exchange(context, &mut call, &mut met, &patience).await;
        watch.disarm();
        match outcome {
            Ok(output) => {
                self.counters.latency.record(started.elapsed());
                self.health.succeeded(started);
                Ok(output)
            }
            Err(error) => {
                self.note_failure(context, request, &error, met);
                let access = request.method().access();
                let sent = call.is_sent() && access == Access::Write;
                // A server's answer to the request itself says what it did; an answer to a later lookup does not.
                let answered = error.server().filter(|server| server.lookup.is_none());
                let acted = call.is_sent() && access != Access::Read && answered.is_none_or(ServerError::leaves_open);
                let harmless = !acted || access != Access::Write;
                let stale = met.stale || is_unknown_list(&error);
                let error = if sent && answered.is_none() { of_request(error, request.method()) } else { error };
                Err(Failure { error, harmless, acted, in_line: !met.node && !met.others, stale })
            }
        }
    }

    /// Learns a table's key schema before `end`, so that the first call on the table need not ask for it.
    pub(crate) async fn learn(&self, context: &Context, table: &str, end: Instant) -> Result<(), Error> {
        let now = Instant::now();
        let known = |metadata: &Metadata| metadata.key_schema(table).is_some() && !metadata.is_outdated(now);
        if known(&self.metadata.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let lookup = Lookup::KeySchema { table: table.to_owned() };
        let patience = Patience::new(now, context.config.request_timeout, end);
        let finding = self.attempt(context, &lookup, patience).await.map_err(|failure| failure.error)?;
        self.metadata.write().unwrap_or_else(PoisonError::into_inner).insert(&lookup, finding);
        Ok(())
    }

    async fn exchange<R: Request>(
        &self,
        context: &Context,
        call: &mut Call<'_, R>,
        met: &mut Met,
        patience: &Patience,
    ) -> Result<R::Output, Error> {
        // Boxes hold what is large and rare: a call is moved as a whole.
        let _permit = match self.pool.try_permit() {
            Some(permit) => permit,
            None => Box::pin(self.wait_in_line(call, met, patience)).await?,
        };
        let until = patience.until();
        let connection = self.connection(context, patience.started(), until, met).await?;
        let mut connection = connection.ok_or_else(|| timed_out(call, patience))?;
        met.node = true;
        let mut alarm = connection.take_alarm(until);
        let ended = alarm.bound(patience, pin!(self.converse(context, &mut connection, call, patience))).await;
        let outcome = ended.ok_or_else(|| timed_out(call, patience))?;
        connection.keep_alarm(alarm);
        met.unproven = connection.is_unproven();
        if connection.is_reusable() {
            self.pool.put(connection, Instant::now());
        } else {
            met.stale = matches!(outcome, Err(Error::Broken { .. })) && connection.was_stale();
        }
        outcome
    }

    async fn wait_in_line<R: Request>(
        &self,
        call: &Call<'_, R>,
        met: &mut Met,
        patience: &Patience,
    ) -> Result<SemaphorePermit<'_>, Error> {
        match timeout_at(patience.until(), self.pool.permit()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(NoPermit::Failed(error))) => Err(met.through_others(error)),
            Ok(Err(NoPermit::QueueFull)) => {
                let reason = format!("too many calls wait for a connection to {}", self.endpoint);
                Err(Error::NoRoute { method: call.method(), reason, source: None })
            }
            Err(_elapsed) => Err(timed_out(call, patience)),
        }
    }

    async fn converse<R: Request>(
        &self,
        context: &Context,
        connection: &mut Connection,
        call: &mut Call<'_, R>,
        patience: &Patience,
    ) -> Result<R::Output, Error> {
        if connection.wants_authorization(context, patience.started()) {
            Box::pin(connection.authorize(context, patience.until())).await?;
        }
        loop {
            match connection.advance(call, &self.metadata)? {
                Step::Done(output) => return Ok(output),
                Step::Exchange => connection.exchange(call).await?,
                Step::Learn(lookups) => {
                    let learning = Learning { node: self, context, patience, anew: call.asks_anew() };
                    let learned = Box::pin(learning.learn(connection, lookups)).await;
                    for (lookup, finding) in learned.map_err(|error| of_lookup(error, call.method(), call.is_sent()))? {
                        call.learn(&self.metadata, &lookup, finding);
                    }
                    patience.has_learned();
                }
            }
        }
    }

    /// An idle connection that is still open at `now`, or a new one, opened before `by`. The caller holds a permit for it.
    /// `None` if it was not its turn before `by`.
    async fn connection(
        &self,
        context: &Context,
        now: Instant,
        by: Instant,
        met: &mut Met,
    ) -> Result<Option<Box<Connection>>, Error> {
        match self.pool.take(now, context.config.idle_timeout) {
            Some(connection) => Ok(Some(connection)),
            None => Box::pin(self.another(context, by, met)).await,
        }
    }

    /// A new connection, or one that comes back before it is the caller's turn to open one.
    async fn another(&self, context: &Context, by: Instant, met: &mut Met) -> Result<Option<Box<Connection>>, Error> {
        match timeout_at(by, self.pool.seek(context.config.idle_timeout)).await {
            Err(_elapsed) => Ok(None),
            Ok(Ok(connection)) => Ok(Some(connection)),
            Ok(Err(NoneIdle::Failed(error))) => Err(met.through_others(error)),
            Ok(Err(NoneIdle::Slot(slot))) => {
                met.node = true;
                let mut connection = self.open(context, by).await?;
                connection.hold(slot);
                Ok(Some(connection))
            }
        }
    }

    async fn open(&self, context: &Context, by: Instant) -> Result<Box<Connection>, Error> {
        self.counters.connects.add(1);
        self.forget_lists_of_the_gone();
        self.pool.make_room();
        let in_full = by >= deadline_in(context.config.connect_timeout);
        let opened = Connection::open(context, self.endpoint, &self.open, by).await;
        if let Err(error) = &opened {
            self.counters.connect_failures.add(1);
            // Now, while the slot is taken: no one else tries. That a caller had little time says nothing to others.
            let timed_out = |source: &io::Error| source.kind() == io::ErrorKind::TimedOut;
            if in_full || !matches!(error, Error::Connect { source, .. } if timed_out(source)) {
                self.pool.fail_seekers(self.endpoint, error);
            }
            tracing::debug!(dax.node = %self.endpoint, error = %error.with_causes(), "cannot connect to DAX node");
        }
        opened
    }

    /// Without a connection that has lasted, the process may be another, and list numbers may mean something else.
    fn forget_lists_of_the_gone(&self) {
        if self.open_connections() == 0 {
            self.forget_lists();
        }
    }

    /// Opens connections until `keep` are idle or the limit is reached, and sends their handshake.
    pub(crate) async fn warm(&self, context: &Context, keep: usize) {
        while self.pool.idle() < keep {
            let Some(_permit) = self.pool.try_permit() else {
                return;
            };
            let by = deadline_in(context.config.connect_timeout);
            let Ok(mut connection) = self.open(context, by).await else {
                return;
            };
            let flushed = timeout_at(by, connection.flush(|| {})).await;
            if !matches!(flushed, Ok(Ok(()))) {
                return;
            }
            self.pool.put(connection, Instant::now());
        }
    }

    /// Takes over a connection that discovery opened to this node, if there may be one more.
    pub(crate) fn adopt(&self, mut connection: Box<Connection>) {
        let Some(_permit) = self.pool.try_permit() else {
            return;
        };
        self.counters.connects.add(1);
        self.forget_lists_of_the_gone();
        connection.count_in(&self.open);
        self.pool.put(connection, Instant::now());
    }

    pub(crate) fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    fn note_failure<R: Request>(&self, context: &Context, request: &R, error: &Error, met: Met) {
        match error {
            Error::Server(server) => {
                match server.exception() {
                    Some(Exception::Authentication) => context.credentials.doubt(),
                    // The table may have been deleted, or created again with another key.
                    Some(Exception::ResourceNotFound | Exception::Validation) => self.forget_tables(&request.tables()),
                    _ => {}
                }
                if is_unknown_list(error) {
                    self.forget_lists();
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
                    // The other idle connections are at least as old, so they are dead too, and so is the process that
                    // numbered the lists.
                    self.pool.clear();
                    self.forget_lists();
                } else if met.node {
                    self.strike(context, error, met);
                }
            }
            _ => {}
        }
    }

    fn strike(&self, context: &Context, error: &Error, met: Met) {
        if !matches!(error, Error::Timeout { .. }) {
            // The process may have gone, and with it what its list numbers mean.
            self.forget_lists();
            if met.unproven {
                self.pool.fail_seekers(self.endpoint, error);
            }
        }
        if self.health.failed(context.config.evict_after_errors) {
            self.pool.clear();
            self.forget_lists();
            self.pool.fail_seekers(self.endpoint, error);
            let error = error.with_causes();
            tracing::warn!(dax.node = %self.endpoint, %error, "DAX node evicted after repeated errors");
        }
    }

    fn forget_lists(&self) {
        self.metadata.write().unwrap_or_else(PoisonError::into_inner).forget_lists();
    }

    fn forget_tables(&self, tables: &[&str]) {
        let mut metadata = self.metadata.write().unwrap_or_else(PoisonError::into_inner);
        for table in tables {
            metadata.forget_table(table);
        }
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

impl Informant for Node {
    fn metadata(&self) -> &RwLock<Metadata> {
        &self.metadata
    }

    fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }

    async fn connection(&self, context: &Context, by: Instant) -> Option<Box<Connection>> {
        self.connection(context, Instant::now(), by, &mut Met::default()).await.ok().flatten()
    }
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
