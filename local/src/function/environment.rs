//! One execution environment: a process, its Runtime API, and the invocations it runs one after another.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rustix::process::Signal as UnixSignal;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::Spec;
use super::invocation::{Exit, FunctionError, Request};
use super::output::{Tail, follow};
use super::process::Process;
use super::stats::Counters;
use crate::ids;
use crate::observer::Observer;
use crate::runtime_api::{Delivery, Gone, RuntimeApi, Signal};
use crate::serve::{Limits, Stop, bind, serve};

/// What the supervising task does to its process.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Run,
    Freeze,
    Kill,
}

/// Time for the last lines of an ended process to arrive: grandchildren may hold its pipes open.
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

/// A live environment. Dropping it kills its process.
#[derive(Debug)]
pub(super) struct Environment {
    api: Arc<RuntimeApi>,
    signals: mpsc::UnboundedReceiver<Signal>,
    /// The process's end; `None` while it runs.
    exit: watch::Receiver<Option<Exit>>,
    orders: watch::Sender<Order>,
    tail: Arc<Tail>,
}

/// How an invocation left its environment.
#[derive(Debug, PartialEq)]
pub(super) enum After {
    Idle,
    Dead,
}

/// Why an environment did not become ready.
#[derive(Debug)]
pub(super) enum InitFailure {
    Spawn(io::Error),
    Reported(FunctionError),
    Exited(Exit),
    TimedOut,
}

impl InitFailure {
    pub(super) fn error(self, request_id: &str, spec: &Spec) -> FunctionError {
        match self {
            Self::Spawn(error) => {
                FunctionError::not_started(request_id, &spec.program.display().to_string(), &error.to_string())
            }
            Self::Reported(error) => error,
            Self::Exited(status) => FunctionError::exited(request_id, status),
            Self::TimedOut => FunctionError::timed_out(request_id, spec.timeout),
        }
    }
}

impl Environment {
    /// Starts a process and waits until it asks for its first invocation.
    pub(super) async fn start(
        spec: &Spec,
        counters: &Arc<Counters>,
        observer: &Arc<dyn Observer>,
        stop: Stop,
        deadline: Instant,
    ) -> Result<Self, (InitFailure, Vec<String>)> {
        let mut environment = Self::spawn(spec, counters, observer, stop)
            .await
            .map_err(|error| (InitFailure::Spawn(error), Vec::new()))?;
        match environment.initialised(deadline).await {
            Ok(()) => Ok(environment),
            Err(failure) => {
                environment.end().await;
                Err((failure, environment.tail.take()))
            }
        }
    }

    async fn spawn(
        spec: &Spec,
        counters: &Arc<Counters>,
        observer: &Arc<dyn Observer>,
        stop: Stop,
    ) -> io::Result<Self> {
        let listener = bind(0).await?;
        let address = listener.local_addr()?;
        let mut process = Process::start(spec, address, &log_stream())?;
        counters.started(process.pid());

        let (sender, signals) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi::new(sender));
        let (orders, order) = watch::channel(Order::Run);
        let (exited, exit) = watch::channel(None);
        let (stop_server, server_stop) = Stop::channel();
        let server = {
            let api = Arc::clone(&api);
            let answer = move |_peer: SocketAddr, request| {
                let api = Arc::clone(&api);
                async move { api.answer(request).await }
            };
            serve(listener, Limits::FUNCTION, server_stop, answer)
        };
        tokio::spawn(server);

        let tail = Arc::new(Tail::default());
        let (stdout, stderr) = process.take_output();
        let readers = [
            stdout.map(|pipe| tokio::spawn(follow(pipe, spec.name.clone(), Arc::clone(&tail), Arc::clone(observer)))),
            stderr.map(|pipe| tokio::spawn(follow(pipe, spec.name.clone(), Arc::clone(&tail), Arc::clone(observer)))),
        ];
        let supervisor = {
            let (api, counters) = (Arc::clone(&api), Arc::clone(counters));
            async move {
                let pid = process.pid();
                let status = supervise(&mut process, order, stop).await;
                let drained = async {
                    for reader in readers.into_iter().flatten() {
                        // A reader that panicked has lost lines, nothing else.
                        let _ = reader.await;
                    }
                };
                let _ = tokio::time::timeout(OUTPUT_GRACE, drained).await;
                api.close();
                drop(stop_server);
                counters.ended(pid);
                exited.send_replace(Some(status));
            }
        };
        tokio::spawn(supervisor);
        Ok(Self { api, signals, exit, orders, tail })
    }

    async fn initialised(&mut self, deadline: Instant) -> Result<(), InitFailure> {
        match timeout_at(deadline, self.event()).await {
            Err(_) => Err(InitFailure::TimedOut),
            Ok(Event::Signal(Signal::Ready)) => Ok(()),
            Ok(Event::Signal(Signal::InitFailed(error))) => Err(InitFailure::Reported(error)),
            // The state machine lets nothing be answered before the first `next`.
            Ok(Event::Signal(Signal::Answered(_))) => Err(InitFailure::Exited(Exit(None))),
            Ok(Event::Exited(status)) => Err(InitFailure::Exited(status)),
        }
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Stops the process from getting any CPU time until the next delivery, as Lambda does.
    pub(super) fn freeze(&self) {
        self.orders.send_replace(Order::Freeze);
    }

    /// Gives an invocation to the process.
    ///
    /// # Errors
    ///
    /// When the process is gone; the environment is of no use any more, the request is untouched.
    pub(super) fn deliver(&self, spec: &Spec, request: &Request, limit: Duration) -> Result<(), Gone> {
        self.orders.send_if_modified(|order| {
            let frozen = *order == Order::Freeze;
            if frozen {
                *order = Order::Run;
            }
            frozen
        });
        let limit_ms = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        let delivery = Delivery {
            request_id: request.request_id.clone(),
            payload: request.payload.clone(),
            deadline_ms: Timestamp::now().as_millisecond().saturating_add(limit_ms),
            function_arn: spec.arn(),
            trace_id: ids::trace_header(&request.trace_root),
            client_context: request.client_context.clone(),
        };
        self.api.deliver(delivery)
    }

    /// Follows a delivered invocation until the process asks for the next one, dies, or has to be killed.
    ///
    /// `answered` is called once, as soon as the outcome is known.
    pub(super) async fn run(
        &mut self,
        spec: &Spec,
        request_id: &str,
        deadline: Instant,
        answered: impl FnOnce(Result<Bytes, FunctionError>),
    ) -> (After, Option<FunctionError>) {
        let mut answered = Some(answered);
        let mut answer = |outcome| {
            if let Some(answered) = answered.take() {
                answered(outcome);
            }
        };
        loop {
            let failure = match timeout_at(deadline, self.event()).await {
                Ok(Event::Signal(Signal::Answered(outcome))) => {
                    answer(outcome);
                    continue;
                }
                Ok(Event::Signal(Signal::Ready)) => return (After::Idle, None),
                Ok(Event::Signal(Signal::InitFailed(error))) => error,
                Ok(Event::Exited(status)) => FunctionError::exited(request_id, status),
                Err(_) => FunctionError::timed_out(request_id, spec.timeout),
            };
            self.end().await;
            answer(Err(failure.clone()));
            return (After::Dead, Some(failure));
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn end(&mut self) -> Exit {
        self.orders.send_replace(Order::Kill);
        exited(&mut self.exit).await
    }

    /// The lines printed since the last call.
    pub(super) fn take_lines(&self) -> Vec<String> {
        self.tail.take()
    }

    /// The next thing the process does. Signals come before the end of the process that sent them.
    async fn event(&mut self) -> Event {
        tokio::select! {
            biased;
            Some(signal) = self.signals.recv() => Event::Signal(signal),
            exit = exited(&mut self.exit) => Event::Exited(exit),
        }
    }
}

/// Waits for the end of a process.
async fn exited(exit: &mut watch::Receiver<Option<Exit>>) -> Exit {
    match exit.wait_for(Option::is_some).await {
        Ok(exit) => exit.unwrap_or(Exit(None)),
        // The supervisor is gone, and the process with it.
        Err(_) => Exit(None),
    }
}

enum Event {
    Signal(Signal),
    Exited(Exit),
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.orders.send_replace(Order::Kill);
    }
}

/// Carries out orders until the process has ended. The end of the pool is an order to kill, too.
async fn supervise(process: &mut Process, mut orders: watch::Receiver<Order>, mut stop: Stop) -> Exit {
    loop {
        tokio::select! {
            status = process.wait() => return status,
            () = stop.stopped() => {
                process.signal(UnixSignal::KILL);
                return process.wait().await;
            }
            changed = orders.changed() => {
                let order = *orders.borrow_and_update();
                match (changed, order) {
                    (Ok(()), Order::Run) => process.signal(UnixSignal::CONT),
                    (Ok(()), Order::Freeze) => process.signal(UnixSignal::STOP),
                    (Ok(()), Order::Kill) | (Err(_), _) => {
                        process.signal(UnixSignal::KILL);
                        return process.wait().await;
                    }
                }
            }
        }
    }
}

/// `2026/11/23/[$LATEST]{32 hex digits}`, as Lambda names an environment's log stream.
fn log_stream() -> String {
    let day = Timestamp::now().strftime("%Y/%m/%d").to_string();
    format!("{day}/[$LATEST]{}", ids::hex(&rand::random::<[u8; 16]>()))
}
