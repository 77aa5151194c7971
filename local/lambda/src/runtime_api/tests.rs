//! The Runtime API as a process sees it, byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use loopback_guard::{Stop, bind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{Delivery, MAX_RESPONSE_BYTES, RuntimeApi, Signal, error_type};

const PATIENCE: Duration = Duration::from_secs(10);

/// A Runtime API on a port, and what it signals.
struct Server {
    api: Arc<RuntimeApi>,
    address: SocketAddr,
    signals: mpsc::UnboundedReceiver<Signal>,
    _stop: watch::Sender<bool>,
}

impl Server {
    async fn start() -> Self {
        let (sender, signals) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi::new(sender));
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = Stop::channel();
        tokio::spawn(Arc::clone(&api).serve(listener, stopped));
        Self { api, address, signals, _stop: stop }
    }

    /// One exchange on a new connection; returns the response's status and body.
    async fn call(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat()).await.1
    }

    /// The whole head, the status, and the body of the response to raw bytes.
    async fn raw(&self, bytes: &[u8]) -> (String, (u16, String)) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may respond and close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut response = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut response)).await.expect("a response");
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (head.to_owned(), (status.unwrap_or(0), body.to_owned()))
    }

    async fn signal(&mut self) -> Signal {
        timeout(PATIENCE, self.signals.recv()).await.expect("a signal").unwrap()
    }

    /// Brings the machine to `Busy` with request id `1`; returns the response to `next`.
    async fn deliver(&mut self) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let next = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(next).await.unwrap();
        assert!(matches!(self.signal().await, Signal::Ready));
        self.api.deliver(delivery()).unwrap();
        let mut response = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut response)).await.unwrap().unwrap();
        response
    }
}

fn delivery() -> Delivery {
    Delivery {
        request_id: "1".into(),
        payload: Bytes::from_static(b"{\"a\":1}"),
        deadline_ms: 1_700_000_000_123,
        function_arn: "arn:f".into(),
        trace_id: "Root=1-2-3".into(),
        client_context: Some("{\"c\":2}".into()),
    }
}

#[tokio::test]
async fn next_waits_for_an_invocation_and_describes_it() {
    let mut server = Server::start().await;
    let response = server.deliver().await;
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for header in [
        "content-type: application/json",
        "lambda-runtime-aws-request-id: 1",
        "lambda-runtime-deadline-ms: 1700000000123",
        "lambda-runtime-invoked-function-arn: arn:f",
        "lambda-runtime-trace-id: Root=1-2-3",
        "lambda-runtime-client-context: {\"c\":2}",
    ] {
        assert!(head.lines().any(|line| line == header), "no {header} in {head}");
    }
    assert_eq!(body, "{\"a\":1}");
}

#[tokio::test]
async fn a_response_is_accepted_once() {
    let mut server = Server::start().await;
    server.deliver().await;
    let first = server.call("POST", "invocation/1/response", "", b"\"done\"").await;
    assert_eq!(first, (202, "{\"status\":\"OK\"}\n".into()));
    assert!(matches!(server.signal().await, Signal::Answered(Ok(body)) if body == "\"done\""));
    let (status, body) = server.call("POST", "invocation/1/response", "", b"\"again\"").await;
    assert_eq!(status, 400);
    assert!(body.contains("\"errorType\":\"InvalidRequestID\""), "{body}");
}

#[tokio::test]
async fn an_error_is_accepted_with_its_type() {
    let mut server = Server::start().await;
    server.deliver().await;
    let kind = "Lambda-Runtime-Function-Error-Type: Runtime.Broken\r\n";
    let (status, _) = server.call("POST", "invocation/1/error", kind, b"{\"errorMessage\":\"x\"}").await;
    assert_eq!(status, 202);
    let Signal::Answered(Err(error)) = server.signal().await else { panic!("no error") };
    assert_eq!(
        (error.kind.as_str(), error.payload.as_ref()),
        ("Runtime.Broken", b"{\"errorMessage\":\"x\"}".as_slice())
    );
}

#[tokio::test]
async fn a_failed_start_is_accepted_once_and_ends_the_environment() {
    let mut server = Server::start().await;
    let (status, _) = server.call("POST", "init/error", "", b"{}").await;
    assert_eq!(status, 202);
    assert!(matches!(server.signal().await, Signal::InitFailed(_)));
    for (method, path) in [("POST", "init/error"), ("GET", "invocation/next")] {
        let (status, body) = server.call(method, path, "", b"").await;
        assert_eq!(status, 403, "{path}");
        assert!(body.contains("InvalidStateTransition"), "{body}");
    }
}

#[tokio::test]
async fn calls_out_of_order_are_refused() {
    let mut server = Server::start().await;
    for path in ["invocation/1/response", "invocation/1/error"] {
        let (status, body) = server.call("POST", path, "", b"{}").await;
        assert_eq!(status, 403, "{path} before next");
        assert!(body.contains("InvalidStateTransition"), "{body}");
    }
    server.deliver().await;
    for (method, path, expected) in [
        ("GET", "invocation/next", 403),
        ("POST", "init/error", 403),
        ("POST", "invocation/2/response", 400),
        ("POST", "invocation/2/error", 400),
    ] {
        let (status, body) = server.call(method, path, "", b"{}").await;
        assert_eq!(status, expected, "{path} while busy: {body}");
    }
    // None of these has disturbed the invocation.
    assert_eq!(server.call("POST", "invocation/1/response", "", b"{}").await.0, 202);
}

#[tokio::test]
async fn a_response_may_have_6_mib_and_100_bytes() {
    let mut server = Server::start().await;
    server.deliver().await;
    let (status, _) = server.call("POST", "invocation/1/response", "", &vec![b'1'; MAX_RESPONSE_BYTES]).await;
    assert_eq!(status, 202);
    assert!(matches!(server.signal().await, Signal::Answered(Ok(body)) if body.len() == 6_291_556));
}

#[tokio::test]
async fn one_byte_more_is_refused_and_fails_the_invocation() {
    let mut server = Server::start().await;
    server.deliver().await;
    // Announced but not sent, so that the response is not lost to a reset of the connection.
    let head = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let chunk = vec![b'1'; MAX_RESPONSE_BYTES + 1];
    let body = [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n0\r\n\r\n"].concat();
    let (_, (status, response)) = server.raw(&[head.as_bytes(), &body].concat()).await;
    if status != 0 {
        assert_eq!(status, 413);
        assert!(response.contains("Exceeded maximum allowed payload size (6291556 bytes)."), "{response}");
    }
    let Signal::Answered(Err(error)) = server.signal().await else { panic!("no error") };
    assert_eq!(error.kind, "Function.ResponseSizeTooLarge");
}

#[tokio::test]
async fn streaming_is_refused_with_a_reason() {
    let mut server = Server::start().await;
    server.deliver().await;
    let mode = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";
    let (status, body) = server.call("POST", "invocation/1/response", mode, b"{}").await;
    assert_eq!(status, 400);
    assert!(body.contains("InvalidFunctionResponseMode"), "{body}");
    assert!(matches!(server.signal().await, Signal::Answered(Err(_))));
}

#[tokio::test]
async fn a_cut_off_body_is_not_a_response() {
    let mut server = Server::start().await;
    server.deliver().await;
    let cut =
        b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    let (_, (status, body)) = server.raw(cut).await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("TruncatedHTTPRequest"), "{body}");
    assert_eq!(server.call("POST", "invocation/1/response", "", b"{}").await.0, 202);
    assert!(matches!(server.signal().await, Signal::Answered(Ok(_))));
}

#[tokio::test]
async fn a_process_that_stops_waiting_is_gone() {
    let mut server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(matches!(server.signal().await, Signal::Ready));
    drop(stream);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let waiting = server.api.state().next.as_ref().is_some_and(|next| !next.is_closed());
        if !waiting {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the closed connection goes unnoticed");
        tokio::task::yield_now().await;
    }
    assert!(server.api.deliver(delivery()).is_err());
}

#[tokio::test]
async fn other_interfaces_are_not_found() {
    let server = Server::start().await;
    for head in [
        "POST /2020-01-01/extension/register HTTP/1.1",
        "PUT /2022-07-01/telemetry HTTP/1.1",
        "GET /2018-06-01/runtime/restore/next HTTP/1.1",
        "POST /2018-06-01/runtime/restore/error HTTP/1.1",
    ] {
        let request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(server.raw(request.as_bytes()).await.1.0, 404, "{head}");
    }
}

#[test]
fn error_types_are_passed_on_or_generalised() {
    for (reported, expected) in [
        ("Runtime.NoSuchHandler", "Runtime.NoSuchHandler"),
        ("Function.Panicked", "Function.Panicked"),
        ("Runtime.lower", "Runtime.Unknown"),
        ("Runtime", "Runtime.Unknown"),
        ("Function.", "Function.Unknown"),
        ("unhandled", "Function.Unknown"),
        ("Other.Thing", "Function.Unknown"),
        ("", "Function.Unknown"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("lambda-runtime-function-error-type", reported.parse().unwrap());
        assert_eq!(error_type(&headers), expected, "{reported}");
    }
    assert_eq!(error_type(&HeaderMap::new()), "Function.Unknown");
}
