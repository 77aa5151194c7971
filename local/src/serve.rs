//! The HTTP/1.1 accept loop every listener of the stack shares.
//!
//! It bounds the number of connections, gives slow clients a deadline for their request head, sets
//! `TCP_NODELAY`, and closes gracefully.

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
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// What one listener accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections open at a time; further clients wait in the listen backlog.
    pub(crate) connections: usize,
    /// Time for a whole request head to arrive, which is also the keep-alive idle time.
    pub(crate) head_timeout: Option<Duration>,
    /// Largest request head; hyper answers 431 above it.
    pub(crate) head_bytes: usize,
}

impl Limits {
    /// For clients from outside: the gateway, the Invoke API and the `DynamoDB` endpoint.
    pub(crate) const OUTSIDE: Self = Self {
        connections: 2_048,
        head_timeout: Some(Duration::from_secs(60)),
        head_bytes: 64 * 1024,
    };

    /// For a function process on its Runtime API, which may idle between two requests for hours.
    pub(crate) const FUNCTION: Self = Self {
        connections: 32,
        head_timeout: None,
        head_bytes: 64 * 1024,
    };
}

/// Time that open requests get to finish once the stack stops.
const GRACE: Duration = Duration::from_secs(2);

/// Tells every loop of a stack, or of one environment, to stop; dropping the sender does too.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// One more listener for the stop that `sender` gives.
    pub(crate) fn of(sender: &watch::Sender<bool>) -> Self {
        Self(sender.subscribe())
    }

    /// Resolves when the stop was asked for. Cancel-safe.
    pub(crate) async fn stopped(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Binds `port` on the loopback interface; 0 takes any free port.
pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Accepts connections until `stop`, answering each request with `answer`.
///
/// `answer` is called with the peer's address; when the client goes away its future is dropped, so
/// whatever must outlive the client has to run in a task of its own.
pub(crate) async fn serve<F, R>(listener: TcpListener, limits: Limits, mut stop: Stop, answer: F)
where
    F: Fn(SocketAddr, Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            break;
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of file descriptors: wait for connections to end instead of spinning.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = stop.stopped() => break,
        };
        let (answer, stop) = (answer.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, peer, limits, stop, answer).await;
            drop(slot);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What is still open after the grace period is aborted when `connections` is dropped.
    let _ = tokio::time::timeout(GRACE, drained).await;
}

async fn connection<F, R>(
    stream: TcpStream,
    peer: SocketAddr,
    limits: Limits,
    mut stop: Stop,
    answer: F,
) where
    F: Fn(SocketAddr, Request<Incoming>) -> R,
    R: Future<Output = Response<Full<Bytes>>>,
{
    // Without it a delayed ACK adds 40 ms to every second answer.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let response = answer(peer, request);
        async move { Ok::<_, std::convert::Infallible>(response.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // An error here is a client that broke off or spoke no HTTP: there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.stopped() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
