//! Real connections: limits, deadlines, the guard and the end.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

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
        let guard = Arc::new(Guard::for_programs());
        let task = tokio::spawn(serve(listener, guard, limits, stopped, move |_peer, _request| {
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
    // A connection closed with unread bytes in it is reset.
    let _ = read.expect("the server closes in time");
    response
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_dropped() {
    let limits = Limits { head_timeout: Duration::from_millis(50), ..Limits::PROCESS };
    let server = Server::start(limits).await;
    let mut idle = server.connect(b"").await;
    for head in [&b"G"[..], b"GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        assert_eq!(response(server.connect(head).await).await, "");
    }
    // One that has sent nothing yet has time.
    idle.write_all(REQUEST).await.unwrap();
    server.release.notify_one();
    assert!(response(idle).await.ends_with("done"));
}

#[tokio::test]
async fn an_idle_connection_ends() {
    let limits = Limits {
        head_timeout: Duration::from_millis(50),
        idle_timeout: Some(Duration::from_millis(50)),
        ..Limits::OUTSIDE
    };
    let server = Server::start(limits).await;
    server.release.notify_one();
    let kept_alive = server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(response(kept_alive).await.ends_with("done"));
    assert_eq!(response(server.connect(b"").await).await, "");
}

#[tokio::test]
async fn half_heads_keep_nobody_out() {
    let server = Server::start(Limits { connections: 8, ..Limits::OUTSIDE }).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        slow.push(server.connect(b"POST / HTTP/1.1\r\nHost: localhost\r\nX:").await);
    }
    server.release.notify_one();
    assert!(response(server.connect(REQUEST).await).await.ends_with("done"));
    assert_eq!(response(slow.remove(0)).await, "", "the first was replaced");
}

#[tokio::test]
async fn requests_in_progress_are_not_replaced() {
    let server = Server::start(Limits { connections: 1, ..Limits::OUTSIDE }).await;
    let first = server.connect(REQUEST).await;
    server.entered.notified().await;
    let second = tokio::spawn(response(server.connect(REQUEST).await));
    server.release.notify_one();
    assert!(response(first).await.ends_with("done"));
    assert!(!second.is_finished());
    server.release.notify_one();
    assert!(second.await.unwrap().ends_with("done"));
}

#[tokio::test]
async fn a_connection_goes_after_its_response_if_another_waits() {
    let server = Server::start(Limits { connections: 1, ..Limits::OUTSIDE }).await;
    let first = server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    server.entered.notified().await;
    let second = tokio::spawn(response(server.connect(REQUEST).await));
    server.release.notify_one();
    assert!(response(first).await.ends_with("done"), "the whole response came");
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

#[tokio::test]
async fn what_the_guard_refuses_never_reaches_the_service() {
    let server = Server::start(Limits::OUTSIDE).await;
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n", "HTTP/1.1 403"),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n", "HTTP/1.1 403"),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n", "HTTP/1.1 403"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 2\r\n", "HTTP/1.1 403"),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n", "HTTP/1.1 403"),
        ("GET / HTTP/1.1\r\n", "HTTP/1.1 400"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", "HTTP/1.1 400"),
        ("GET / HTTP/1.0\r\n", "HTTP/1.0 400"),
    ] {
        let request = format!("{head}Connection: close\r\n\r\n{{}}");
        let response = response(server.connect(request.as_bytes()).await).await;
        assert!(response.starts_with(expected), "{head}: {response}");
        assert!(!response.to_ascii_lowercase().contains("access-control-"), "{head}: {response}");
    }
}
