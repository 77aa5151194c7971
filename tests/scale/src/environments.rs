//! Lambda's execution environments: how many a rate of requests keeps busy, and how fast there are more of them.

use std::{cmp::Reverse, collections::BinaryHeap};

use fastrand::Rng;

use crate::figures::{LAMBDA_RATE_PER_UNIT, LAMBDA_UNITS_AT_ONCE, LAMBDA_UNITS_PER_SECOND};

/// Requests whose arrival is simulated to find the busiest moment.
const ARRIVALS: u32 = 200_000;

/// How many environments are busy at the busiest moment of 200,000 random arrivals at `rate` a second. `seconds` says how
/// long an invocation takes. An environment handles one request at a time.
pub fn busiest(rate: f64, rng: &mut Rng, mut seconds: impl FnMut(&mut Rng) -> f64) -> u32 {
    let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let nanos = |seconds: f64| (seconds * 1e9) as u64;
    let (mut now, mut most) = (0.0, 0);
    for _ in 0..ARRIVALS {
        now -= (1.0 - rng.f64()).ln() / rate;
        while busy.peek().is_some_and(|Reverse(ends)| *ends <= nanos(now)) {
            busy.pop();
        }
        busy.push(Reverse(nanos(now + seconds(rng))));
        most = most.max(busy.len());
    }
    most as u32
}

/// What happens while Lambda scales up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Seconds until every request is served; infinite if the quota is too small.
    pub seconds: f64,
    /// Requests that were refused until then, or in the first minute if that never comes.
    pub refused: f64,
}

/// `rate` requests a second meet a function that is ready for `ready` a second. An account may use `quota` units of
/// concurrency, and each serves ten requests a second.
pub fn ramp(rate: f64, ready: f64, quota: f64) -> Ramp {
    let at_most = quota * LAMBDA_RATE_PER_UNIT.value;
    let mut served = (ready + LAMBDA_UNITS_AT_ONCE.value * LAMBDA_RATE_PER_UNIT.value).min(at_most);
    let (mut seconds, mut refused) = (0.0, 0.0);
    while served < rate {
        if seconds >= 60.0 && served >= at_most {
            return Ramp { seconds: f64::INFINITY, refused };
        }
        refused += rate - served;
        seconds += 1.0;
        served = (served + LAMBDA_UNITS_PER_SECOND.value * LAMBDA_RATE_PER_UNIT.value).min(at_most);
    }
    Ramp { seconds, refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_moment_is_a_few_deviations_above_the_mean() {
        let check = |rate: f64, mean: f64| {
            let busiest = f64::from(busiest(rate, &mut Rng::with_seed(1), |_| 0.002));
            assert!(busiest >= mean && busiest <= mean + 6.0 * mean.sqrt() + 3.0, "{rate}: {busiest}");
        };
        check(10.0, 0.02);
        check(1e4, 20.0);
        check(1e6, 2_000.0);
    }

    #[test]
    fn lambda_takes_ten_thousand_at_once_and_a_thousand_more_each_second() {
        let check = |rate, ready, quota, seconds, refused| {
            assert_eq!(ramp(rate, ready, quota), Ramp { seconds, refused }, "{rate} {ready} {quota}");
        };
        check(10_000.0, 0.0, 1_000.0, 0.0, 0.0);
        check(12_000.0, 0.0, 10_000.0, 2.0, 3_000.0);
        check(12_000.0, 2_000.0, 10_000.0, 0.0, 0.0);
        check(12_000.0, 0.0, 1_000.0, f64::INFINITY, 120_000.0);
    }
}
