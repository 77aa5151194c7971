//! An API Gateway HTTP API in front of the functions: routes of the deployed template, payload format 2.0.

mod event;
#[cfg(test)]
mod event_tests;
mod response;
mod routes;

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
use template::{Api, TemplateError};
use tokio::time::{Instant, timeout};

use crate::function::{self, Pool};
use crate::ids;
use crate::observer::{CrashRecord, Observer, RequestRecord};
use event::{Circumstances, Event};
use response::Refusal;
use routes::{Match, Router, decode_path};

/// Request line and header values together.
///
/// Source: API Gateway developer guide, "Quotas for HTTP APIs", like the next one.
const MAX_HEAD_BYTES: usize = 10_240;

/// Largest request body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Largest event that Lambda takes, which in practice limits bodies further.
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// Time for a client to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The API and the functions behind it.
#[derive(Debug)]
pub(crate) struct Gateway {
    router: Router,
    /// By logical id in the template.
    functions: BTreeMap<String, Arc<Pool>>,
    observer: Arc<dyn Observer>,
}

/// What a finished request leaves for the log.
struct Answered {
    response: Response<Full<Bytes>>,
    cold_start: bool,
}

impl From<Refusal> for Answered {
    fn from(refusal: Refusal) -> Self {
        Self { response: refusal.response(), cold_start: false }
    }
}

impl Gateway {
    pub(crate) fn new(
        api: &Api,
        functions: BTreeMap<String, Arc<Pool>>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, TemplateError> {
        Ok(Self { router: Router::new(&api.routes)?, functions, observer })
    }

    /// Answers one request of a client.
    pub(crate) async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let (head, body) = request.into_parts();
        let request_id = ids::gateway_request_id();
        let answered = match self.proxy(peer, &head, body, &request_id).await {
            Ok(answered) => answered,
            Err(refusal) => refusal.into(),
        };
        let Answered { mut response, cold_start } = answered;
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
    ) -> Result<Answered, Refusal> {
        if head_bytes(head) > MAX_HEAD_BYTES {
            return Err(Refusal::HeadersTooLarge);
        }
        let path = decode_path(head.uri.path());
        let route = self.router.find(&head.method, &path).ok_or(Refusal::NotFound)?;
        let body = read_body(body).await?;
        let now = Timestamp::now();
        let trace_root = ids::trace_root(head.headers.get("x-amzn-trace-id"), now);
        let circumstances =
            Circumstances { path: &path, source_ip: &peer.ip().to_string(), request_id, trace_root: &trace_root, now };
        let event = Event::new(head, &body, &route, circumstances);
        let payload = serde_json::to_vec(&event).or(Err(Refusal::Integration))?;
        if payload.len() > MAX_EVENT_BYTES {
            return Err(Refusal::RequestTooLarge);
        }
        self.invoke(&route, Bytes::from(payload), trace_root).await
    }

    async fn invoke(&self, route: &Match<'_>, payload: Bytes, trace_root: String) -> Result<Answered, Refusal> {
        let pool = self.functions.get(&route.integration.function).ok_or(Refusal::Integration)?;
        let invocation = pool.invoke(function::Request {
            request_id: ids::request_id(),
            payload,
            trace_root,
            client_context: None,
            detached: false,
            log_tail: false,
        });
        let Ok(Ok(completed)) = timeout(route.integration.timeout, invocation).await else {
            return Err(Refusal::Unavailable);
        };
        let response = match completed.outcome {
            Ok(answer) => response::map(&answer).unwrap_or_else(|malformed| {
                self.observer.crash(&CrashRecord {
                    function: &pool.spec.name,
                    error: &format!("its answer is no HTTP response: {malformed}"),
                    last_lines: &[],
                });
                Refusal::Integration.response()
            }),
            // What went wrong is for the log, never for the client.
            Err(_) => Refusal::Integration.response(),
        };
        Ok(Answered { response, cold_start: completed.cold_start })
    }
}

fn head_bytes(head: &request::Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.path_and_query().map_or(1, |path| path.as_str().len());
    // Two spaces and the version complete the request line.
    let values: usize = head.headers.values().map(HeaderValue::len).sum();
    line + " HTTP/1.1".len() + 1 + values
}

async fn read_body(body: Incoming) -> Result<Bytes, Refusal> {
    // A declared length is refused before the client sends it all.
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Refusal::RequestTooLarge);
    }
    let collected = Limited::new(body, MAX_BODY_BYTES).collect();
    match timeout(BODY_TIMEOUT, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::RequestTooLarge),
        // The client broke off in the middle: nobody reads the answer.
        Ok(Err(_)) | Err(_) => Err(Refusal::RequestTimeout),
    }
}
