//! Lambda's Runtime API for one function process: it hands out events one after another, and samples what the process has
//! used at the marks of a plan.
//!
//! It shares a thread with nothing and, through [`pin`](crate::process::pin), a core with the function, so what is counted
//! does not depend on which core the system wakes.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    convert::Infallible,
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    runtime,
    sync::Notify,
    task::{LocalSet, spawn_local},
};

use stopwatch::Usage;

use crate::{contender::Contender, process::Function};

const INVOCATION: &str = "/2018-06-01/runtime/invocation/";
/// Given to the process before a sample, so that what it does after a response is counted with it.
const SETTLING: Duration = Duration::from_millis(5);
/// How often the process is looked after.
const WATCH: Duration = Duration::from_millis(2);

/// What one process is to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'a> {
    /// Events, repeated if there are fewer than invocations.
    pub(crate) events: &'a [Bytes],
    /// Sampled when so many responses are in, in ascending order; the last mark ends the run. 0 is the first poll.
    pub(crate) marks: &'a [usize],
    /// Status codes that a response may have.
    pub(crate) statuses: &'a [u16],
    /// Longest time for the run.
    pub(crate) limit: Duration,
}

/// What one process did.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// From the start of the process to its first poll.
    pub(crate) first_poll: Duration,
    /// From the start of the process to its first response, without the pause for the sample between them.
    pub(crate) first_response: Duration,
    /// By mark.
    pub(crate) samples: BTreeMap<usize, Usage>,
}

impl Run {
    /// What was used until a mark.
    pub(crate) fn at(&self, mark: usize) -> Usage {
        self.samples.get(&mark).copied().unwrap_or_default()
    }
}

struct Shared {
    events: Vec<Bytes>,
    marks: Vec<usize>,
    statuses: Vec<u16>,
    pid: u32,
    started: Instant,
    polls: usize,
    sent: Instant,
    run: Run,
    mistake: Option<String>,
    done: Rc<Notify>,
}

/// Starts `contender`, under valgrind if `prefix` says so, and drives it as planned.
///
/// # Errors
/// If the process cannot be started, ends early, takes too long, or gives a response with another status.
pub(crate) fn drive(contender: &Contender, plan: &Plan<'_>, prefix: &[String]) -> anyhow::Result<Run> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let run = LocalSet::new().block_on(&runtime, serve(contender, plan, prefix));
    run.with_context(|| format!("measuring {}", contender.name))
}

async fn serve(contender: &Contender, plan: &Plan<'_>, prefix: &[String]) -> anyhow::Result<Run> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let api = listener.local_addr()?;
    let started = Instant::now();
    let mut function = Function::start(contender, api, prefix)?;
    let done = Rc::new(Notify::new());
    let shared = Rc::new(RefCell::new(Shared {
        events: plan.events.to_vec(),
        marks: plan.marks.to_vec(),
        statuses: plan.statuses.to_vec(),
        pid: function.pid(),
        started,
        polls: 0,
        sent: started,
        run: Run::default(),
        mistake: None,
        done: Rc::clone(&done),
    }));
    let accepting = spawn_local(accept(listener, Rc::clone(&shared)));
    let finished = watch(&mut function, &done, started + plan.limit).await;
    accepting.abort();
    // Valgrind writes its figures when the process ends.
    let said = function.stop(if prefix.is_empty() { Duration::from_secs(2) } else { Duration::from_secs(60) }).await;
    finished.with_context(|| format!("it said: {said}"))?;
    let mut shared = shared.borrow_mut();
    if let Some(mistake) = shared.mistake.take() {
        bail!("{mistake}; it said: {said}");
    }
    if ["starting without", "no salt for visitors"].iter().any(|complaint| said.contains(complaint)) {
        bail!("it lacked what it should have found: {said}");
    }
    Ok(std::mem::take(&mut shared.run))
}

async fn watch(function: &mut Function, done: &Notify, end: Instant) -> anyhow::Result<()> {
    while tokio::time::timeout(WATCH, done.notified()).await.is_err() {
        if let Some(status) = function.ended()? {
            bail!("it ended early: {status}");
        }
        if Instant::now() > end {
            bail!("it took too long");
        }
    }
    Ok(())
}

async fn accept(listener: TcpListener, shared: Rc<RefCell<Shared>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // Without it there are only longer latencies, which are not measured.
        let _ = stream.set_nodelay(true);
        let shared = Rc::clone(&shared);
        spawn_local(async move {
            let service = service_fn(move |request| answer(Rc::clone(&shared), request));
            // A function that is stopped breaks its connections off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shared: Rc<RefCell<Shared>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(rest) = request.uri().path().strip_prefix(INVOCATION).map(str::to_owned) else {
        let body = text(request).await;
        shared.borrow_mut().mistake.get_or_insert(format!("an error at start-up: {body}"));
        shared.borrow().done.notify_one();
        return Ok(response(202, "{}".into()));
    };
    if rest == "next" {
        return Ok(next(&shared).await);
    }
    let body = text(request).await;
    let mut shared = shared.borrow_mut();
    if shared.polls == 1 {
        let took = shared.sent.elapsed();
        shared.run.first_response = shared.run.first_poll + took;
    }
    if !rest.ends_with("/response") || !shared.statuses.iter().any(|status| has_status(&body, *status)) {
        shared.mistake.get_or_insert(format!("another response: {body:.200}"));
    }
    Ok(response(202, r#"{"status":"OK"}"#.into()))
}

/// Looked for in the text: parsing every response would cost more than some functions do.
fn has_status(body: &str, status: u16) -> bool {
    body.contains(&format!("\"statusCode\":{status}"))
}

async fn text(request: Request<Incoming>) -> String {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    String::from_utf8_lossy(&body).into_owned()
}

/// The next event. The process polls when its response is in, so the number of polls before is that of responses.
async fn next(shared: &Rc<RefCell<Shared>>) -> Response<Full<Bytes>> {
    let responses = {
        let mut shared = shared.borrow_mut();
        if shared.polls == 0 {
            shared.run.first_poll = shared.started.elapsed();
        }
        shared.polls += 1;
        shared.polls - 1
    };
    if shared.borrow().marks.contains(&responses) {
        tokio::time::sleep(SETTLING).await;
        let mut shared = shared.borrow_mut();
        let usage = Usage::of(shared.pid);
        shared.run.samples.insert(responses, usage);
    }
    if shared.borrow().marks.last().is_none_or(|last| responses >= *last) {
        shared.borrow().done.notify_one();
        std::future::pending::<()>().await;
    }
    let mut shared = shared.borrow_mut();
    shared.sent = Instant::now();
    let event = shared.events.get(responses % shared.events.len().max(1)).cloned().unwrap_or_default();
    invocation(responses, event)
}

fn invocation(number: usize, event: Bytes) -> Response<Full<Bytes>> {
    #[expect(clippy::disallowed_methods, reason = "the deadline of an invocation is a time of day")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut response = response(200, event);
    let headers = [
        ("lambda-runtime-aws-request-id", format!("8476a536-e9f4-11e8-9739-{number:012x}")),
        ("lambda-runtime-deadline-ms", (now.as_millis() + 10_000).to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:f".to_owned()),
        ("lambda-runtime-trace-id", trace_id(number)),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.try_into() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Another one for each invocation, as on Lambda.
fn trace_id(number: usize) -> String {
    format!("Root=1-69257f1c-2f3c1d7a5b0e{number:012x};Parent=5b0e{number:012x};Sampled=0;Lineage=1:a1b2c3d4:0")
}

fn response(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}
