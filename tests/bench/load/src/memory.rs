//! Memory over time, and whether it grows.

use std::time::Duration;

use stopwatch::Usage;
use tokio::time::Instant;

use crate::stack::{Stack, Used};

/// Samples of a run.
const SAMPLES: u32 = 120;
/// Growth over the second half of a run that counts as none, as a share of the memory.
const FLAT: f64 = 0.02;

/// Resident memory of the processes, over time.
#[derive(Debug)]
pub(crate) struct Memory {
    started: Instant,
    interval: Duration,
    /// Seconds, and what the processes used.
    samples: Vec<(f64, Used)>,
}

/// A straight line through the second half of the samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// MB at the end.
    pub(crate) end_mb: f64,
    mb_per_hour: f64,
    growth: f64,
}

impl Memory {
    /// For a run of this length.
    pub(crate) fn new(duration: Duration) -> Self {
        let interval = (duration / SAMPLES).max(Duration::from_millis(200));
        Self { started: Instant::now(), interval, samples: Vec::new() }
    }

    /// Samples until it is dropped.
    pub(crate) async fn watch(&mut self, stack: &Stack) {
        loop {
            self.samples.push((self.started.elapsed().as_secs_f64(), stack.usage()));
            tokio::time::sleep(self.interval).await;
        }
    }

    /// Of the processes that `of` chooses.
    pub(crate) fn line(&self, of: impl Fn(&Used) -> Usage) -> Line {
        let half = self.samples.get(self.samples.len() / 2..).unwrap_or_default();
        Line::through(half.iter().map(|(seconds, used)| (*seconds, of(used).resident_bytes as f64 / 1e6)).collect())
    }
}

impl Line {
    /// By least squares.
    fn through(points: Vec<(f64, f64)>) -> Self {
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (mean_time, mean_mb) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - mean_time).powi(2)).sum();
        let together: f64 = points.iter().map(|point| (point.0 - mean_time) * (point.1 - mean_mb)).sum();
        let slope = if spread > 0.0 { together / spread } else { 0.0 };
        let seconds = points.last().map_or(0.0, |last| last.0) - points.first().map_or(0.0, |first| first.0);
        let end_mb = points.last().map_or(0.0, |last| last.1);
        Self { end_mb, mb_per_hour: slope * 3600.0, growth: slope * seconds / mean_mb }
    }

    /// Whether it is flat, and the slope.
    pub(crate) fn verdict(&self) -> String {
        let word = if self.growth.abs() < FLAT { "flat" } else { "NOT FLAT" };
        format!("{word}: {:+.1} MB/h", self.mb_per_hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_is_seen() {
        let check = |mb_per_second: f64, is_flat: bool| {
            let points = (0..60).map(|second| (f64::from(second), 50.0 + mb_per_second * f64::from(second))).collect();
            let line = Line::through(points);
            assert!((line.mb_per_hour - mb_per_second * 3600.0).abs() < 1e-6, "{line:?}");
            assert_eq!(line.verdict().starts_with("flat"), is_flat, "{line:?}");
        };
        check(0.0, true);
        check(0.001, true);
        check(0.1, false);
        check(-0.1, false);
    }
}
