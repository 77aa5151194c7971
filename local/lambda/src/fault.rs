//! What goes wrong, on demand, between a log and the function that receives its lines.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// When a delivery to a function goes wrong, and how. Rules are tried in the order they were added, and all that match
/// apply.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FaultRule {
    /// Only deliveries to this function. Default: to every one.
    pub function: Option<String>,
    /// How often it applies; then the rule is removed. Default: until it is removed.
    pub times: Option<u32>,
    /// With this probability, from 0 to 1. Default: 1.
    pub probability: f64,
    /// What goes wrong.
    pub fault: Fault,
}

/// What goes wrong with a delivery.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The process is killed at a random moment within this time after it got the batch, unless it is done by then.
    Kill {
        /// The longest it lives.
        within: Duration,
    },
    /// The batch is delivered once more after it was processed.
    Twice,
    /// The batch ends at a random record. After a failure, the records arrive in other batches than before. Deliveries
    /// without a stream cannot be cut.
    Recut,
    /// The event source forgets that it has delivered the last records, and delivers them again. Deliveries without a
    /// stream have nothing to go back to.
    Rewind {
        /// The most that are forgotten, at least 1.
        records: u64,
    },
    /// The delivery waits.
    Delay {
        /// How long.
        by: Duration,
    },
}

impl FaultRule {
    /// A rule for every delivery to every function.
    #[must_use]
    pub const fn new(fault: Fault) -> Self {
        Self { function: None, times: None, probability: 1.0, fault }
    }

    /// Only for deliveries to this function.
    #[must_use]
    pub fn on(mut self, function: impl Into<String>) -> Self {
        self.function = Some(function.into());
        self
    }

    /// So often; then the rule is removed.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// With this probability, from 0 to 1.
    #[must_use]
    pub const fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    fn concerns(&self, function: &str) -> bool {
        self.times != Some(0) && self.function.as_deref().is_none_or(|wanted| wanted == function)
    }
}

/// What the rules want for one delivery.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) delay: Duration,
    pub(crate) kill_after: Option<Duration>,
    pub(crate) twice: bool,
    /// Where the batch ends: a part of it, from 0 to 1.
    pub(crate) part: Option<f64>,
    /// How many records are forgotten afterwards.
    pub(crate) rewind: u64,
}

impl Effects {
    fn add(&mut self, fault: &Fault, dice: &mut StdRng) {
        match fault {
            Fault::Kill { within } => self.kill_after = Some(within.mul_f64(dice.random())),
            Fault::Twice => self.twice = true,
            Fault::Recut => self.part = Some(dice.random()),
            Fault::Rewind { records } => self.rewind = dice.random_range(1..=(*records).max(1)),
            Fault::Delay { by } => self.delay = self.delay.saturating_add(*by),
        }
    }
}

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<Rules>);

#[derive(Debug)]
struct Rules {
    active: Vec<FaultRule>,
    dice: StdRng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Rules { active: Vec::new(), dice: StdRng::seed_from_u64(seed) }))
    }

    pub(crate) fn add(&self, rule: FaultRule) {
        self.rules().active.push(rule);
    }

    pub(crate) fn clear(&self) {
        self.rules().active.clear();
    }

    /// What goes wrong with the next delivery to `function`.
    pub(crate) fn draw(&self, function: &str) -> Effects {
        let mut rules = self.rules();
        let Rules { active, dice } = &mut *rules;
        let mut effects = Effects::default();
        for rule in active.iter_mut().filter(|rule| rule.concerns(function)) {
            if dice.random::<f64>() < rule.probability {
                rule.times = rule.times.map(|times| times.saturating_sub(1));
                effects.add(&rule.fault, dice);
            }
        }
        active.retain(|rule| rule.times != Some(0));
        effects
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        // A rule is valid after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_applies_so_often_and_only_to_its_function() {
        let faults = Faults::new(1);
        faults.add(FaultRule::new(Fault::Twice).on("counter").times(2));
        let twice = |function: &str| faults.draw(function).twice;
        assert!(!twice("other"));
        assert!(twice("counter") && twice("counter"));
        assert!(!twice("counter"));
        assert_eq!(faults.draw("counter"), Effects::default());
    }

    #[test]
    fn all_rules_that_match_apply() {
        let faults = Faults::new(1);
        faults.add(FaultRule::new(Fault::Recut));
        faults.add(FaultRule::new(Fault::Kill { within: Duration::from_secs(1) }));
        faults.add(FaultRule::new(Fault::Rewind { records: 3 }));
        faults.add(FaultRule::new(Fault::Delay { by: Duration::from_millis(5) }));
        faults.add(FaultRule::new(Fault::Twice).with_probability(0.0));
        for _ in 0..100 {
            let effects = faults.draw("f");
            assert!(effects.part.is_some_and(|part| (0.0..1.0).contains(&part)), "{effects:?}");
            assert!(effects.kill_after.is_some_and(|after| after < Duration::from_secs(1)), "{effects:?}");
            assert!((1..=3).contains(&effects.rewind), "{effects:?}");
            assert_eq!((effects.delay, effects.twice), (Duration::from_millis(5), false));
        }
        faults.clear();
        assert_eq!(faults.draw("f"), Effects::default());
    }
}
