//! Whether calls ask the cluster.
//!
//! ```text
//!          failures in a row                pause over                 a node answers            the trial is answered
//! closed ────────────────────▶ open ───────────────────────▶ asking ──────────────────▶ ready ──────────────────────────▶ closed
//!                                ▲                             │                          │
//!                                └──── none answers, pause × 2 ┴────── the trial fails ───┘
//! ```
//!
//! While it is not closed, calls go to the table, all but one: the trial. A trial is not risked before a node has answered
//! a control request, which no caller waits for. So in an outage no call waits for the cluster once the circuit is open.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::{Circuit, Counter};

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Failures in a row that open it.
    pub(crate) failures: u32,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { failures: 3, first_pause: Duration::from_millis(500), longest_pause: Duration::from_secs(8) }
    }
}

/// A circuit breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    rules: Rules,
    state: Mutex<State>,
    opened: Counter,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts changes of phase: what a call learned in an earlier one no longer matters.
    generation: u64,
    cause: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
    },
    /// Somebody asks a node for a sign of life, and is lost if there is no answer by then.
    Asking {
        until: Instant,
        pause: Duration,
    },
    /// The next call is the trial.
    Ready {
        pause: Duration,
    },
    Trying {
        pause: Duration,
    },
}

/// Where a call goes.
#[derive(Debug)]
pub(crate) enum Admission<'a> {
    /// To the cluster.
    Cluster(Ticket<'a>),
    /// To the table. With `ask` the caller has to see to it that a node is asked, and to report by
    /// [`Breaker::asked`].
    Table { ask: bool },
}

impl Breaker {
    pub(crate) fn new(rules: Rules) -> Self {
        let state = State { phase: Phase::Closed { failures: 0 }, generation: 0, cause: None };
        Self { rules, state: Mutex::new(state), opened: Counter::default() }
    }

    /// Decides about a call at `now`. Asking a node takes at most `ask_time`.
    pub(crate) fn admit(&self, now: Instant, ask_time: Duration) -> Admission<'_> {
        let mut state = self.state();
        let trial = match state.phase {
            Phase::Closed { .. } => false,
            Phase::Open { until, pause } | Phase::Asking { until, pause } if until <= now => {
                state.enter(Phase::Asking { until: now + ask_time, pause });
                return Admission::Table { ask: true };
            }
            Phase::Ready { pause } => {
                state.enter(Phase::Trying { pause });
                true
            }
            _ => return Admission::Table { ask: false },
        };
        Admission::Cluster(Ticket { breaker: self, generation: state.generation, trial, settled: false })
    }

    /// A node was asked for a sign of life.
    pub(crate) fn asked(&self, alive: bool, now: Instant) {
        let mut state = self.state();
        let Phase::Asking { pause, .. } = state.phase else { return };
        if alive {
            state.enter(Phase::Ready { pause });
        } else {
            let pause = self.longer(pause);
            state.enter(Phase::Open { until: now + pause, pause });
        }
    }

    /// The cluster answered a call that was not admitted to it.
    pub(crate) fn revived(&self) {
        self.close(self.state());
    }

    /// Opens it because of `cause`, whatever happened before.
    pub(crate) fn open(&self, now: Instant, cause: String) {
        self.open_for(self.state(), self.rules.first_pause, now, cause);
    }

    pub(crate) fn circuit(&self) -> Circuit {
        match self.state().phase {
            Phase::Closed { .. } => Circuit::Closed,
            Phase::Open { .. } => Circuit::Open,
            Phase::Asking { .. } | Phase::Ready { .. } | Phase::Trying { .. } => Circuit::HalfOpen,
        }
    }

    /// How often it opened, and why the last time.
    pub(crate) fn history(&self) -> (u64, Option<String>) {
        (self.opened.get(), self.state().cause.clone())
    }

    fn close(&self, mut state: MutexGuard<'_, State>) {
        if !matches!(state.phase, Phase::Closed { .. }) {
            state.enter(Phase::Closed { failures: 0 });
            drop(state);
            tracing::info!("DAX answers again; calls go to the cluster");
        }
    }

    fn open_for(&self, mut state: MutexGuard<'_, State>, pause: Duration, now: Instant, cause: String) {
        if matches!(state.phase, Phase::Closed { .. }) {
            self.opened.add(1);
            tracing::warn!(error = %cause, "DAX does not answer; calls go to DynamoDB");
        }
        state.cause = Some(cause);
        state.enter(Phase::Open { until: now + pause, pause });
    }

    fn longer(&self, pause: Duration) -> Duration {
        pause.saturating_mul(2).min(self.rules.longest_pause)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
    }
}

/// A call that asks the cluster. Dropped without an outcome, it says nothing.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    breaker: &'a Breaker,
    generation: u64,
    trial: bool,
    settled: bool,
}

impl<'a> Ticket<'a> {
    /// The cluster gave an answer, be it an error.
    pub(crate) fn answered(mut self) {
        let Some(mut state) = self.settle() else { return };
        match &mut state.phase {
            Phase::Closed { failures } => *failures = 0,
            _ => self.breaker.close(state),
        }
    }

    /// The cluster could not answer.
    pub(crate) fn failed(mut self, now: Instant, cause: impl FnOnce() -> String) {
        let Some(mut state) = self.settle() else { return };
        let breaker = self.breaker;
        let pause = match &mut state.phase {
            Phase::Closed { failures } => {
                *failures += 1;
                if *failures < breaker.rules.failures {
                    return;
                }
                breaker.rules.first_pause
            }
            Phase::Trying { pause } => breaker.longer(*pause),
            _ => return,
        };
        breaker.open_for(state, pause, now, cause());
    }

    /// The state, if the outcome of this call still matters.
    fn settle(&mut self) -> Option<MutexGuard<'a, State>> {
        self.settled = true;
        Some(self.breaker.state()).filter(|state| state.generation == self.generation)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.trial || self.settled {
            return;
        }
        let mut state = self.breaker.state();
        if let (Phase::Trying { pause }, true) = (state.phase, state.generation == self.generation) {
            state.enter(Phase::Ready { pause });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASK: Duration = Duration::from_secs(4);

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn breaker(failures: u32) -> Breaker {
        Breaker::new(Rules { failures, ..Rules::default() })
    }

    fn ticket(breaker: &Breaker, now: Instant) -> Ticket<'_> {
        match breaker.admit(now, ASK) {
            Admission::Cluster(ticket) => ticket,
            Admission::Table { .. } => panic!("the call goes to the table"),
        }
    }

    fn fail(breaker: &Breaker, now: Instant) {
        ticket(breaker, now).failed(now, || "out of reach".to_owned());
    }

    #[track_caller]
    fn check_table(breaker: &Breaker, now: Instant, asks: bool) {
        match breaker.admit(now, ASK) {
            Admission::Table { ask } => assert_eq!(ask, asks),
            Admission::Cluster(_) => panic!("the call goes to the cluster"),
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let (breaker, now) = (breaker(3), Instant::now());
        for _ in 0..5 {
            fail(&breaker, now);
            fail(&breaker, now);
            ticket(&breaker, now).answered();
        }
        assert_eq!(breaker.circuit(), Circuit::Closed);
        for _ in 0..3 {
            fail(&breaker, now);
        }
        check_table(&breaker, now, false);
        assert_eq!((breaker.circuit(), breaker.history()), (Circuit::Open, (1, Some("out of reach".to_owned()))));
    }

    #[test]
    fn callers_that_fail_together_open_it_once() {
        let (breaker, now) = (breaker(3), Instant::now());
        let tickets: Vec<_> = (0..500).map(|_| ticket(&breaker, now)).collect();
        for ticket in tickets {
            ticket.failed(now, String::new);
        }
        assert_eq!(breaker.history().0, 1);
        check_table(&breaker, now + millis(499), false);
        check_table(&breaker, now + millis(500), true);
    }

    #[test]
    fn one_asks_then_one_tries_and_all_others_go_to_the_table() {
        let (breaker, start) = (breaker(1), Instant::now());
        fail(&breaker, start);
        let now = start + millis(500);
        check_table(&breaker, now, true);
        check_table(&breaker, now, false);
        breaker.asked(true, now);
        let trial = ticket(&breaker, now);
        check_table(&breaker, now, false);
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        // A trial that is cancelled leaves its place to the next.
        drop(trial);
        let trial = ticket(&breaker, now);
        trial.answered();
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_begin_anew() {
        let (breaker, start) = (breaker(1), Instant::now());
        fail(&breaker, start);
        let mut now = start;
        for pause in [500, 1000, 2000, 4000, 8000, 8000] {
            check_table(&breaker, now + millis(pause - 1), false);
            now += millis(pause);
            check_table(&breaker, now, true);
            breaker.asked(false, now);
        }
        now += millis(8000);
        check_table(&breaker, now, true);
        breaker.asked(true, now);
        fail(&breaker, now);
        check_table(&breaker, now + millis(7999), false);
        breaker.revived();
        fail(&breaker, now);
        check_table(&breaker, now + millis(500), true);
    }

    #[test]
    fn a_question_that_is_lost_is_asked_again() {
        let (breaker, start) = (breaker(1), Instant::now());
        fail(&breaker, start);
        check_table(&breaker, start + millis(500), true);
        check_table(&breaker, start + millis(500) + ASK - millis(1), false);
        check_table(&breaker, start + millis(500) + ASK, true);
    }

    #[test]
    fn what_an_earlier_call_learned_does_not_matter() {
        let (breaker, now) = (breaker(1), Instant::now());
        let early = ticket(&breaker, now);
        fail(&breaker, now);
        early.answered();
        assert_eq!(breaker.circuit(), Circuit::Open);
    }
}
