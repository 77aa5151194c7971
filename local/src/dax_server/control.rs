//! The control endpoint: a cluster steered with HTTP and JSON.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use super::{cluster::Machine, counters::Counters, fault::FaultRule};
use lambda_local::serve::{Limits, Stop, serve};

/// Largest request body.
const MAX_BODY_BYTES: usize = 64 << 10;
/// From the head of a request to the end of its body.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// A running control endpoint. Stops when dropped.
#[derive(Debug)]
pub(super) struct Control {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A node, for people to look at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeStatus {
    pub(super) node: usize,
    pub(super) endpoint: String,
    pub(super) role: &'static str,
    pub(super) running: bool,
    pub(super) frozen: bool,
    pub(super) cached_items: usize,
    pub(super) cached_queries: usize,
    pub(super) counters: Counters,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    milliseconds: u64,
}

/// Status and body of an answer.
type Answer = (StatusCode, Value);

impl Control {
    pub(super) async fn start(address: SocketAddr, machine: Arc<Machine>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("the control endpoint cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let (sender, stop) = Stop::channel();
        let answer = move |_peer, request| {
            let machine = Arc::clone(&machine);
            async move { respond(request, &machine).await }
        };
        let task = tokio::spawn(serve(listener, Limits::OUTSIDE, stop, answer));
        Ok(Self { address, stop: sender, task })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it, and waits until it has.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        // It fails only if it panicked, and then it has stopped too.
        _ = self.task.await;
    }
}

async fn respond(request: Request<Incoming>, machine: &Machine) -> Response<Full<Bytes>> {
    let (status, body) = match answer(request, machine).await {
        Ok(answer) => answer,
        Err((status, error)) => (status, json!({ "error": format!("{error:#}") })),
    };
    let mut response = Response::new(Full::from(format!("{body:#}\n")));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

async fn answer(request: Request<Incoming>, machine: &Machine) -> Result<Answer, (StatusCode, anyhow::Error)> {
    // Web pages may send requests to this machine; browsers say so.
    if request.headers().contains_key(header::ORIGIN) {
        return Err((StatusCode::FORBIDDEN, anyhow::anyhow!("requests of web pages are not taken")));
    }
    let (parts, body) = request.into_parts();
    let collected = timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    let Ok(Ok(body)) = collected.map(|body| body.map(Collected::to_bytes)) else {
        let problem = anyhow::anyhow!("the body is too large or did not come in time");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, problem));
    };
    let bad = |error: anyhow::Error| (StatusCode::BAD_REQUEST, error);
    let path: Vec<_> = parts.uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let shared = &machine.shared;
    match (&parts.method, path.as_slice()) {
        (&Method::GET, [] | ["status"]) => Ok(ok(json!({
            "nodes": machine.status(),
            "replicationDelayMilliseconds": u64::try_from(shared.replication.delay().as_millis()).unwrap_or(u64::MAX),
            "faults": shared.faults.list(),
        }))),
        (&Method::GET, ["faults"]) => Ok(ok(json!(shared.faults.list()))),
        (&Method::POST, ["faults"]) => {
            let rule: FaultRule = parse(&body).map_err(bad)?;
            let id = machine.add_fault(rule).map_err(bad)?;
            Ok((StatusCode::CREATED, json!({ "id": id })))
        }
        (&Method::DELETE, ["faults"]) => {
            shared.faults.clear();
            Ok(ok(json!({})))
        }
        (&Method::DELETE, ["faults", id]) => match id.parse().is_ok_and(|id| shared.faults.remove(id)) {
            true => Ok(ok(json!({}))),
            false => Err((StatusCode::NOT_FOUND, anyhow::anyhow!("there is no fault rule {id}"))),
        },
        (&Method::POST, ["nodes", index, action]) => {
            let index = index.parse().context("a node is a number from 0").map_err(bad)?;
            steer(machine, index, action).await.map_err(bad)?;
            Ok(ok(json!({ "nodes": machine.status() })))
        }
        (&Method::POST, ["caches", "clear"]) => {
            shared.nodes.iter().for_each(|node| node.clear_caches());
            Ok(ok(json!({})))
        }
        (&Method::PUT, ["replication-delay"]) => {
            let delay: Delay = parse(&body).map_err(bad)?;
            shared.replication.set_delay(Duration::from_millis(delay.milliseconds));
            Ok(ok(json!({})))
        }
        _ => Err((StatusCode::NOT_FOUND, anyhow::anyhow!("there is no {} {}", parts.method, parts.uri.path()))),
    }
}

fn ok(body: Value) -> Answer {
    (StatusCode::OK, body)
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> anyhow::Result<T> {
    serde_json::from_slice(body).context("the body does not fit")
}

async fn steer(machine: &Machine, index: usize, action: &str) -> anyhow::Result<()> {
    match action {
        "stop" => machine.stop_node(index).await,
        "start" => machine.start_node(index).await,
        "freeze" | "thaw" => {
            machine.node(index)?.set_frozen(action == "freeze");
            Ok(())
        }
        "lead" => machine.move_leader(index),
        _ => anyhow::bail!("a node can stop, start, freeze, thaw and lead, but not {action}"),
    }
}
