//! An embedded DynamoDB on a port of the loopback interface, for programs only.
//!
//! ```text
//!  client ──► guard ──► Endpoint ──► refusal ──► Engine ──► dynoxide
//!             (listens)  (counts)    (what it      (does not listen)
//!                                     lets pass)
//! ```

mod engine;
mod keys;
mod refusal;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use dynoxide::Database;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use loopback_guard::{Guard, Limits, Stop, serve};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use self::engine::Engine;
use crate::config::from_here;

const TARGET: &str = "x-amz-target";

/// Largest request that DynamoDB accepts.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Far more than any local call takes; it only bounds the wait.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(60);

/// File in a directory of tables that the server which uses it holds locked. The system lets go of it when that ends.
const LOCK: &str = "dax-server.lock";

/// Passes requests on to an embedded DynamoDB and counts them, so that a test can prove that something did no I/O.
#[derive(Debug)]
pub struct Endpoint {
    requests: AtomicU64,
    engine: Engine,
}

impl Endpoint {
    /// An endpoint for `database`, which works until `stop`.
    ///
    /// # Errors
    /// If there are no threads to be had.
    pub fn new(database: Database, stop: Stop) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { requests: AtomicU64::new(0), engine: Engine::new(database, stop)? }))
    }

    /// Requests received so far. The guard's refusals are not among them.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Serves the clients that `guard` admits on `listener` until `stop`.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, guard: Guard, stop: Stop) {
        let respond = move |_peer, request| {
            let endpoint = Arc::clone(&self);
            async move { endpoint.respond(request).await }
        };
        serve(listener, Arc::new(guard), Limits::OUTSIDE, stop, respond).await;
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (head, body) = request.into_parts();
        let body = match timeout(BODY_TIMEOUT, Limited::new(body, MAX_REQUEST_BYTES).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return status(StatusCode::PAYLOAD_TOO_LARGE),
            // The client broke off or is too slow.
            Ok(Err(_)) | Err(_) => return status(StatusCode::REQUEST_TIMEOUT),
        };
        if let Some(refusal) = refusal::of(&head, &body, self.engine.database()) {
            return refusal;
        }
        if let Some(keys) = keys::of(&head, &body, self.engine.database()).await {
            return keys;
        }
        match timeout(ENGINE_TIMEOUT, self.engine.call(head, body)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) | Err(_) => status(StatusCode::BAD_GATEWAY),
        }
    }
}

/// An embedded DynamoDB and its port. Stops when dropped.
#[derive(Debug)]
pub(crate) struct Embedded {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    /// Held as long as the tables are open.
    _lock: Option<File>,
}

impl Embedded {
    /// Opens the tables in `directory`, or in memory, and serves them to whom `guard` admits.
    pub(crate) async fn start(address: SocketAddr, directory: Option<&Path>, guard: Guard) -> anyhow::Result<Self> {
        let (database, lock) = match directory {
            None => (Database::memory().context("cannot open the embedded DynamoDB")?, None),
            Some(directory) => {
                open(directory).with_context(|| format!("cannot keep tables in {}", directory.display()))?
            }
        };
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("the embedded DynamoDB cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = Stop::channel();
        let endpoint = Endpoint::new(database, stopped.clone())?;
        Ok(Self { address, stop, task: tokio::spawn(endpoint.serve(listener, guard, stopped)), _lock: lock })
    }

    /// Where programs on this machine find it.
    pub(crate) fn url(&self) -> String {
        let Self { address, .. } = self;
        format!("http://{}", SocketAddr::new(from_here(address.ip()), address.port()))
    }

    /// Lets requests in flight finish for a moment.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // It fails only if it panicked, and then it has stopped too.
        _ = self.task.await;
    }
}

/// Opens the database in a directory, which nobody else may read if it has to be created, and locks it.
fn open(directory: &Path) -> anyhow::Result<(Database, Option<File>)> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let lock = OpenOptions::new().append(true).create(true).mode(0o600).open(directory.join(LOCK))?;
    let lock = match lock.try_lock() {
        Ok(()) => Some(lock),
        Err(TryLockError::WouldBlock) => bail!("another dax-server uses this directory"),
        // Some network file systems have no locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => None,
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the directory"),
    };
    let file = directory.join("dynamodb.sqlite");
    // SQLite gives the files that it puts beside this one the same mode.
    OpenOptions::new().append(true).create(true).mode(0o600).open(&file)?;
    Ok((Database::new(&file.to_string_lossy())?, lock))
}

/// An answer as DynamoDB gives it.
fn json(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
