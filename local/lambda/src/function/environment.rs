//! One execution environment: a process, its Runtime API, and the invocations it runs one after another.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use loopback_guard::{Stop, bind};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::host::Host;
use super::invocation::Invocation;
use super::output::{Output, Tail, follow_output};
use super::process::{Exit, Process};
use super::stats::Counters;
use super::supervisor::{Order, Supervisor};
use crate::config::Function;
use crate::function_error::FunctionError;
use crate::ids;
use crate::runtime_api::{Delivery, Gone, RuntimeApi, Signal};

/// A live environment. Dropping it kills its process.
#[derive(Debug)]
pub(super) struct Environment {
    api: Arc<RuntimeApi>,
    signals: mpsc::UnboundedReceiver<Signal>,
    /// How the process ended; `None` while it runs.
    exit: watch::Receiver<Option<Exit>>,
    orders: watch::Sender<Order>,
    tail: Arc<Tail>,
}

/// An environment that did not become ready, and what it printed.
#[derive(Debug)]
pub(super) struct StartFailure {
    pub(super) failure: Failure,
    pub(super) lines: Vec<String>,
}

/// What a process does next.
enum Event {
    Signal(Signal),
    Exited(Exit),
}

impl Environment {
    /// Starts a process and waits until it asks for its first invocation.
    pub(super) async fn start(
        function: &Function,
        host: &Arc<Host>,
        counters: &Arc<Counters>,
        stop: Stop,
        deadline: Instant,
    ) -> Result<Self, StartFailure> {
        let mut environment = Self::spawn(function, host, counters, stop)
            .await
            .map_err(|error| StartFailure { failure: Failure::NotStarted(error), lines: Vec::new() })?;
        match environment.initialised(deadline).await {
            Ok(()) => Ok(environment),
            Err(failure) => {
                environment.end().await;
                Err(StartFailure { failure, lines: environment.take_lines() })
            }
        }
    }

    async fn spawn(function: &Function, host: &Arc<Host>, counters: &Arc<Counters>, stop: Stop) -> io::Result<Self> {
        let listener = bind(0).await?;
        let launcher = host.launcher.as_deref();
        let log_stream = log_stream();
        let mut process = Process::start(function, launcher, listener.local_addr()?, &log_stream)?;
        counters.started(process.pid());

        let (sender, signals) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi::new(sender));
        let (stop_server, server_stop) = Stop::channel();
        tokio::spawn(Arc::clone(&api).serve(listener, server_stop));

        let tail = Arc::new(Tail::default());
        let (orders, order) = watch::channel(Order::Run);
        let (exited, exit) = watch::channel(None);
        let output = follow_output(&mut process, &Output::new(&function.name, &log_stream, &tail, host));
        let supervisor =
            Supervisor { process, output, api: Arc::clone(&api), stop_server, counters: Arc::clone(counters) };
        tokio::spawn(supervisor.run(order, stop, exited));
        Ok(Self { api, signals, exit, orders, tail })
    }

    async fn initialised(&mut self, deadline: Instant) -> Result<(), Failure> {
        match timeout_at(deadline, self.event()).await {
            Err(_) => Err(Failure::TimedOut),
            Ok(Event::Signal(Signal::Ready)) => Ok(()),
            Ok(Event::Signal(Signal::InitFailed(error))) => Err(Failure::Reported(error)),
            // The state machine accepts no response before the first `next`.
            Ok(Event::Signal(Signal::Answered(_))) => Err(Failure::Exited(Exit::UNKNOWN)),
            Ok(Event::Exited(status)) => Err(Failure::Exited(status)),
        }
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Keeps the process from getting any CPU time until the next delivery, as Lambda does.
    pub(super) fn freeze(&self) {
        self.orders.send_replace(Order::Freeze);
    }

    /// Gives an invocation of `function` to the process.
    ///
    /// # Errors
    /// [`Gone`] if the process has ended. The environment is of no further use; the invocation can be given to
    /// another one.
    pub(super) fn deliver(&self, function: &str, invocation: &Invocation, limit: Duration) -> Result<(), Gone> {
        self.thaw();
        let limit_ms = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        self.api.deliver(Delivery {
            request_id: invocation.request_id.clone(),
            payload: invocation.payload.clone(),
            deadline_ms: Timestamp::now().as_millisecond().saturating_add(limit_ms),
            function_arn: ids::function_arn(function),
            trace_id: ids::trace_header(&invocation.trace_root),
            client_context: invocation.client_context.clone(),
        })
    }

    fn thaw(&self) {
        self.orders.send_if_modified(|order| {
            let frozen = *order == Order::Freeze;
            if frozen {
                *order = Order::Run;
            }
            frozen
        });
    }

    /// Follows a delivered invocation until the process asks for the next one, dies, or has to be killed: at `deadline`, or
    /// at `kill` as if by accident.
    ///
    /// `answered` is called as soon as the process has responded.
    ///
    /// # Errors
    /// The [`Failure`] that ended the process, before or after its response.
    pub(super) async fn run(
        &mut self,
        deadline: Instant,
        kill: Option<Instant>,
        mut answered: impl FnMut(Result<Bytes, FunctionError>),
    ) -> Result<(), Failure> {
        let until = kill.map_or(deadline, |kill| kill.min(deadline));
        loop {
            let failure = match timeout_at(until, self.event()).await {
                Ok(Event::Signal(Signal::Answered(outcome))) => {
                    answered(outcome);
                    continue;
                }
                Ok(Event::Signal(Signal::Ready)) => return Ok(()),
                Ok(Event::Signal(Signal::InitFailed(error))) => Failure::Reported(error),
                Ok(Event::Exited(status)) => Failure::Exited(status),
                Err(_) if until < deadline => Failure::Exited(self.end().await),
                Err(_) => Failure::TimedOut,
            };
            self.end().await;
            return Err(failure);
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

impl Drop for Environment {
    fn drop(&mut self) {
        self.orders.send_replace(Order::Kill);
    }
}

/// Waits for the end of a process.
async fn exited(exit: &mut watch::Receiver<Option<Exit>>) -> Exit {
    match exit.wait_for(Option::is_some).await {
        Ok(exit) => exit.unwrap_or(Exit::UNKNOWN),
        // The supervisor is gone, and the process with it.
        Err(_) => Exit::UNKNOWN,
    }
}

/// `2026/11/23/[$LATEST]{32 hex digits}`, as Lambda names an environment's log stream.
fn log_stream() -> String {
    let day = Timestamp::now().strftime("%Y/%m/%d");
    format!("{day}/[$LATEST]{:032x}", rand::random::<u128>())
}
