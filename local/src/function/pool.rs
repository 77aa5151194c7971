//! The environments of one function: started on demand, reused newest first, bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::Spec;
use super::answer::Answer;
use super::environment::{After, Environment, InitFailure};
use super::invocation::{Completed, FunctionError, Request};
use super::stats::{Counters, FunctionStats};
use crate::observer::{CrashRecord, Observer};
use crate::serve::Stop;

/// About what a cold start takes, so that waiting is never the worse choice by much.
const FINISHING_PATIENCE: Duration = Duration::from_millis(50);

/// The environments of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) spec: Spec,
    /// One permit per environment that is busy or starting; waiting for one is the queue.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle: Mutex<Vec<Idle>>,
    /// Environments that have answered but not yet asked for more.
    finishing: AtomicUsize,
    /// Tells that one of them has.
    finished: Notify,
    /// Ends every environment, busy or idle, once it is set or dropped.
    stop: watch::Sender<bool>,
    counters: Arc<Counters>,
    observer: Arc<dyn Observer>,
}

#[derive(Debug)]
struct Idle {
    environment: Environment,
    since: Instant,
}

/// The invocation was refused: every environment is busy and the queue is full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Throttled;

impl Pool {
    pub(crate) fn new(spec: Spec, observer: Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(spec.concurrency.max(1))),
            waiting: AtomicUsize::new(0),
            idle: Mutex::new(Vec::new()),
            finishing: AtomicUsize::new(0),
            finished: Notify::new(),
            stop: Stop::channel().0,
            counters: Arc::default(),
            observer,
            spec,
        })
    }

    /// Runs one invocation.
    ///
    /// The invocation runs in a task of its own: a caller that goes away (its future is dropped in the
    /// middle) must not take the environment along, or the pool would run dry.
    ///
    /// # Errors
    ///
    /// [`Throttled`] if the function is at its limit and the queue is full, or if the stack is stopping.
    pub(crate) async fn invoke(self: &Arc<Self>, request: Request) -> Result<Completed, Throttled> {
        let place = self.enter()?;
        let (reply, completed) = oneshot::channel();
        tokio::spawn(Arc::clone(self).run(request, place, reply));
        completed.await.or(Err(Throttled))
    }

    /// Takes a free environment slot, or a place in the queue for one.
    fn enter(self: &Arc<Self>) -> Result<Place, Throttled> {
        if self.is_closed() {
            return Err(Throttled);
        }
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(Place::Slot(permit));
        }
        let queued = self.waiting.fetch_add(1, Ordering::AcqRel);
        let place = QueuePlace(Arc::clone(self));
        if queued >= self.spec.queue {
            return Err(Throttled);
        }
        Ok(Place::Queue(place))
    }

    async fn run(self: Arc<Self>, request: Request, place: Place, reply: oneshot::Sender<Completed>) {
        let _permit = match place {
            Place::Slot(permit) => permit,
            Place::Queue(place) => {
                let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
                    return;
                };
                drop(place);
                permit
            }
        };
        // Work that nobody waits for and that has not begun is dropped.
        if reply.is_closed() && !request.detached {
            return;
        }
        let answer = Answer::new(reply, &request);
        match self.lease(&request).await {
            Ok(lease) => self.follow(lease, &request, answer).await,
            Err(error) => answer.failed(&self.spec, &request.request_id, error),
        }
    }

    /// Finds or starts an environment and gives it the invocation.
    async fn lease(&self, request: &Request) -> Result<Lease, FunctionError> {
        while let Some(mut environment) = self.reusable().await {
            let begun = Instant::now();
            if environment.deliver(&self.spec, request, self.spec.timeout).is_ok() {
                return Ok(Lease { environment, cold_start: false, begun, deadline: begun + self.spec.timeout });
            }
            // It died while idle, which no caller ever notices.
            environment.end().await;
        }
        let (mut environment, init_spent) = self.start(request).await?;
        let left = self.spec.timeout.saturating_sub(init_spent);
        let begun = Instant::now();
        if environment.deliver(&self.spec, request, left).is_err() {
            let failure = InitFailure::Exited(environment.end().await);
            return Err(self.init_failed(failure, &environment.take_lines(), request));
        }
        Ok(Lease { environment, cold_start: true, begun, deadline: begun + left })
    }

    /// Starts an environment. A first failure is hidden and tried again, then under the function's own
    /// timeout, of which it returns the part that was used up.
    ///
    /// Source: Lambda developer guide, "Lambda execution environment", failures during the init phase.
    async fn start(&self, request: &Request) -> Result<(Environment, Duration), FunctionError> {
        let deadline = Instant::now() + self.spec.init_timeout;
        match self.environment(deadline).await {
            Ok(environment) => return Ok((environment, Duration::ZERO)),
            Err((InitFailure::Spawn(error), lines)) => {
                return Err(self.init_failed(InitFailure::Spawn(error), &lines, request));
            }
            Err(_) => {}
        }
        let begun = Instant::now();
        match self.environment(begun + self.spec.timeout).await {
            Ok(environment) => Ok((environment, begun.elapsed())),
            Err((failure, lines)) => Err(self.init_failed(failure, &lines, request)),
        }
    }

    async fn environment(&self, deadline: Instant) -> Result<Environment, (InitFailure, Vec<String>)> {
        let stop = Stop::of(&self.stop);
        Environment::start(&self.spec, &self.counters, &self.observer, stop, deadline).await
    }

    fn init_failed(&self, failure: InitFailure, lines: &[String], request: &Request) -> FunctionError {
        let error = failure.error(&request.request_id, &self.spec);
        self.report(&error, lines);
        error
    }

    /// Waits for the end of a delivered invocation and puts the environment back.
    async fn follow(&self, lease: Lease, request: &Request, mut answer: Answer) {
        let Lease { mut environment, cold_start, begun, deadline } = lease;
        let mut finishing = None;
        let (after, failure) = environment
            .run(&self.spec, &request.request_id, deadline, |outcome| {
                // Before the answer leaves: its receiver may call again at once.
                finishing = Some(Finishing::begin(self));
                answer.outcome(outcome, cold_start, begun.elapsed());
            })
            .await;
        let lines = environment.take_lines();
        if let Some(error) = &failure {
            self.report(error, &lines);
        }
        answer.finish(&self.spec, &request.request_id, &lines);
        if after == After::Idle {
            self.put_back(environment);
        }
        drop(finishing);
    }

    fn report(&self, error: &FunctionError, last_lines: &[String]) {
        match error.kind.as_str() {
            "Sandbox.Timedout" => self.counters.timed_out(),
            _ => self.counters.crashed(),
        }
        self.observer.crash(&CrashRecord {
            function: &self.spec.name,
            error: &String::from_utf8_lossy(&error.payload),
            last_lines,
        });
    }

    fn put_back(&self, environment: Environment) {
        if self.spec.freeze {
            environment.freeze();
        }
        let mut idle = self.idle();
        // Checked under the lock that `kill_all` takes after closing.
        if !self.is_closed() {
            idle.push(Idle { environment, since: Instant::now() });
        }
    }

    /// An idle environment, or one that has answered and will be idle within a moment.
    ///
    /// A caller that gets its answer and calls again is faster than the process that goes from its answer to
    /// `next`. Over a real network it never is; here it would pay for a cold start each time.
    async fn reusable(&self) -> Option<Environment> {
        let deadline = Instant::now() + FINISHING_PATIENCE;
        loop {
            let finished = self.finished.notified();
            // In this order: an environment is put back before it is no longer counted.
            let any_finishing = self.finishing.load(Ordering::Acquire) > 0;
            let idle = self.take_idle();
            if idle.is_some() || !any_finishing || timeout_at(deadline, finished).await.is_err() {
                return idle;
            }
        }
    }

    /// The environment that was used last: Lambda favours it too, so the others can expire.
    fn take_idle(&self) -> Option<Environment> {
        self.idle().pop().map(|idle| idle.environment)
    }

    /// Removes environments that were idle for too long or that died, until the stack stops.
    pub(crate) async fn expire(self: Arc<Self>, mut stop: Stop) {
        let pause = (self.spec.idle_expiry / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
        let mut ticks = tokio::time::interval(pause);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.stopped() => return,
            }
            let expired: Vec<Idle> = {
                let mut idle = self.idle();
                let (kept, expired) = std::mem::take(&mut *idle)
                    .into_iter()
                    .partition(|idle| idle.since.elapsed() < self.spec.idle_expiry && idle.environment.is_alive());
                *idle = kept;
                expired
            };
            drop(expired);
        }
    }

    /// Ends every environment and waits until the processes are gone.
    pub(crate) async fn close(&self) {
        self.kill_all();
        self.permits.close();
        self.counters.all_ended().await;
    }

    /// Ends every environment, busy or not, without waiting for it.
    pub(crate) fn kill_all(&self) {
        self.stop.send_replace(true);
        self.idle().clear();
    }

    fn is_closed(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) fn stats(&self) -> FunctionStats {
        self.counters.stats(self.idle().len())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // A vector is valid after any panic.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to run one invocation, now or later.
enum Place {
    Slot(OwnedSemaphorePermit),
    Queue(QueuePlace),
}

/// A place in the queue, given up when dropped.
struct QueuePlace(Arc<Pool>);

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An environment between its answer and its next request for work.
struct Finishing<'a>(&'a Pool);

impl<'a> Finishing<'a> {
    fn begin(pool: &'a Pool) -> Self {
        pool.finishing.fetch_add(1, Ordering::AcqRel);
        Self(pool)
    }
}

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        self.0.finishing.fetch_sub(1, Ordering::AcqRel);
        self.0.finished.notify_waiters();
    }
}

/// An environment that has received its invocation.
struct Lease {
    environment: Environment,
    cold_start: bool,
    begun: Instant,
    deadline: Instant,
}
