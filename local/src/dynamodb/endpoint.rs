//! The HTTP endpoint: a counter in front of the store's own server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_local::serve::{Limits, Stop, bind, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Largest request that DynamoDB accepts.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Far more than any local call takes; it only bounds the wait.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(60);

/// Forwards requests to a store and counts them, so that a test can prove that something did no I/O.
#[derive(Debug)]
pub(super) struct Endpoint {
    requests: AtomicU64,
    upstream: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Endpoint {
    /// Serves `database` on `listener` until `stop`, in tasks of `tasks`.
    pub(super) async fn start(
        database: Database,
        listener: TcpListener,
        stop: &Stop,
        tasks: &mut JoinSet<()>,
    ) -> io::Result<Arc<Self>> {
        let inner = bind(0).await?;
        let endpoint = Arc::new(Self::new(inner.local_addr()?));
        tasks.spawn(serve_store(inner, database, stop.clone()));
        tasks.spawn(Arc::clone(&endpoint).serve(listener, stop.clone()));
        Ok(endpoint)
    }

    fn new(upstream: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { requests: AtomicU64::new(0), upstream, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// Requests received so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn serve(self: Arc<Self>, listener: TcpListener, stop: Stop) {
        let handle = move |_peer, request| {
            let endpoint = Arc::clone(&self);
            async move { endpoint.forward(request).await }
        };
        serve(listener, Limits::OUTSIDE, stop, handle).await;
    }

    async fn forward(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match timeout(UPSTREAM_TIMEOUT, self.exchange(request)).await {
            Ok(Some(response)) => response,
            Ok(None) | Err(_) => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response
            }
        }
    }

    async fn exchange(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (mut head, body) = request.into_parts();
        let body = Limited::new(body, MAX_REQUEST_BYTES).collect().await.ok()?.to_bytes();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("http://{}{path}", self.upstream).parse().ok()?;
        head.headers.remove(http::header::TRANSFER_ENCODING);
        let response = self.client.request(Request::from_parts(head, Full::new(body))).await.ok()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Response::from_parts(head, Full::new(body)))
    }
}

/// Runs the store's own server until `stop`.
async fn serve_store(listener: TcpListener, database: Database, mut stop: Stop) {
    let stopped = async move { stop.stopped().await };
    // The server repeats failed accepts itself; it ends only when it is stopped.
    let _ = serve_with_shutdown(listener, database, stopped).await;
}
