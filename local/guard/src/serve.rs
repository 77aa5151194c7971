//! The HTTP/1.1 accept loop that every listener shares.
//!
//! It asks the guard about every request, bounds the number of connections, gives slow clients deadlines, sets
//! `TCP_NODELAY`, and closes gracefully.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::activity::{Activity, Observed, Patience, Queue};
use crate::guard::{Admission, Guard};
use crate::stop::Stop;

/// The limits of one listener.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of open connections. Beyond it a new one replaces the one that has been waiting the longest for
    /// a request, or for the rest of a head.
    pub connections: usize,
    /// Time for a request head to arrive, from its first byte.
    pub head_timeout: Duration,
    /// Time between two requests; `None` is forever.
    pub idle_timeout: Option<Duration>,
    /// Largest request head; 431 above it.
    pub head_bytes: usize,
}

impl Limits {
    /// For clients from outside.
    pub const OUTSIDE: Self = Self {
        connections: 512,
        head_timeout: Duration::from_secs(5),
        idle_timeout: Some(Duration::from_secs(60)),
        head_bytes: 64 * 1024,
    };

    /// For a process of ours that keeps its connection, and may idle between two requests for hours.
    pub const PROCESS: Self = Self { connections: 32, idle_timeout: None, ..Self::OUTSIDE };

    fn patience(&self) -> Patience {
        Patience { idle: self.idle_timeout, head: self.head_timeout, response: RESPONSE_TIMEOUT }
    }
}

/// Time for a client to read a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for open requests to finish after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// Pause after a connection could not be accepted, for instance for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Binds `port` on the loopback interface; 0 picks any free port.
///
/// # Errors
/// The system's reason, most often that the port is in use.
pub async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Accepts connections until `stop`, and responds to each request that `guard` admits with `respond`.
///
/// `respond` also receives the peer's address. Its future is dropped if the client goes away, so work that must outlive
/// the client has to run in another task.
pub async fn serve<F, R>(listener: TcpListener, guard: Arc<Guard>, limits: Limits, mut stop: Stop, respond: F)
where
    F: Fn(SocketAddr, Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let (slots, queue) = (Arc::new(Semaphore::new(limits.connections)), Arc::new(Queue::default()));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async {
            let accepted = listener.accept().await;
            (accepted, slot(&slots, &queue).await)
        };
        let (accepted, slot) = tokio::select! {
            next = next => next,
            () = stop.stopped() => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let service = Service { guard: Arc::clone(&guard), respond: respond.clone(), peer };
        let (activity, stop) = (Arc::new(Activity::new(&queue)), stop.clone());
        connections.spawn(async move {
            connection(stream, service, activity, limits, stop).await;
            drop(slot);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What is still open after the grace period is aborted when `connections` is dropped.
    let _ = tokio::time::timeout(GRACE, drained).await;
}

/// Room for one more connection; if there is none, another connection has to go.
async fn slot(slots: &Arc<Semaphore>, queue: &Queue) -> Option<OwnedSemaphorePermit> {
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Some(slot);
    }
    queue.make_room();
    let slot = Arc::clone(slots).acquire_owned().await;
    queue.has_room();
    slot.ok()
}

/// What responds to the requests of one connection.
struct Service<F> {
    guard: Arc<Guard>,
    respond: F,
    peer: SocketAddr,
}

impl<F, R> Service<F>
where
    F: Fn(SocketAddr, Request<Incoming>) -> R,
    R: Future<Output = Response<Full<Bytes>>>,
{
    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        match self.guard.admit(&head) {
            Err(refusal) => refusal.response(),
            Ok(Admission::Preflight(origin)) => self.guard.preflight(&origin),
            Ok(admission) => {
                let mut response = (self.respond)(self.peer, Request::from_parts(head, body)).await;
                self.guard.finish(response.headers_mut(), &admission);
                response
            }
        }
    }
}

async fn connection<F, R>(
    stream: TcpStream,
    service: Service<F>,
    activity: Arc<Activity>,
    limits: Limits,
    mut stop: Stop,
) where
    F: Fn(SocketAddr, Request<Incoming>) -> R,
    R: Future<Output = Response<Full<Bytes>>>,
{
    // Without it a delayed ACK adds 40 ms to every second response.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let stream = TokioIo::new(Observed { stream, activity: Arc::clone(&activity) });
    let respond = service_fn(async |request| {
        activity.served();
        let response = service.respond(request).await;
        activity.responded();
        Ok::<_, Infallible>(response)
    });
    let connection = http1::Builder::new().max_buf_size(limits.head_bytes).serve_connection(stream, respond);
    tokio::pin!(connection);
    // An error here is a client that broke off or did not speak HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = overdue(&activity, limits) => return,
        () = activity.evicted() => return,
        () = stop.stopped() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Resolves once a step of the connection takes too long.
async fn overdue(activity: &Activity, limits: Limits) {
    let mut ticks = tokio::time::interval(limits.head_timeout / 5);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !activity.is_overdue(limits.patience()) {
        ticks.tick().await;
    }
}

#[cfg(test)]
mod tests;
