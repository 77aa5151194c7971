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

use super::failure::Failure;

/// When a fault is injected, and which. Rules are tried in the order they were added, and all that match apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// Only on this node, counted from 0. Default: on all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    /// Only for this operation. Default: for all but `authorizeConnection`, which is never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
        /// DynamoDB's name for it, such as `ThrottlingException`.
        code: String,
        /// Its message.
        #[serde(default)]
        message: String,
        /// Its path of codes. Needed for errors that DynamoDB does not have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codes: Option<Vec<i64>>,
    },
    /// The last entries of a batch are left unprocessed.
    Unprocessed {
        /// How many.
        count: usize,
    },
    /// `getItem` and `batchGetItem` answer with what was there before the last write, if the node knows.
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
    /// A rule for every node, method and request.
    pub fn new(action: FaultAction) -> Self {
        Self { node: None, operation: None, times: None, probability: None, action }
    }

    fn matches(&self, node: usize, method: Method) -> bool {
        let fits = match (&self.action, self.operation) {
            (FaultAction::Unprocessed { .. }, _) => {
                matches!(method, Method::BatchGetItem | Method::BatchWriteItem)
            }
            (FaultAction::StaleRead, _) => {
                matches!(method, Method::GetItem | Method::BatchGetItem)
            }
            (_, None) => method != Method::AuthorizeConnection,
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
            Self { action: FaultAction::Error { code, codes: None, .. }, .. } if Failure::named(code, "").is_none() => {
                Some(format!("{code} is no error of DynamoDB that is known here; give its path of codes"))
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
            FaultAction::Error { code, message, codes: None } => self.failure = Failure::named(code, message),
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
mod tests {
    use super::*;

    const SEED: u64 = 7;

    fn delay(milliseconds: u64) -> FaultRule {
        FaultRule::new(FaultAction::Delay { milliseconds })
    }

    #[test]
    fn a_rule_counts_down_and_goes() {
        let faults = Faults::new(SEED);
        faults.add(FaultRule { times: Some(2), ..delay(1) });
        let hits = (0..5).filter(|_| faults.draw(0, Method::GetItem).is_some()).count();
        assert_eq!((hits, faults.list().len()), (2, 0));
    }

    #[test]
    fn a_rule_picks_node_and_operation() {
        let faults = Faults::new(SEED);
        let id = faults.add(FaultRule { node: Some(1), operation: Some(Method::PutItem), ..delay(1) });
        assert!(faults.draw(0, Method::PutItem).is_none());
        assert!(faults.draw(1, Method::GetItem).is_none());
        assert!(faults.draw(1, Method::PutItem).is_some());
        assert!(faults.remove(id) && !faults.remove(id));
        assert!(faults.draw(1, Method::PutItem).is_none());
    }

    #[test]
    fn the_dice_are_seeded() {
        let draw = |seed| {
            let faults = Faults::new(seed);
            faults.add(FaultRule { probability: Some(0.3), ..delay(1) });
            (0..200).map(|_| faults.draw(0, Method::Scan).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(draw(SEED), draw(SEED));
        let hits = draw(SEED).iter().filter(|hit| **hit).count();
        assert!((30..90).contains(&hits), "{hits} of 200 at 30 %, seed {SEED}");
    }

    #[test]
    fn rules_add_up() {
        let faults = Faults::new(SEED);
        faults.add(delay(10));
        faults.add(delay(20));
        faults.add(FaultRule::new(FaultAction::Unprocessed { count: 1 }));
        let effects = faults.draw(0, Method::BatchGetItem).unwrap();
        assert_eq!((effects.delay, effects.unprocessed), (Duration::from_millis(30), 1));
        assert_eq!(faults.draw(0, Method::GetItem).unwrap().unprocessed, 0, "no batch");
        assert!(faults.draw(0, Method::AuthorizeConnection).is_none());
    }

    #[test]
    fn rules_are_json() {
        let text = r#"{"operation":"putItem","times":3,"action":{"type":"error","code":"ThrottlingException"}}"#;
        let rule: FaultRule = serde_json::from_str(text).unwrap();
        assert_eq!((rule.operation, rule.times), (Some(Method::PutItem), Some(3)));
        assert_eq!(rule.problem(), None);
        for (bad, why) in [
            (r#"{"action":{"type":"error","code":"Nonsense"}}"#, "path of codes"),
            (r#"{"probability":1.5,"action":{"type":"close"}}"#, "between 0 and 1"),
            (r#"{"times":0,"action":{"type":"reset"}}"#, "times is 0"),
        ] {
            let rule: FaultRule = serde_json::from_str(bad).unwrap();
            assert!(rule.problem().unwrap().contains(why), "{bad}");
        }
        assert!(serde_json::from_str::<FaultRule>(r#"{"nodes":1,"action":{"type":"close"}}"#).is_err());
    }
}
