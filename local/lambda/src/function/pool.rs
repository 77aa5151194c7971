//! The environments of one function: started on demand, reused newest first, bounded.

use std::sync::Arc;
use std::time::Duration;

use loopback_guard::Stop;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::caller::Caller;
use super::environment::{Environment, StartFailure};
use super::failure::Failure;
use super::host::Host;
use super::idle::Idle;
use super::invocation::{Completed, Invocation};
use super::slots::{Place, Slots, Throttled};
use super::stats::{Counters, FunctionStats};
use crate::config::Function;
use crate::function_error::FunctionError;
use crate::observer::CrashRecord;

/// The environments of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    function: Function,
    host: Arc<Host>,
    slots: Arc<Slots>,
    idle: Idle,
    /// Ends every environment, busy or idle, once it is set or dropped.
    stop: watch::Sender<bool>,
    counters: Arc<Counters>,
}

/// An environment that has received its invocation.
struct Lease {
    environment: Environment,
    cold_start: bool,
    begun: Instant,
    deadline: Instant,
}

impl Pool {
    pub(crate) fn new(function: Function, host: Arc<Host>) -> Arc<Self> {
        Arc::new(Self {
            slots: Slots::new(function.concurrency, function.queue),
            idle: Idle::default(),
            stop: Stop::channel().0,
            counters: Arc::default(),
            function,
            host,
        })
    }

    /// Runs one invocation.
    ///
    /// The invocation runs in its own task: if a caller goes away and its future is dropped, the environment must
    /// survive, or the pool would run dry.
    ///
    /// # Errors
    /// [`Throttled`] if the function is at its limit and the queue is full, or if the platform is stopping.
    pub(crate) async fn invoke(self: &Arc<Self>, invocation: Invocation) -> Result<Completed, Throttled> {
        let place = self.slots.enter()?;
        let (reply, completed) = oneshot::channel();
        tokio::spawn(Arc::clone(self).run(invocation, place, reply));
        completed.await.or(Err(Throttled))
    }

    async fn run(self: Arc<Self>, invocation: Invocation, place: Place, reply: oneshot::Sender<Completed>) {
        let Some(_slot) = place.slot().await else {
            return;
        };
        // Work that nobody waits for and that has not begun is dropped.
        if reply.is_closed() && !invocation.detached {
            return;
        }
        let caller = Caller::new(reply, &invocation);
        match self.lease(&invocation).await {
            Ok(lease) => self.follow(lease, &invocation, caller).await,
            Err(failed) => {
                let error = self.report(&failed.failure, &failed.lines, &invocation);
                caller.failed(self.function.memory_mb, &invocation.request_id, error);
            }
        }
    }

    /// Finds or starts an environment and gives it the invocation.
    async fn lease(&self, invocation: &Invocation) -> Result<Lease, StartFailure> {
        let timeout = self.function.timeout;
        while let Some(mut environment) = self.idle.take().await {
            let begun = Instant::now();
            if environment.deliver(&self.function.name, invocation, timeout).is_ok() {
                return Ok(Lease { environment, cold_start: false, begun, deadline: begun + timeout });
            }
            // It died while idle, which no caller ever notices.
            environment.end().await;
        }
        let (mut environment, init_spent) = self.start().await?;
        let left = timeout.saturating_sub(init_spent);
        let begun = Instant::now();
        if environment.deliver(&self.function.name, invocation, left).is_err() {
            let failure = Failure::Exited(environment.end().await);
            return Err(StartFailure { failure, lines: environment.take_lines() });
        }
        Ok(Lease { environment, cold_start: true, begun, deadline: begun + left })
    }

    /// Starts an environment. A first failure is hidden and tried again under the function's own timeout. Returns the
    /// part of that timeout that was used up, too.
    ///
    /// Source: Lambda developer guide, "Lambda execution environment", failures during the init phase.
    async fn start(&self) -> Result<(Environment, Duration), StartFailure> {
        match self.environment(Instant::now() + self.function.init_timeout).await {
            Ok(environment) => return Ok((environment, Duration::ZERO)),
            Err(failed) if matches!(failed.failure, Failure::NotStarted(_)) => return Err(failed),
            Err(_) => {}
        }
        let begun = Instant::now();
        let environment = self.environment(begun + self.function.timeout).await?;
        Ok((environment, begun.elapsed()))
    }

    async fn environment(&self, deadline: Instant) -> Result<Environment, StartFailure> {
        Environment::start(&self.function, &self.host, &self.counters, Stop::of(&self.stop), deadline).await
    }

    /// Waits for the end of a delivered invocation and puts the environment back.
    async fn follow(&self, lease: Lease, invocation: &Invocation, mut caller: Caller) {
        let Lease { mut environment, cold_start, begun, deadline } = lease;
        let mut finishing = None;
        let kill = invocation.kill_after.map(|after| begun + after);
        let ended = environment
            .run(deadline, kill, |outcome| {
                // Before the outcome leaves: its receiver may call again at once.
                finishing = Some(self.idle.finishing());
                caller.outcome(outcome, cold_start, begun.elapsed());
            })
            .await;
        let lines = environment.take_lines();
        if let Err(failure) = &ended {
            let error = self.report(failure, &lines, invocation);
            if finishing.is_none() {
                caller.outcome(Err(error), cold_start, begun.elapsed());
            }
        }
        caller.finish(self.function.memory_mb, &invocation.request_id, &lines);
        if ended.is_ok() {
            self.put_back(environment);
        }
        drop(finishing);
    }

    /// Counts a failure and shows it to the observer. Returns the error for the caller.
    fn report(&self, failure: &Failure, last_lines: &[String], invocation: &Invocation) -> FunctionError {
        match failure {
            Failure::TimedOut => self.counters.timed_out(),
            Failure::NotStarted(_) | Failure::Reported(_) | Failure::Exited(_) => self.counters.crashed(),
        }
        let error = failure.to_error(&invocation.request_id, &self.function);
        self.host.observer.crash(&CrashRecord {
            function: &self.function.name,
            error: &String::from_utf8_lossy(&error.payload),
            last_lines,
        });
        error
    }

    fn put_back(&self, environment: Environment) {
        if self.function.freeze {
            environment.freeze();
        }
        self.idle.put(environment);
    }

    /// Removes environments that were idle for too long or that died, until the platform stops.
    pub(crate) async fn expire(self: Arc<Self>, mut stop: Stop) {
        let expiry = self.function.idle_expiry;
        let pause = (expiry / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
        let mut ticks = tokio::time::interval(pause);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.idle.remove_expired(expiry),
                () = stop.stopped() => return,
            }
        }
    }

    /// Ends every environment and waits until the processes are gone.
    pub(crate) async fn close(&self) {
        self.kill_all();
        self.counters.all_ended().await;
    }

    /// Ends every environment, busy or not, without waiting for it. Further invocations are throttled.
    pub(crate) fn kill_all(&self) {
        self.stop.send_replace(true);
        self.slots.close();
        self.idle.close();
    }

    /// Name of the function.
    pub(crate) fn name(&self) -> &str {
        &self.function.name
    }

    pub(crate) fn stats(&self) -> FunctionStats {
        self.counters.stats(self.idle.count())
    }
}
