//! The embedded DynamoDB's own server, without a port of its own.
//!
//! That server answers the preflight requests of any web page and checks no signature, so nobody else may reach it. It
//! accepts its connections from a TCP listener and from nothing else. Therefore each connection to it gets a listener on a
//! random port, which is closed as soon as the server has accepted the connection: it keeps serving what it has accepted.
//!
//! It runs on threads of its own. It goes through expressions and documents by recursion, and the stack of a thread of the
//! runtime, or of a test, is too small for what DynamoDB permits.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use dynoxide::{Database, server::serve_with_shutdown};
use http::{HeaderValue, Request, Response, Uri, header, request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use loopback_guard::Stop;
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
};

/// Connections kept for later. More are opened when more requests come at a time, and closed after them.
const MAX_IDLE: usize = 64;

/// Enough for any expression of 4096 bytes, DynamoDB's limit, in a build without optimisation, four times over. Pages
/// that are not used cost nothing.
const STACK_BYTES: usize = 64 << 20;
/// The engine does one thing at a time.
const THREADS: usize = 2;

type Connection = SendRequest<Full<Bytes>>;

/// An embedded DynamoDB and the connections to it.
pub(super) struct Engine {
    database: Database,
    /// `None` once it is shut down.
    runtime: Option<Runtime>,
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
    /// # Errors
    /// If there are no threads to be had.
    pub(super) fn new(database: Database, stop: Stop) -> io::Result<Self> {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(THREADS).thread_stack_size(STACK_BYTES).thread_name("dynamodb").enable_all();
        Ok(Self { database, runtime: Some(runtime.build()?), stop, idle: Mutex::default() })
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (database, mut stop) = (self.database.clone(), self.stop.clone());
        let ended = || io::Error::other("the embedded DynamoDB has ended");
        let mut accepts = self.runtime.as_ref().ok_or_else(ended)?.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
            serve_with_shutdown(listener, database, async move { stop.stopped().await }).await
        });
        let connection = tokio::select! {
            _ = &mut accepts => return Err(ended()),
            connection = async { greeted(TcpStream::connect(address).await?).await } => connection,
        };
        // Closes the listener, and waits until it is closed.
        accepts.abort();
        _ = accepts.await;
        connection
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Waiting is not possible here, where another runtime may be at work.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
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
