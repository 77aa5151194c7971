//! An HTTP client that follows nothing, adds nothing, and can send broken requests.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::PATIENCE;

/// Talks to one address, with a new connection for every request.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    address: SocketAddr,
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The value of a header that must not be repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} is repeated");
        Some(value.to_str().expect("headers are text"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {:?}", self.body),
        }
    }
}

impl Client {
    /// A client of the server at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// A client of a stack's gateway.
    #[must_use]
    pub fn of(stack: &local::Stack) -> Self {
        Self::new(stack.gateway_addr())
    }

    /// A client of `http://host:port`, where the host is this machine.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let authority = url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
        Self::new(authority.parse().expect("an address"))
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], "").await
    }

    /// `POST path` with a body of the given type.
    pub async fn post(&self, path: &str, content_type: &str, body: impl Into<Bytes>) -> Reply {
        self.call("POST", path, &[("content-type", content_type)], body).await
    }

    /// Any request. `Host` is the address unless given.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::new(body.into())).expect("a request")).await
    }

    /// Sends a request exactly as it is.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        let exchange = async {
            let stream = TcpStream::connect(self.address).await.expect("the server listens");
            stream.set_nodelay(true).expect("a socket option");
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
            let connection = tokio::spawn(connection);
            let response = sender.send_request(request).await.expect("an answer");
            let (head, body) = Response::into_parts(response);
            let body = body.collect().await.expect("a whole answer").to_bytes();
            connection.abort();
            Reply { status: head.status, headers: head.headers, body }
        };
        timeout(PATIENCE, exchange).await.expect("an answer in time")
    }

    /// Writes bytes and leaves the connection open, for clients that never finish.
    pub async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(bytes).await.expect("the server reads");
        stream
    }

    /// Writes bytes and returns all that comes back until the server closes the connection.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect(bytes).await;
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        read.expect("the server closes in time").expect("the server answers");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
