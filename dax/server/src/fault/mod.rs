//! Faults on demand.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use dax_protocol::Method;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};

use super::{failure::Failure, known, operation};

/// When a fault is injected, and which. Rules are tried in the order they were added, and all that match apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// Only on this node, counted from 0. Default: on all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    /// Only for this method; in JSON its name in any case. Default: for the ten operations, not for what a client asks
    /// on its own account: the nodes, a table's key, lists of attribute names. Those take a rule that names them.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "operation")]
    pub operation: Option<Method>,
    /// How often it applies; then the rule is removed. Default: until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// With this probability, from 0 to 1. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What goes wrong.
    pub action: FaultAction,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FaultAction {
    /// The request waits before it is carried out.
    Delay {
        /// How long.
        milliseconds: u64,
    },
    /// The connection is closed; the request is not carried out.
    Close,
    /// The request is carried out, and the connection reset after half of the answer.
    Reset,
    /// The request is not carried out but answered with an error.
    Error {
        /// DynamoDB's name for it, such as `ThrottlingException`, in any case. The README lists those that are known.
        code: String,
        /// Its message.
        #[serde(default)]
        message: String,
        /// Its path of codes. Needed for errors that are not known here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codes: Option<Vec<i64>>,
    },
    /// The last entries of a batch are left unprocessed.
    Unprocessed {
        /// How many.
        count: usize,
    },
    /// `GetItem` and `BatchGetItem` answer with what was there before the last write, if the node knows.
    StaleRead,
}

/// A rule in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveFault {
    /// Its number, for removing it.
    pub id: u64,
    /// The rule, with `times` counted down.
    #[serde(flatten)]
    pub rule: FaultRule,
}

/// What the rules want for one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects {
    pub(crate) delay: Duration,
    pub(crate) close: bool,
    pub(crate) reset: bool,
    pub(crate) failure: Option<Failure>,
    pub(crate) unprocessed: usize,
    pub(crate) stale: bool,
}

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Whether there is any rule; there rarely is.
    any: AtomicBool,
    rules: Mutex<Rules>,
}

#[derive(Debug)]
struct Rules {
    active: Vec<ActiveFault>,
    next_id: u64,
    dice: StdRng,
}

impl FaultRule {
    /// A rule for every node, each of the ten operations, and every request.
    pub fn new(action: FaultAction) -> Self {
        Self { node: None, operation: None, times: None, probability: None, action }
    }

    /// Requests are answered with this error, such as `ThrottlingException`, and not carried out.
    pub fn error(code: impl Into<String>) -> Self {
        Self::new(FaultAction::Error { code: code.into(), message: String::new(), codes: None })
    }

    /// Requests wait before they are carried out. Counted in milliseconds.
    pub fn delay(delay: Duration) -> Self {
        Self::new(FaultAction::Delay { milliseconds: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX) })
    }

    /// Connections are closed instead of an answer; requests are not carried out.
    pub fn close() -> Self {
        Self::new(FaultAction::Close)
    }

    /// Requests are carried out, and connections reset after half of the answer.
    pub fn reset() -> Self {
        Self::new(FaultAction::Reset)
    }

    /// The last `count` entries of batches are left unprocessed.
    pub fn unprocessed(count: usize) -> Self {
        Self::new(FaultAction::Unprocessed { count })
    }

    /// `GetItem` and `BatchGetItem` answer with what was there before the last write, if the node knows.
    pub fn stale_read() -> Self {
        Self::new(FaultAction::StaleRead)
    }

    /// Only for this method.
    #[must_use]
    pub fn on(mut self, method: Method) -> Self {
        self.operation = Some(method);
        self
    }

    /// Only on this node, counted from 0.
    #[must_use]
    pub fn on_node(mut self, node: usize) -> Self {
        self.node = Some(node);
        self
    }

    /// So often; then the rule is removed.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// With this probability, from 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// The message of an error. Other actions have none.
    #[must_use]
    pub fn with_message(mut self, text: impl Into<String>) -> Self {
        if let FaultAction::Error { message, .. } = &mut self.action {
            *message = text.into();
        }
        self
    }

    fn matches(&self, node: usize, method: Method) -> bool {
        let fits = match (&self.action, self.operation) {
            (FaultAction::Unprocessed { .. }, _) => {
                matches!(method, Method::BatchGetItem | Method::BatchWriteItem)
            }
            (FaultAction::StaleRead, _) => {
                matches!(method, Method::GetItem | Method::BatchGetItem)
            }
            (_, None) => operation::is_data(method),
            _ => true,
        };
        fits && self.node.is_none_or(|wanted| wanted == node) && self.operation.is_none_or(|wanted| wanted == method)
    }

    /// What is wrong with the rule, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self { probability: Some(probability), .. } if !(0.0..=1.0).contains(probability) => {
                Some(format!("probability {probability} is not between 0 and 1"))
            }
            Self { times: Some(0), .. } => Some("times is 0".to_owned()),
            Self { action: FaultAction::Error { code, codes: None, .. }, .. } if known::failure(code, "").is_none() => {
                let names = known::names().join(", ");
                Some(format!("{code} is not known: give its path of codes, or one of these names: {names}"))
            }
            Self { action: FaultAction::Error { codes: Some(codes), .. }, .. } if codes.is_empty() => {
                Some("an empty path of codes means success".to_owned())
            }
            _ => None,
        }
    }
}

impl Effects {
    fn add(&mut self, action: &FaultAction) {
        match action {
            FaultAction::Delay { milliseconds } => {
                self.delay = self.delay.saturating_add(Duration::from_millis(*milliseconds));
            }
            FaultAction::Close => self.close = true,
            FaultAction::Reset => self.reset = true,
            FaultAction::Error { code, message, codes: Some(codes) } => {
                let status = if codes.first() == Some(&4) { 400 } else { 500 };
                self.failure = Some(Failure::new(codes.clone(), Some(code), message, status));
            }
            FaultAction::Error { code, message, codes: None } => self.failure = known::failure(code, message),
            FaultAction::Unprocessed { count } => {
                self.unprocessed = self.unprocessed.saturating_add(*count);
            }
            FaultAction::StaleRead => self.stale = true,
        }
    }
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        let rules = Rules { active: Vec::new(), next_id: 1, dice: StdRng::seed_from_u64(seed) };
        Self { any: AtomicBool::new(false), rules: Mutex::new(rules) }
    }

    /// Adds a rule and returns its number.
    pub(crate) fn add(&self, rule: FaultRule) -> u64 {
        let mut rules = self.lock();
        let id = rules.next_id;
        rules.next_id += 1;
        rules.active.push(ActiveFault { id, rule });
        self.any.store(true, Ordering::Release);
        id
    }

    /// Removes a rule; `false` if there is none with this number.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut rules = self.lock();
        let before = rules.active.len();
        rules.active.retain(|active| active.id != id);
        self.any.store(!rules.active.is_empty(), Ordering::Release);
        rules.active.len() < before
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        let mut rules = self.lock();
        rules.active.clear();
        self.any.store(false, Ordering::Release);
    }

    /// The rules in force.
    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.lock().active.clone()
    }

    /// The faults to inject into a request. `None` if there are none.
    pub(crate) fn draw(&self, node: usize, method: Method) -> Option<Effects> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut rules = self.lock();
        let Rules { active, dice, .. } = &mut *rules;
        let mut effects = None;
        for ActiveFault { rule, .. } in active.iter_mut() {
            if !rule.matches(node, method) || !rule.probability.is_none_or(|chance| dice.random_bool(chance)) {
                continue;
            }
            rule.times = rule.times.map(|times| times.saturating_sub(1));
            effects.get_or_insert_with(Effects::default).add(&rule.action);
        }
        active.retain(|active| active.rule.times != Some(0));
        self.any.store(!active.is_empty(), Ordering::Release);
        effects
    }

    fn lock(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
