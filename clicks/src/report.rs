//! What is logged about a batch, and the metric that an operator's alarm watches.

use std::time::{Duration, SystemTime};

use function::{
    log::{self, Level},
    with_causes,
};
use serde_json::{Value, json};

use crate::{batch::Batch, count::Done};

/// The namespace of the metric.
const NAMESPACE: &str = "kurz";
/// Clicks, lines or records that could not be counted. Its dimension is the name of the function.
const METRIC: &str = "ClicksSkipped";
const DIMENSION: &str = "FunctionName";

/// A batch that was counted.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    pub(crate) request_id: &'a str,
    /// When it came.
    pub(crate) now: SystemTime,
    pub(crate) shard: Option<u64>,
    pub(crate) batch: &'a Batch,
    pub(crate) done: &'a Done,
    pub(crate) took: Duration,
}

/// Writes lines up to a level.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) level: Level,
    pub(crate) function_name: String,
}

impl Report {
    /// Logs a batch, and what of it could not be counted.
    pub(crate) fn counted(&self, counted: &Counted<'_>) {
        let Counted { request_id, shard, batch, done, took, .. } = *counted;
        if self.level >= Level::Info {
            let figures = &batch.figures;
            let fields = json!({
                "request_id": request_id, "shard": shard, "records": figures.records, "clicks": figures.clicks,
                "late": figures.late, "redelivered": figures.redelivered, "updates": done.updates,
                "repeated": done.repeated, "reduced": done.reduced,
                "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
            log::write(Level::Info, "counted", fields);
        }
        if self.level >= Level::Error {
            self.skipped(counted);
        }
    }

    /// Lines that are also metrics.
    fn skipped(&self, counted: &Counted<'_>) {
        let Counted { now, batch, done, .. } = *counted;
        if let Some((error, count)) = &batch.unreadable {
            let fields = json!({ "error": with_causes(error) });
            log::write(Level::Error, "records or lines could not be read", self.metric(now, *count, fields));
        }
        if let Some((key, error)) = &done.reason {
            let item = format!("{} {}", key.of(), key.day());
            let fields = json!({ "item": item, "error": with_causes(error) });
            log::write(Level::Error, "clicks were skipped", self.metric(now, done.skipped, fields));
        }
    }

    /// Logs that an event came by another way than the settings say. If both ways are open, every click counts twice.
    pub(crate) fn unexpected(&self, request_id: &str) {
        if self.level >= Level::Warn {
            log::write(Level::Warn, "clicks come by another way than CLICKS says", json!({ "request_id": request_id }));
        }
    }

    /// Logs a batch that failed and will be repeated.
    pub(crate) fn failed(&self, request_id: &str, error: &dyn std::error::Error) {
        if self.level >= Level::Error {
            let fields = json!({ "request_id": request_id, "error": with_causes(error) });
            log::write(Level::Error, "a batch was not counted", fields);
        }
    }

    /// Fields of a line that is also a metric, in the embedded metric format.
    ///
    /// Source: Amazon CloudWatch user guide, "Specification: Embedded metric format".
    fn metric(&self, now: SystemTime, count: u64, fields: Value) -> Value {
        let milliseconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut line = json!({
            "_aws": {
                "Timestamp": u64::try_from(milliseconds).unwrap_or(u64::MAX),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [[DIMENSION]],
                    "Metrics": [{ "Name": METRIC, "Unit": "Count" }],
                }],
            },
            DIMENSION: self.function_name,
            METRIC: count,
        });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_is_a_metric_of_the_function() {
        let report = Report { level: Level::Off, function_name: "f".to_owned() };
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(
            report.metric(now, 3, json!({ "error": "e" })),
            json!({ "_aws": { "Timestamp": 1_500, "CloudWatchMetrics": [{ "Namespace": "kurz",
                "Dimensions": [["FunctionName"]], "Metrics": [{ "Name": "ClicksSkipped", "Unit": "Count" }] }] },
                "FunctionName": "f", "ClicksSkipped": 3, "error": "e" })
        );
    }
}
