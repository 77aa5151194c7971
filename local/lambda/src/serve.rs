//! The HTTP/1.1 accept loop that every listener shares.
//!
//! It bounds the number of connections, gives slow clients a deadline for their request head, sets `TCP_NODELAY`, and
//! closes gracefully.

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

/// The limits of one listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of open connections; further clients wait in the listen backlog.
    pub connections: usize,
    /// Time for a whole request head to arrive, and also the keep-alive idle time.
    pub head_timeout: Option<Duration>,
    /// Largest request head; hyper answers 431 above it.
    pub head_bytes: usize,
}

impl Limits {
    /// For clients from outside.
    pub const OUTSIDE: Self =
        Self { connections: 2_048, head_timeout: Some(Duration::from_secs(60)), head_bytes: 64 * 1024 };

    /// For a function process on its Runtime API, which may idle between two requests for hours.
    pub const FUNCTION: Self = Self { connections: 32, head_timeout: None, head_bytes: 64 * 1024 };
}

/// Time for open requests to finish after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// A signal for tasks to stop. Dropping the sender gives it, too.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Another receiver of the signal that `sender` gives.
    pub fn of(sender: &watch::Sender<bool>) -> Self {
        Self(sender.subscribe())
    }

    /// Resolves once the signal is given. Cancel-safe.
    pub async fn stopped(&mut self) {
        // An error means that the sender is gone, which is a stop as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Binds `port` on the loopback interface; 0 picks any free port.
pub async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Accepts connections until `stop` and responds to each request with `respond`.
///
/// `respond` also receives the peer's address. Its future is dropped if the client goes away, so work that must outlive
/// the client has to run in another task.
pub async fn serve<F, R>(listener: TcpListener, limits: Limits, mut stop: Stop, respond: F)
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
        let (respond, stop) = (respond.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, peer, limits, stop, respond).await;
            drop(slot);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What is still open after the grace period is aborted when `connections` is dropped.
    let _ = tokio::time::timeout(GRACE, drained).await;
}

async fn connection<F, R>(stream: TcpStream, peer: SocketAddr, limits: Limits, mut stop: Stop, respond: F)
where
    F: Fn(SocketAddr, Request<Incoming>) -> R,
    R: Future<Output = Response<Full<Bytes>>>,
{
    // Without it a delayed ACK adds 40 ms to every second response.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let response = respond(peer, request);
        async move { Ok::<_, std::convert::Infallible>(response.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // An error here is a client that broke off or did not speak HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.stopped() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    /// A server that reports when a request has `entered` and responds to it after a `release`.
    struct Server {
        address: SocketAddr,
        entered: Arc<Notify>,
        release: Arc<Notify>,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    }

    impl Server {
        async fn start(limits: Limits) -> Self {
            let listener = bind(0).await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = Stop::channel();
            let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (door, gate) = (Arc::clone(&entered), Arc::clone(&release));
            let task = tokio::spawn(serve(listener, limits, stopped, move |_peer, _request| {
                let (door, gate) = (Arc::clone(&door), Arc::clone(&gate));
                async move {
                    door.notify_one();
                    gate.notified().await;
                    Response::new(Full::from("done"))
                }
            }));
            Self { address, entered, release, stop, task }
        }

        async fn connect(&self, bytes: &[u8]) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream
        }
    }

    async fn response(mut stream: TcpStream) -> String {
        let mut response = String::new();
        let read = timeout(PATIENCE, stream.read_to_string(&mut response)).await;
        read.expect("the server closes in time").unwrap();
        response
    }

    #[tokio::test]
    async fn a_client_that_never_finishes_its_head_is_dropped() {
        let limits = Limits { head_timeout: Some(Duration::from_millis(50)), ..Limits::OUTSIDE };
        let server = Server::start(limits).await;
        let slow = server.connect(b"GET / HTTP/1.1\r\nHost:").await;
        assert!(!response(slow).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait() {
        let limits = Limits { connections: 1, ..Limits::OUTSIDE };
        let server = Server::start(limits).await;
        let first = server.connect(REQUEST).await;
        let second = server.connect(REQUEST).await;
        let second = tokio::spawn(response(second));
        server.release.notify_one();
        assert!(response(first).await.ends_with("done"));
        assert!(!second.is_finished());
        server.release.notify_one();
        assert!(second.await.unwrap().ends_with("done"));
    }

    #[tokio::test]
    async fn a_request_in_flight_is_finished_before_the_end() {
        let server = Server::start(Limits::OUTSIDE).await;
        let idle = server.connect(b"").await;
        let busy = server.connect(REQUEST).await;
        server.entered.notified().await;
        server.stop.send_replace(true);
        server.release.notify_one();
        assert!(response(busy).await.ends_with("done"));
        assert_eq!(response(idle).await, "");
        timeout(PATIENCE, server.task).await.expect("the server ends").unwrap();
    }
}
