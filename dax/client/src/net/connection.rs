//! A session and the byte stream that carries it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Handle, Id};
use tokio::time::Instant;

use super::alarm::Alarm;
use super::context::Context;
use super::opening::Slot;
use crate::codec::Metadata;
use crate::codec::control::Authorization;
use crate::connector::{IdleState, Transport};
use crate::error::Error;
use crate::session::{Call, Request, Session, Step, USER_AGENT};

/// An open connection to a node.
///
/// It is not cancel-safe: a call that is dropped halfway leaves an answer due, so its connection must be dropped too.
#[derive(Debug)]
pub(crate) struct Connection {
    transport: Box<dyn Transport>,
    session: Session,
    endpoint: SocketAddr,
    idle_since: Instant,
    /// Whether it was idle before its present call.
    kept: bool,
    counted: Gauge,
    /// What bounds its calls, while it carries none.
    alarm: Option<Alarm>,
    /// Where it was opened. It dies with this runtime, perhaps in the middle of a call that is made in another.
    runtime: Id,
    /// Held until the node has answered for the first time.
    slot: Option<Slot>,
}

impl Connection {
    /// Connects to `endpoint`, the node's address after any mapping, before `by`. Nothing is sent yet.
    ///
    /// In a box, because it is handed from pool to call and back.
    pub(crate) async fn open(
        context: &Context,
        endpoint: SocketAddr,
        open: &Arc<AtomicU64>,
        by: Instant,
    ) -> Result<Box<Self>, Error> {
        let transport = context.connect(endpoint, by).await?;
        Ok(Box::new(Self {
            transport,
            session: Session::new(context.random_session_id(), context.config.max_answer_bytes),
            endpoint,
            idle_since: Instant::now(),
            kept: false,
            counted: Gauge::count(open),
            alarm: None,
            runtime: Handle::current().id(),
            slot: None,
        }))
    }

    /// Asks something that needs no lookups, on an authorised connection.
    pub(crate) async fn ask<R: Request>(
        &mut self,
        call: &mut Call<'_, R>,
        metadata: &RwLock<Metadata>,
    ) -> Result<R::Output, Error> {
        loop {
            match self.advance(call, metadata)? {
                Step::Done(output) => return Ok(output),
                Step::Exchange => self.exchange(call).await?,
                Step::Learn(lookups) => {
                    return Err(Error::TooManyLookups { method: call.method(), rounds: 0, missing: lookups.len() });
                }
            }
        }
    }

    /// Takes the next step of a call.
    pub(crate) fn advance<R: Request>(
        &mut self,
        call: &mut Call<'_, R>,
        metadata: &RwLock<Metadata>,
    ) -> Result<Step<R::Output>, Error> {
        call.advance(&mut self.session, metadata)
    }

    /// Sends what is queued without waiting for an answer: on a new connection the handshake. `taken` is called as soon as
    /// the stream has taken any of it.
    pub(crate) async fn flush(&mut self, mut taken: impl FnMut()) -> io::Result<()> {
        let mut rest = self.session.output();
        while !rest.is_empty() {
            let written = self.transport.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            taken();
            rest = rest.get(written..).unwrap_or_default();
        }
        self.transport.flush().await?;
        self.session.sent();
        Ok(())
    }

    /// Whether the next request needs a proof of identity.
    pub(crate) fn wants_authorization(&self, context: &Context, now: Instant) -> bool {
        self.session.wants_authorization(context.credentials.generation(), now)
    }

    /// Queues a proof of identity. Waits for credentials until `by` at most.
    pub(crate) async fn authorize(&mut self, context: &Context, by: Instant) -> Result<(), Error> {
        let now = Instant::now();
        let (current, proof, lifetime) = context.prove(by).await?;
        let credentials = &current.credentials;
        let mut identity = Authorization::new(credentials.access_key_id(), &proof.signature, &proof.string_to_sign);
        identity.session_token = credentials.session_token();
        identity.user_agent = Some(USER_AGENT);
        self.session.authorize(&identity, current.generation, now + lifetime);
        Ok(())
    }

    /// Sends what a call has queued and receives the answer.
    pub(crate) async fn exchange<R: Request>(&mut self, call: &mut Call<'_, R>) -> Result<(), Error> {
        let flushed = self.flush(|| call.note_sent()).await;
        flushed.map_err(|source| self.broken(call, source))?;
        loop {
            match self.session.is_answered() {
                Ok(true) => {
                    self.slot = None;
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) => return Err(malformed(call, &error, self.session.input())),
            }
            let read = self.transport.read_buf(self.session.input()).await;
            match read {
                Ok(0) => return Err(self.broken(call, io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(source) => return Err(self.broken(call, source)),
            }
        }
    }

    fn broken<R: Request>(&self, call: &Call<'_, R>, source: io::Error) -> Error {
        let (method, sent) = (call.method(), call.is_sent());
        Error::Broken { method, lookup: None, endpoint: self.endpoint, sent, source }
    }

    /// The timer for a call; [`keep_alarm`](Self::keep_alarm) takes it back.
    pub(crate) fn take_alarm(&mut self, until: Instant) -> Alarm {
        self.alarm.take().unwrap_or_else(|| Alarm::new(until))
    }

    pub(crate) fn keep_alarm(&mut self, alarm: Alarm) {
        self.alarm = Some(alarm);
    }

    /// It keeps `slot` until the node has answered on it.
    pub(super) fn hold(&mut self, slot: Slot) {
        self.slot = Some(slot);
    }

    /// Whether it belongs to this runtime.
    pub(super) fn is_of(&self, runtime: Id) -> bool {
        self.runtime == runtime
    }

    /// Whether the node has not answered on it yet.
    pub(super) fn is_unproven(&self) -> bool {
        self.slot.is_some()
    }

    /// From now on counts in `open`.
    pub(crate) fn count_in(&mut self, open: &Arc<AtomicU64>) {
        self.counted = Gauge::count(open);
    }

    /// Whether the peer left an idle connection alone.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.transport.idle_state() == IdleState::Quiet
    }

    /// Whether, being broken, it had broken before: it was kept from an earlier call, and not a byte came back now.
    pub(crate) fn was_stale(&self) -> bool {
        self.kept && !self.session.has_input()
    }

    pub(crate) fn is_reusable(&self) -> bool {
        self.session.is_reusable()
    }

    pub(crate) fn set_idle(&mut self, now: Instant) {
        self.idle_since = now;
        self.kept = true;
    }

    pub(crate) fn idle_for(&self, now: Instant) -> Duration {
        now.duration_since(self.idle_since)
    }
}

fn malformed<R: Request>(call: &Call<'_, R>, error: &dax_protocol::cbor::Error, input: &[u8]) -> Error {
    let (at, what) = match *error {
        _ if matches!(input, [0x15 | 0x16, 0x03, ..]) => (0, "it is TLS; a cluster with encryption needs daxs://"),
        _ if input.starts_with(b"HTTP/") => (0, "it is HTTP; DAX listens on another port, 8111 by default"),
        dax_protocol::cbor::Error::Malformed { at, what } => (at, what),
        dax_protocol::cbor::Error::Incomplete => (0, "the answer is cut"),
    };
    Error::Malformed { method: call.method(), lookup: None, at, what }
}

/// Counts itself for as long as it lives.
#[derive(Debug)]
struct Gauge(Arc<AtomicU64>);

impl Gauge {
    fn count(gauge: &Arc<AtomicU64>) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(gauge))
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
