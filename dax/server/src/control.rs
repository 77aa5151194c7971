//! The control endpoint: a cluster controlled with JSON over HTTP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::Incoming;
use loopback_guard::{Guard, Limits, Stop, serve};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use super::{
    config::{ClusterConfig, as_host, from_here},
    fault::FaultRule,
    health,
    machine::Machine,
};

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    milliseconds: u64,
}

/// Status and body of a response.
type Reply = (StatusCode, Value);

impl Control {
    pub(super) fn start(listener: TcpListener, address: SocketAddr, guard: Guard, machine: Arc<Machine>) -> Self {
        let (stop, stopped) = Stop::channel();
        let respond = move |_peer, request| {
            let machine = Arc::clone(&machine);
            async move { respond(request, &machine).await }
        };
        Self { address, stop, task: tokio::spawn(serve(listener, Arc::new(guard), Limits::OUTSIDE, stopped, respond)) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", SocketAddr::new(from_here(self.address.ip()), self.address.port()))
    }

    /// Stops it, and waits until it has.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        // It fails only if it panicked, and then it has stopped too.
        _ = self.task.await;
    }
}

/// Programs may use the endpoint, under its address, the names of this machine, and those of the configuration.
pub(super) fn guard(config: &ClusterConfig) -> Guard {
    Guard::for_programs().with_hosts(config.allowed_hosts.iter().cloned().chain(as_host(config.http_host)))
}

/// Listens for the control endpoint.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("the control endpoint cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
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

async fn answer(request: Request<Incoming>, machine: &Machine) -> Result<Reply, (StatusCode, anyhow::Error)> {
    let (parts, body) = request.into_parts();
    let collected = timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    let Ok(Ok(body)) = collected.map(|body| body.map(Collected::to_bytes)) else {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, anyhow!("the body is too large or did not come in time")));
    };
    route(&parts.method, parts.uri.path(), &body, machine).await
}

async fn route(
    method: &Method,
    path: &str,
    body: &[u8],
    machine: &Machine,
) -> Result<Reply, (StatusCode, anyhow::Error)> {
    let bad = |error: anyhow::Error| (StatusCode::BAD_REQUEST, error);
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let shared = &machine.shared;
    match (method, parts.as_slice()) {
        (&Method::GET, [] | ["status"]) => Ok(ok(json!({
            "nodes": machine.status(),
            "replicationDelayMilliseconds": u64::try_from(shared.replication.delay().as_millis()).unwrap_or(u64::MAX),
            "faults": shared.faults.list(),
        }))),
        (&Method::GET, ["health"]) => match health::check(shared).await {
            Ok(()) => Ok(ok(json!({ "status": "ready" }))),
            Err(error) => Err((StatusCode::SERVICE_UNAVAILABLE, error)),
        },
        (&Method::GET, ["faults"]) => Ok(ok(json!(shared.faults.list()))),
        (&Method::POST, ["faults"]) => {
            let rule: FaultRule = parse(body).map_err(bad)?;
            let id = machine.add_fault(rule).map_err(bad)?;
            Ok((StatusCode::CREATED, json!({ "id": id })))
        }
        (&Method::DELETE, ["faults"]) => {
            shared.faults.clear();
            Ok(ok(json!({})))
        }
        (&Method::DELETE, ["faults", id]) => {
            if !id.parse().is_ok_and(|id| shared.faults.remove(id)) {
                return Err((StatusCode::NOT_FOUND, anyhow!("there is no fault rule {id}")));
            }
            Ok(ok(json!({})))
        }
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
            let delay: Delay = parse(body).map_err(bad)?;
            shared.replication.set_delay(Duration::from_millis(delay.milliseconds));
            Ok(ok(json!({})))
        }
        _ => Err((StatusCode::NOT_FOUND, anyhow!("there is no {method} {path}"))),
    }
}

fn ok(body: Value) -> Reply {
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
        _ => bail!("a node can stop, start, freeze, thaw and lead, but not {action}"),
    }
}
