//! An embedded DynamoDB on a port of the loopback interface, for programs only.
//!
//! ```text
//!  client ──► guard ──► Endpoint ──► Engine ──► dynoxide
//!             (listens)  (counts)     (does not listen)
//! ```

mod engine;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use loopback_guard::{Guard, Limits, Stop, serve};
use tokio::{net::TcpListener, time::timeout};

use self::engine::Engine;

/// Largest request that DynamoDB accepts.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Far more than any local call takes; it only bounds the wait.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(60);

/// Passes requests on to an embedded DynamoDB and counts them, so that a test can prove that something did no I/O.
#[derive(Debug)]
pub struct Endpoint {
    requests: AtomicU64,
    engine: Engine,
}

impl Endpoint {
    /// An endpoint for `database`, which works until `stop`.
    pub fn new(database: Database, stop: Stop) -> Arc<Self> {
        Arc::new(Self { requests: AtomicU64::new(0), engine: Engine::new(database, stop) })
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
        match timeout(ENGINE_TIMEOUT, self.engine.call(head, body)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) | Err(_) => status(StatusCode::BAD_GATEWAY),
        }
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
