//! The embedded DynamoDB's own server, without a port of its own.
//!
//! That server answers the preflight requests of any web page and checks no signature, so nobody else may reach it. It
//! accepts its connections from a TCP listener and from nothing else. Therefore each connection to it gets a listener on a
//! random port, which is closed as soon as the server has accepted the connection: it keeps serving what it has accepted.

use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dynoxide::{Database, server::serve_with_shutdown};
use http::{HeaderValue, Request, Response, Uri, header, request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use loopback_guard::{Stop, bind};
use tokio::net::TcpStream;

/// Connections kept for later. More are opened when more requests come at a time, and closed after them.
const MAX_IDLE: usize = 64;

type Connection = SendRequest<Full<Bytes>>;

/// An embedded DynamoDB and the connections to it.
pub(super) struct Engine {
    database: Database,
    /// Ends the connections.
    stop: Stop,
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    pub(super) fn new(database: Database, stop: Stop) -> Self {
        Self { database, stop, idle: Mutex::default() }
    }

    /// Carries out a request.
    pub(super) async fn call(&self, mut head: request::Parts, body: Bytes) -> io::Result<Response<Full<Bytes>>> {
        // The body is complete and has a length; the target is the path alone.
        head.headers.remove(header::TRANSFER_ENCODING);
        let path = head.uri.path_and_query().cloned();
        head.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        let mut connection = match self.kept() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let response = exchange(&mut connection, Request::from_parts(head, Full::new(body))).await?;
        self.keep(connection);
        Ok(response)
    }

    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE && !connection.is_closed() {
            idle.push(connection);
        }
    }

    async fn open(&self) -> io::Result<Connection> {
        let listener = bind(0).await?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let mut stop = self.stop.clone();
        let accepts = serve_with_shutdown(listener, self.database.clone(), async move { stop.stopped().await });
        // Dropping `accepts` closes the listener.
        tokio::select! {
            _ = accepts => Err(io::Error::other("the embedded DynamoDB has ended")),
            connection = greeted(stream) => connection,
        }
    }
}

/// A connection whose first request was answered, and which therefore was accepted.
async fn greeted(stream: TcpStream) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    let (mut connection, task) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(task);
    let mut greeting = Request::new(Full::default());
    greeting.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
    exchange(&mut connection, greeting).await?;
    Ok(connection)
}

async fn exchange(connection: &mut Connection, request: Request<Full<Bytes>>) -> io::Result<Response<Full<Bytes>>> {
    connection.ready().await.map_err(io::Error::other)?;
    let (head, body) = connection.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body)))
}
