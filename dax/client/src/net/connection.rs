//! A session and the byte stream that carries it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::context::Context;
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
}

impl Connection {
    /// Connects to `endpoint`, the node's address after any mapping. Nothing is sent yet.
    pub(crate) async fn open(context: &Context, endpoint: SocketAddr, open: &Arc<AtomicU64>) -> Result<Self, Error> {
        let transport = context.connect(endpoint).await?;
        Ok(Self {
            transport,
            session: Session::new(context.random_session_id(), context.config.max_answer_bytes),
            endpoint,
            idle_since: Instant::now(),
            kept: false,
            counted: Gauge::count(open),
        })
    }

    /// Makes a call on this connection.
    pub(crate) async fn call<R: Request>(
        &mut self,
        context: &Context,
        call: &mut Call<'_, R>,
        metadata: &RwLock<Metadata>,
    ) -> Result<R::Output, Error> {
        self.authorize(context).await?;
        loop {
            match call.advance(&mut self.session, metadata)? {
                Step::Done(output) => return Ok(output),
                Step::Exchange if call.is_asking() => {
                    let allowed = context.config.lookup_timeout;
                    let exchanged = timeout(allowed, self.exchange(call)).await;
                    exchanged.map_err(|_elapsed| lookup_timed_out(call, allowed))??;
                }
                Step::Exchange => self.exchange(call).await?,
            }
        }
    }

    /// Sends what is queued without waiting for anything: on a new connection the handshake.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.transport.write_all(self.session.output()).await?;
        self.transport.flush().await?;
        self.session.sent();
        Ok(())
    }

    async fn authorize(&mut self, context: &Context) -> Result<(), Error> {
        let now = Instant::now();
        if self.session.wants_authorization(context.credentials.generation(), now) {
            let (current, proof, lifetime) = context.prove().await?;
            let credentials = &current.credentials;
            let mut identity = Authorization::new(credentials.access_key_id(), &proof.signature, &proof.string_to_sign);
            identity.session_token = credentials.session_token();
            identity.user_agent = Some(USER_AGENT);
            self.session.authorize(&identity, current.generation, now + lifetime);
        }
        Ok(())
    }

    async fn exchange<R: Request>(&mut self, call: &Call<'_, R>) -> Result<(), Error> {
        self.flush().await.map_err(|source| self.broken(call, source))?;
        loop {
            match self.session.is_answered() {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => return Err(malformed(call, &error)),
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
        Error::Broken { method: call.method(), endpoint: self.endpoint, sent: call.is_sent(), source }
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

fn malformed<R: Request>(call: &Call<'_, R>, error: &dax_protocol::cbor::Error) -> Error {
    let (at, what) = match *error {
        dax_protocol::cbor::Error::Malformed { at, what } => (at, what),
        dax_protocol::cbor::Error::Incomplete => (0, "the answer is cut"),
    };
    Error::Malformed { method: call.method(), at, what }
}

fn lookup_timed_out<R: Request>(call: &Call<'_, R>, after: Duration) -> Error {
    Error::Timeout { method: call.method(), after, sent: call.is_sent() }
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
