//! How often, how long and after which waits a failed call is tried again.

use std::time::Duration;

/// Limits on repeating a failed call.
///
/// What may be repeated at all is not decided here: the error says so ([`Error::retry`](crate::Error::retry)).
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    unknown_writes: bool,
}

impl RetryPolicy {
    /// Three attempts, first wait between 35 and 70 ms, no wait above 1 s, writes of unknown outcome not repeated.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_attempts: 3,
            base_delay: Duration::from_millis(70),
            max_delay: Duration::from_secs(1),
            unknown_writes: false,
        }
    }

    /// One attempt.
    #[must_use]
    pub fn never() -> Self {
        Self::new().attempts(1)
    }

    /// At most this many attempts, the first included; at least one is made.
    #[must_use]
    pub fn attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts.max(1);
        self
    }

    /// The first wait before a throttled call is repeated; each later wait doubles, up to `max`. Half of every wait is
    /// random. Calls that failed for another reason are repeated at once, on another node if there is one.
    #[must_use]
    pub fn delays(mut self, base: Duration, max: Duration) -> Self {
        self.base_delay = base;
        self.max_delay = max;
        self
    }

    /// Whether a write that was sent and not answered is sent again.
    ///
    /// Off by default: the first one may have been carried out, and a second changes the data again (a counter counts
    /// twice, a condition fails on its own effect). `TransactWriteItems` carries a token and is always safe to repeat.
    #[must_use]
    pub fn repeat_unknown_writes(mut self, yes: bool) -> Self {
        self.unknown_writes = yes;
        self
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    pub(crate) fn repeats_unknown_writes(&self) -> bool {
        self.unknown_writes
    }

    /// The wait after failed attempt number `attempt` (from 1): half fixed, half drawn from `rng`.
    pub(crate) fn delay(&self, attempt: u32, rng: &mut fastrand::Rng) -> Duration {
        let doubling = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let full = self.base_delay.saturating_mul(doubling).min(self.max_delay);
        (full / 2).saturating_add((full / 2).mul_f64(rng.f64()))
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_half_of_each_is_random() {
        let policy = RetryPolicy::new().delays(Duration::from_millis(100), Duration::from_millis(350));
        let mut rng = fastrand::Rng::with_seed(7);
        for (attempt, full_ms) in [(1, 100), (2, 200), (3, 350), (40, 350)] {
            let full = Duration::from_millis(full_ms);
            let seen: Vec<_> = (0..50).map(|_| policy.delay(attempt, &mut rng)).collect();
            assert!(seen.iter().all(|wait| (full / 2..=full).contains(wait)), "{attempt}: {seen:?}");
            assert!(seen.iter().any(|wait| *wait != seen[0]), "{attempt}: no jitter");
        }
    }
}
