//! The Lambda Runtime API, `2018-06-01`: every function process gets its own server on its own port.
//!
//! Sources: Lambda developer guide, "Using the Lambda runtime API"; AWS's Runtime Interface Emulator for the responses to
//! misuse.

mod delivery;
mod machine;
mod reply;
mod routes;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};
use loopback_guard::{Guard, Limits, Stop, serve};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::function_error::FunctionError;
pub(crate) use delivery::Delivery;
use machine::{Machine, Refusal};
use reply::MAX_RESPONSE_BYTES;
use routes::Route;

/// Largest error report. Lambda cuts them off; no real one is as large as a megabyte.
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// One step of the process. Signals arrive in the order of the steps.
#[derive(Debug)]
pub(crate) enum Signal {
    /// It asked for the next invocation: it is initialised, or done with the previous one.
    Ready,
    /// It responded to the current invocation.
    Answered(Result<Bytes, FunctionError>),
    /// It reported that it cannot initialise.
    InitFailed(FunctionError),
}

/// No process is waiting for work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gone;

/// The Runtime API of one process.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    state: Mutex<State>,
    /// Bounded by the state machine: between two deliveries a process can cause at most three signals.
    signals: mpsc::UnboundedSender<Signal>,
}

#[derive(Debug)]
struct State {
    machine: Machine,
    /// The open long poll, if any.
    next: Option<oneshot::Sender<Delivery>>,
}

impl RuntimeApi {
    pub(crate) fn new(signals: mpsc::UnboundedSender<Signal>) -> Self {
        Self { state: Mutex::new(State { machine: Machine::Starting, next: None }), signals }
    }

    /// Hands an invocation to the waiting process.
    ///
    /// # Errors
    /// [`Gone`] if no process is waiting for one: it died, or its connection is closed.
    pub(crate) fn deliver(&self, delivery: Delivery) -> Result<(), Gone> {
        let mut state = self.state();
        let next = state.next.take().ok_or(Gone)?;
        let request_id = delivery.request_id.clone();
        next.send(delivery).or(Err(Gone))?;
        state.machine = Machine::Busy(request_id);
        Ok(())
    }

    /// Refuses everything from now on.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.machine = Machine::Dead;
        state.next = None;
    }

    /// Serves the process on `listener` until `stop`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, stop: Stop) {
        let respond = move |_peer, request| {
            let api = Arc::clone(&self);
            async move { api.respond(request).await }
        };
        serve(listener, Arc::new(Guard::for_programs()), Limits::PROCESS, stop, respond).await;
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let route = Route::of(request.method(), request.uri().path());
        match route {
            Some(Route::Next) => self.next().await,
            Some(Route::Response(id)) => self.response(&id, request).await,
            Some(Route::Error(id)) => self.invocation_error(&id, request).await,
            Some(Route::InitError) => self.init_error(request).await,
            // This environment offers no extensions, telemetry or SnapStart.
            None => reply::not_found(),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.state();
            if let Err(refusal) = state.machine.next() {
                return reply::refused(&refusal);
            }
            let repeated = state.next.replace(sender).is_some();
            if !repeated {
                self.signal(Signal::Ready);
            }
        }
        match receiver.await {
            Ok(delivery) => reply::delivery(delivery),
            Err(_) => reply::refused(&Refusal::out_of_order("closed", "next")),
        }
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(refusal) = self.state().machine.may_respond(id) {
            return reply::refused(&refusal);
        }
        if let Some(mode) = unsupported_mode(request.headers()) {
            let detail =
                format!("Response mode {mode} is not available: an HTTP API buffers the response of its function");
            let error = FunctionError::new("Runtime.InvalidFunctionResponseMode", &detail);
            return self.finish(id, Err(error), || reply::bad_request("InvalidFunctionResponseMode", &detail));
        }
        match collect(request, MAX_RESPONSE_BYTES).await {
            Ok(body) => self.finish(id, Ok(body), reply::accepted),
            Err(Unread::TooLarge) => {
                let limit = format!("({MAX_RESPONSE_BYTES} bytes)");
                let detail = format!("Response payload size exceeded maximum allowed payload size {limit}.");
                let error = FunctionError::new("Function.ResponseSizeTooLarge", &detail);
                self.finish(id, Err(error), reply::too_large)
            }
            Err(Unread::Truncated) => reply::truncated(),
        }
    }

    async fn invocation_error(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(refusal) = self.state().machine.may_respond(id) {
            return reply::refused(&refusal);
        }
        match error_report(request).await {
            Ok(error) => self.finish(id, Err(error), reply::accepted),
            Err(Unread::TooLarge) => reply::too_large(),
            Err(Unread::Truncated) => reply::truncated(),
        }
    }

    async fn init_error(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(refusal) = self.state().machine.may_fail_init() {
            return reply::refused(&refusal);
        }
        let error = match error_report(request).await {
            Ok(error) => error,
            Err(Unread::TooLarge) => return reply::too_large(),
            Err(Unread::Truncated) => return reply::truncated(),
        };
        let mut state = self.state();
        match state.machine.fail_init() {
            Ok(()) => {
                self.signal(Signal::InitFailed(error));
                reply::accepted()
            }
            Err(refusal) => reply::refused(&refusal),
        }
    }

    /// Ends the current invocation, unless it ended while the body was being read.
    fn finish(
        &self,
        id: &str,
        outcome: Result<Bytes, FunctionError>,
        reply: impl FnOnce() -> Response<Full<Bytes>>,
    ) -> Response<Full<Bytes>> {
        let mut state = self.state();
        match state.machine.respond(id) {
            Ok(()) => {
                self.signal(Signal::Answered(outcome));
                reply()
            }
            Err(refusal) => reply::refused(&refusal),
        }
    }

    /// Must be called with the state locked, so that signals keep the order of the transitions.
    fn signal(&self, signal: Signal) {
        // The environment stops listening when it is taken down.
        let _ = self.signals.send(signal);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every transition is a single assignment, so a poisoned state is a valid one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the body of a request could not be read.
enum Unread {
    TooLarge,
    Truncated,
}

/// The response mode that a process asks for, unless it is the only one there is.
fn unsupported_mode(headers: &HeaderMap) -> Option<String> {
    let mode = headers.get("lambda-runtime-function-response-mode")?.as_bytes();
    (!mode.eq_ignore_ascii_case(b"buffered")).then(|| String::from_utf8_lossy(mode).into_owned())
}

async fn collect(request: Request<Incoming>, limit: usize) -> Result<Bytes, Unread> {
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Truncated),
    }
}

async fn error_report(request: Request<Incoming>) -> Result<FunctionError, Unread> {
    let kind = error_type(request.headers());
    let body = collect(request, MAX_ERROR_BYTES).await?;
    let payload = if body.is_empty() { Bytes::from(json!({ "errorType": kind }).to_string()) } else { body };
    Ok(FunctionError { kind, payload })
}

/// The reported error type if Lambda passes it on, else the general type of its family.
fn error_type(headers: &HeaderMap) -> String {
    let reported =
        headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (family, name) = reported.split_once('.').unwrap_or((reported, ""));
    let known = matches!(family, "Runtime" | "Function");
    let named = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    match (known && named, family) {
        (true, _) => reported.to_owned(),
        (false, "Runtime") => "Runtime.Unknown".to_owned(),
        (false, _) => "Function.Unknown".to_owned(),
    }
}
