//! An API Gateway HTTP API in front of the functions: routes, and events in payload format 2.0.

mod event;
mod pattern;
mod response;
mod routes;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, request};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use jiff::Timestamp;
use loopback_guard::{Guard, Limits, Stop, serve};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::config::Route;
use crate::function::{Invocation, Pool};
use crate::ids;
use crate::observer::{CrashRecord, Observer, RequestRecord};
use event::{Event, RequestInfo};
pub use pattern::RouteError;
use response::GatewayError;
use routes::{Match, Router, decode_path};

/// Largest request line and header values together.
///
/// Source of this and the next constant: API Gateway developer guide, "Quotas for HTTP APIs".
const MAX_HEAD_BYTES: usize = 10_240;

/// Largest request body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Largest event that Lambda accepts, which in practice limits bodies further.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The API and the functions behind it.
#[derive(Debug)]
pub(crate) struct Gateway {
    router: Router,
    /// By name.
    functions: BTreeMap<String, Arc<Pool>>,
    observer: Arc<dyn Observer>,
}

/// A response of the gateway and how it came about.
struct Proxied {
    response: Response<Full<Bytes>>,
    cold_start: bool,
}

impl From<GatewayError> for Proxied {
    fn from(error: GatewayError) -> Self {
        Self { response: error.response(), cold_start: false }
    }
}

impl Gateway {
    pub(crate) fn new(
        routes: &[Route],
        functions: BTreeMap<String, Arc<Pool>>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, RouteError> {
        Ok(Self { router: Router::new(routes)?, functions, observer })
    }

    /// Serves the clients that `guard` admits on `listener` until `stop`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, guard: Guard, stop: Stop) {
        let handle = move |peer, request| {
            let gateway = Arc::clone(&self);
            async move { gateway.handle(peer, request).await }
        };
        serve(listener, Arc::new(guard), Limits::OUTSIDE, stop, handle).await;
    }

    async fn handle(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let (head, body) = request.into_parts();
        let request_id = ids::gateway_request_id();
        let proxied = self.proxy(peer, &head, body, &request_id).await;
        let Proxied { mut response, cold_start } = proxied.unwrap_or_else(Proxied::from);
        if let Ok(id) = HeaderValue::try_from(request_id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        self.observer.request(&RequestRecord {
            method: head.method.as_str(),
            path: head.uri.path(),
            status: response.status().as_u16(),
            duration: begun.elapsed(),
            cold_start,
        });
        response
    }

    async fn proxy(
        &self,
        peer: SocketAddr,
        head: &request::Parts,
        body: Incoming,
        request_id: &str,
    ) -> Result<Proxied, GatewayError> {
        if head_bytes(head) > MAX_HEAD_BYTES {
            return Err(GatewayError::HeadersTooLarge);
        }
        let path = decode_path(head.uri.path());
        let route = self.router.find(&head.method, &path).ok_or(GatewayError::NotFound)?;
        let body = read_body(body).await?;
        let now = Timestamp::now();
        let trace_root = ids::trace_root(head.headers.get("x-amzn-trace-id"), now);
        let info =
            RequestInfo { path: &path, source_ip: &peer.ip().to_string(), request_id, trace_root: &trace_root, now };
        let event = Event::new(head, &body, &route, info);
        let payload = serde_json::to_vec(&event).or(Err(GatewayError::Integration))?;
        if payload.len() > MAX_EVENT_BYTES {
            return Err(GatewayError::RequestTooLarge);
        }
        self.invoke(&route, Bytes::from(payload), trace_root).await
    }

    async fn invoke(&self, route: &Match<'_>, payload: Bytes, trace_root: String) -> Result<Proxied, GatewayError> {
        let pool = self.functions.get(&route.target.function).ok_or(GatewayError::Integration)?;
        let invocation = pool.invoke(Invocation {
            request_id: ids::request_id(),
            payload,
            trace_root,
            client_context: None,
            detached: false,
            log_tail: false,
            kill_after: None,
        });
        let Ok(Ok(completed)) = timeout(route.target.timeout, invocation).await else {
            return Err(GatewayError::Unavailable);
        };
        let response = match completed.outcome {
            Ok(result) => self.respond(pool.name(), &result),
            // The reason is for the observer, never for the client.
            Err(_) => GatewayError::Integration.response(),
        };
        Ok(Proxied { response, cold_start: completed.cold_start })
    }

    /// The response that the result of a function describes.
    fn respond(&self, function: &str, result: &Bytes) -> Response<Full<Bytes>> {
        response::map(result).unwrap_or_else(|malformed| {
            self.observer.crash(&CrashRecord {
                function,
                error: &format!("its result is not an HTTP response: {malformed}"),
                last_lines: &[],
            });
            GatewayError::Integration.response()
        })
    }
}

fn head_bytes(head: &request::Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.path_and_query().map_or(1, |path| path.as_str().len());
    // The version and the two spaces around the path complete the request line.
    let values: usize = head.headers.values().map(HeaderValue::len).sum();
    line + " HTTP/1.1".len() + 1 + values
}

async fn read_body(body: Incoming) -> Result<Bytes, GatewayError> {
    // A declared length is refused before the client sends it all.
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(GatewayError::RequestTooLarge);
    }
    let collected = Limited::new(body, MAX_BODY_BYTES).collect();
    match timeout(BODY_TIMEOUT, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(GatewayError::RequestTooLarge),
        // The client broke off in the middle: nobody reads the response.
        Ok(Err(_)) | Err(_) => Err(GatewayError::RequestTimeout),
    }
}
