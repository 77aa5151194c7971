//! What counting clicks costs a month.
//!
//! Which part costs how much follows from how many links a batch of clicks concerns: each of them is one write, and so is
//! the owner's sum.

use std::collections::BTreeMap;

use super::{HOURS, LAMBDA_PER_MILLION, LOGS_PER_GB, MILLION, SECONDS_OF_MONTH, WRITE_PER_MILLION};

// USD, us-east-1, from memory (November 2026): the price pages that were at hand name no amounts.
const SHARD_HOUR: f64 = 0.015;
/// For each record of up to 25 kB.
const PUTS_PER_MILLION: f64 = 0.014;
/// Of CloudFront.
const EDGE_LINES_PER_MILLION: f64 = 0.01;
const ARCHIVE_PUTS_PER_MILLION: f64 = 5.00;
const ARCHIVE_GB: f64 = 0.023;

const PUT_UNIT_BYTES: f64 = 25_600.0;
/// How long a batch is collected: `MaximumBatchingWindowInSeconds`.
const WINDOW_SECONDS: f64 = 20.0;
/// What the field `click` adds to a log line.
const BYTES_OF_LINE: f64 = 95.0;
/// A click in a message of CloudWatch Logs, or in the archive; compressed, in a message of a hundred.
const BYTES_COMPRESSED: f64 = 58.0;
/// Time of the function for a batch and for a write, with 512 MB.
const BATCH_SECONDS: f64 = 0.05;
const WRITE_SECONDS: f64 = 0.000_3;
const MEMORY_GB: f64 = 0.5;

/// Distinct links among so many clicks, as a share of them: a million links, popularity by Zipf's law with exponent 1.
const DISTINCT: [(f64, f64); 7] =
    [(1.0, 1.00), (10.0, 0.96), (100.0, 0.86), (1_000.0, 0.69), (10_000.0, 0.54), (100_000.0, 0.37), (600_000.0, 0.25)];

/// How a stage counts.
#[derive(Debug, Clone)]
pub(super) struct Counting {
    /// Of the stream; 0 without one.
    shards: f64,
    counts: bool,
    archive: bool,
    edge: bool,
    gb_second: f64,
}

impl Counting {
    pub(super) fn of(values: &BTreeMap<String, String>, gb_second: f64) -> Self {
        let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
        let is_stream = text("Clicks") == "stream";
        let shards = text("ClicksShards").parse().unwrap_or(1.0);
        Self {
            shards: if is_stream { shards } else { 0.0 },
            counts: matches!(text("Clicks"), "stream" | "direct"),
            archive: text("ClicksArchive") == "true",
            edge: is_stream && text("Cdn") == "true",
            gb_second,
        }
    }

    /// What each part costs a month, in USD, if every redirect is a click and one owner has all links.
    pub(super) fn estimate(&self, redirects: f64) -> Vec<(String, f64)> {
        if !self.counts {
            return Vec::new();
        }
        let rate = redirects / SECONDS_OF_MONTH;
        // CloudWatch Logs sends the lines of an environment together, about once a second.
        let messages = redirects / rate.sqrt().max(1.0);
        let (batches, in_batch) = if self.shards > 0.0 {
            let batches = (self.shards * SECONDS_OF_MONTH / WINDOW_SECONDS).min(redirects);
            (batches, (rate * WINDOW_SECONDS / self.shards).max(1.0))
        } else {
            (messages, rate.sqrt().max(1.0))
        };
        let writes = redirects * (distinct(in_batch) + 1.0 / in_batch);
        // Items of popular links and of owners are larger than 1 kB.
        let units = writes * (1.05 + 0.09 * in_batch.log10());
        let puts = messages.max(redirects * BYTES_COMPRESSED / PUT_UNIT_BYTES);
        let gb_seconds = (batches * BATCH_SECONDS + writes * WRITE_SECONDS) * MEMORY_GB;
        let edge = if self.edge { redirects / MILLION * EDGE_LINES_PER_MILLION } else { 0.0 };
        let stream = self.shards * SHARD_HOUR * HOURS + puts / MILLION * PUTS_PER_MILLION;
        let archived = batches / MILLION * ARCHIVE_PUTS_PER_MILLION + redirects * BYTES_COMPRESSED / 1e9 * ARCHIVE_GB;
        vec![
            (format!("Clicks, {} shards of Kinesis", self.shards), if self.shards > 0.0 { stream + edge } else { 0.0 }),
            ("Clicks, DynamoDB".to_owned(), units / MILLION * WRITE_PER_MILLION),
            ("Clicks, Lambda".to_owned(), batches / MILLION * LAMBDA_PER_MILLION + gb_seconds * self.gb_second),
            ("Clicks, logs".to_owned(), redirects * BYTES_OF_LINE / 1e9 * LOGS_PER_GB),
            ("Clicks, archive, for each month kept".to_owned(), if self.archive { archived } else { 0.0 }),
        ]
    }
}

/// Interpolates between the logarithms of the numbers.
fn distinct(clicks: f64) -> f64 {
    let mut before = DISTINCT[0];
    for next in DISTINCT {
        if clicks <= next.0 {
            let part = if next.0 > before.0 { (clicks / before.0).ln() / (next.0 / before.0).ln() } else { 0.0 };
            return before.1 + (next.1 - before.1) * part;
        }
        before = next;
    }
    before.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(clicks: &str, shards: &str, per_second: f64) -> f64 {
        let values = [("Clicks", clicks), ("ClicksShards", shards)];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let counting = Counting::of(&values, super::super::LAMBDA_GB_SECOND_X86);
        counting.estimate(per_second * SECONDS_OF_MONTH).iter().map(|(_, usd)| usd).sum()
    }

    /// The sums of the design, which were computed from simulated traffic.
    #[test]
    fn the_table_of_the_readme_follows_from_the_prices() {
        for (clicks, shards, per_second, expected) in [
            ("stream", "1", 1.0, 13.0),
            ("stream", "1", 385.0, 548.0),
            ("stream", "2", 10_000.0, 10_500.0),
            ("stream", "20", 100_000.0, 105_000.0),
            ("none", "1", 385.0, 0.0),
        ] {
            let usd = sum(clicks, shards, per_second);
            assert!((usd - expected).abs() <= expected * 0.04, "{clicks} {per_second}/s: {usd} instead of {expected}");
        }
    }

    #[test]
    fn without_a_stream_nothing_is_paid_for_waiting() {
        assert!(sum("direct", "1", 0.0).abs() < 1e-9);
        assert!((sum("stream", "1", 0.0) - 10.95).abs() < 1e-9);
        assert!(sum("direct", "1", 0.1) < sum("stream", "1", 0.1));
        assert!(sum("direct", "1", 385.0) > sum("stream", "1", 385.0));
    }

    #[test]
    fn few_clicks_concern_many_links() {
        for (clicks, expected) in [(0.1, 1.0), (1.0, 1.0), (10.0, 0.96), (1e5, 0.37), (1e9, 0.25)] {
            assert!((distinct(clicks) - expected).abs() < 1e-9, "{clicks}: {}", distinct(clicks));
        }
    }
}
