//! What each connection is doing, who waits the longest, and a stream that notices.
//!
//! A connection waits when it has no request in progress: between two requests, or in the middle of a head. Only such a
//! connection may be closed to make room for another.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The step of a connection. Each request goes through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// No byte of a request has come.
    Idle,
    /// A part of a head has come.
    Head,
    /// The service has the request.
    Service,
    /// The response is on its way.
    Response,
}

/// How long each step but [`Step::Service`] may take, which is the service's own affair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// `None` is forever.
    pub(crate) idle: Option<Duration>,
    pub(crate) head: Duration,
    pub(crate) response: Duration,
}

/// All connections of a listener that wait, the longest first.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    by_age: BTreeMap<u64, Arc<Notify>>,
    next: u64,
    /// Newcomers for whom no connection was waiting: the next that does has to go.
    wanted: usize,
}

impl Queue {
    /// Closes the connection that waits the longest, or the next one that begins to wait.
    pub(crate) fn make_room(&self) {
        let mut waiting = self.lock();
        match waiting.by_age.pop_first() {
            Some((_, evict)) => evict.notify_one(),
            None => waiting.wanted += 1,
        }
    }

    /// A newcomer found room after all, or left.
    pub(crate) fn has_room(&self) {
        self.lock().wanted = 0;
    }

    fn enter(&self, evict: &Arc<Notify>) -> u64 {
        let mut waiting = self.lock();
        let ticket = waiting.next;
        waiting.next += 1;
        if waiting.wanted > 0 {
            waiting.wanted -= 1;
            evict.notify_one();
        } else {
            waiting.by_age.insert(ticket, Arc::clone(evict));
        }
        ticket
    }

    fn leave(&self, ticket: u64) {
        self.lock().by_age.remove(&ticket);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection is doing.
#[derive(Debug)]
pub(crate) struct Activity {
    queue: Arc<Queue>,
    evict: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    step: Step,
    since: Instant,
    ticket: u64,
}

impl Activity {
    pub(crate) fn new(queue: &Arc<Queue>) -> Self {
        let evict = Arc::new(Notify::new());
        let state = State { step: Step::Idle, since: Instant::now(), ticket: queue.enter(&evict) };
        Self { queue: Arc::clone(queue), evict, state: Mutex::new(state) }
    }

    /// Resolves when the connection has to go. Cancel-safe.
    pub(crate) async fn evicted(&self) {
        self.evict.notified().await;
    }

    /// Whether the current step takes longer than it may.
    pub(crate) fn is_overdue(&self, patience: Patience) -> bool {
        let state = self.lock();
        let limit = match state.step {
            Step::Idle => patience.idle,
            Step::Head => Some(patience.head),
            Step::Service => None,
            Step::Response => Some(patience.response),
        };
        limit.is_some_and(|limit| state.since.elapsed() > limit)
    }

    /// The service gets a request.
    pub(crate) fn served(&self) {
        let mut state = self.lock();
        self.queue.leave(state.ticket);
        state.go(Step::Service);
    }

    /// The service has responded.
    pub(crate) fn responded(&self) {
        self.lock().go(Step::Response);
    }

    fn received(&self) {
        let mut state = self.lock();
        if state.step == Step::Idle {
            state.go(Step::Head);
        }
    }

    /// Everything that was written is on its way.
    fn flushed(&self) {
        let mut state = self.lock();
        if state.step == Step::Response {
            state.ticket = self.queue.enter(&self.evict);
            state.go(Step::Idle);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.queue.leave(self.lock().ticket);
    }
}

impl State {
    fn go(&mut self, step: Step) {
        self.step = step;
        self.since = Instant::now();
    }
}

/// A stream that tells an [`Activity`] what passes.
#[derive(Debug)]
pub(crate) struct Observed<S> {
    pub(crate) stream: S,
    pub(crate) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.activity.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
