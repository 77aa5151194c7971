//! What a stage costs a month, from list prices.

mod clicks;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;
use template::{Evaluator, Values};

use clicks::Counting;

/// When the prices below were last checked.
pub(crate) const PRICES_AS_OF: &str = "April 2026";
const HOURS: f64 = 730.0;
const MILLION: f64 = 1e6;
const SECONDS_OF_MONTH: f64 = HOURS * 3_600.0;

// USD, us-east-1, without free tiers. Source: third-party copies of the AWS price pages (usage.ai, awsi.click); larger
// node sizes double the price each.
const API_PER_MILLION: f64 = 1.00;
const LAMBDA_PER_MILLION: f64 = 0.20;
const LAMBDA_GB_SECOND_X86: f64 = 0.000_016_666_7;
const LAMBDA_GB_SECOND_ARM: f64 = 0.000_013_333_4;
const PROVISIONED_GB_SECOND: f64 = 0.000_004_166_7;
const READ_PER_MILLION: f64 = 0.125;
const WRITE_PER_MILLION: f64 = 0.625;
const LOGS_PER_GB: f64 = 0.50;
const TRACES_PER_MILLION: f64 = 5.00;
/// For each metric that an alarm watches.
const ALARM: f64 = 0.10;
/// A metric that a filter makes of log lines.
const METRIC: f64 = 0.30;
/// HTTPS requests in the United States and Europe.
const CDN_PER_MILLION: f64 = 1.00;
const SECRET: f64 = 0.40;
/// Prices of the t3 and r5 nodes; those of r7i were not found.
const NODE_HOURS: [(&str, f64); 6] = [
    ("dax.t3.small", 0.04),
    ("dax.t3.medium", 0.08),
    ("dax.r5.large", 0.269),
    ("dax.r5.xlarge", 0.538),
    ("dax.r5.2xlarge", 1.076),
    ("dax.r5.4xlarge", 2.152),
];

/// An access-log line of the API and a log line of the function, with the 26 bytes that CloudWatch Logs adds to each.
const LOG_BYTES_PER_REQUEST: f64 = 250.0 + 26.0 + 300.0 + 26.0;

/// What is asked of a stage in a month.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traffic {
    /// Redirects.
    pub(crate) redirects: u64,
    /// Created links.
    pub(crate) creates: u64,
    /// Percentage of redirects that reach DynamoDB because neither cache has the link.
    pub(crate) miss_percent: f64,
    /// Billed milliseconds per invocation.
    pub(crate) billed_ms: f64,
}

/// What the cost depends on.
#[derive(Debug, Clone)]
pub(crate) struct Sizing {
    node_hour: f64,
    nodes: f64,
    memory_gb: f64,
    gb_second: f64,
    provisioned: f64,
    /// Metrics that alarms watch.
    alarms: f64,
    /// Metrics that filters make.
    metrics: f64,
    tracing: bool,
    cdn: bool,
    counting: Counting,
}

impl Sizing {
    /// The sizing that the template's parameters say.
    ///
    /// # Errors
    /// If the price of the DAX nodes is neither known nor given.
    pub(crate) fn of(values: &BTreeMap<String, String>, node_price: Option<f64>) -> Result<Self> {
        let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
        let number = |name: &str| text(name).parse::<f64>().unwrap_or_default();
        let has_dax = text("DaxMode") != "none";
        let (alarms, metrics) = watched(values)?;
        let gb_second = if text("Architecture") == "arm64" { LAMBDA_GB_SECOND_ARM } else { LAMBDA_GB_SECOND_X86 };
        Ok(Self {
            node_hour: if has_dax { price_of(text("DaxNodeType"), node_price)? } else { 0.0 },
            nodes: if has_dax { number("DaxReplicationFactor") } else { 0.0 },
            memory_gb: number("RedirectorMemory") / 1_024.0,
            gb_second,
            provisioned: number("RedirectorProvisionedConcurrency"),
            alarms,
            metrics,
            tracing: text("Tracing") == "true",
            cdn: text("Cdn") == "true",
            counting: Counting::of(values, gb_second),
        })
    }
}

/// How many metrics the template's alarms watch, and how many its filters make.
fn watched(values: &BTreeMap<String, String>) -> Result<(f64, f64)> {
    let document = template::parse(template::DEPLOYED).context("infra/template/template.yaml")?;
    let mut values: Values = values.clone();
    values.entry("AWS::Region".to_owned()).or_insert_with(|| "us-east-1".to_owned());
    let evaluator = Evaluator::new(&document, &values)?;
    let (mut alarms, mut metrics) = (0_u32, 0_u32);
    for (_, resource) in evaluator.resources()? {
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::CloudWatch::Alarm") => alarms += watched_by(resource),
            Some("AWS::Logs::MetricFilter") => metrics += 1,
            _ => {}
        }
    }
    Ok((f64::from(alarms), f64::from(metrics)))
}

/// An alarm over an expression is billed for each metric of it.
fn watched_by(alarm: &Value) -> u32 {
    let metrics = alarm.pointer("/Properties/Metrics").and_then(Value::as_array);
    let is_metric = |metric: &&Value| metric.get("MetricStat").is_some();
    metrics.map_or(1, |metrics| u32::try_from(metrics.iter().filter(is_metric).count()).unwrap_or(u32::MAX))
}

fn price_of(node: &str, given: Option<f64>) -> Result<f64> {
    let known = NODE_HOURS.iter().find(|(name, _)| *name == node).map(|(_, price)| *price);
    given.or(known).with_context(|| format!("the price of {node} is unknown: look it up and set --node-price"))
}

/// What each part costs a month, in USD.
#[expect(clippy::cast_precision_loss, reason = "an estimate of traffic below 2^52")]
pub(crate) fn estimate(sizing: &Sizing, traffic: Traffic) -> Vec<(String, f64)> {
    let (redirects, creates) = (traffic.redirects as f64, traffic.creates as f64);
    let requests = redirects + creates;
    let misses = redirects * traffic.miss_percent / 100.0;
    let gb_seconds = requests * traffic.billed_ms / 1_000.0 * sizing.memory_gb;
    let mut parts = vec![
        (format!("DAX, {} nodes", sizing.nodes), sizing.nodes * sizing.node_hour * HOURS),
        ("API Gateway".to_owned(), requests / MILLION * API_PER_MILLION),
        ("CloudFront".to_owned(), if sizing.cdn { requests / MILLION * CDN_PER_MILLION } else { 0.0 }),
        ("Lambda".to_owned(), requests / MILLION * LAMBDA_PER_MILLION + gb_seconds * sizing.gb_second),
        (
            format!("Lambda, {} provisioned", sizing.provisioned),
            sizing.provisioned * sizing.memory_gb * SECONDS_OF_MONTH * PROVISIONED_GB_SECOND,
        ),
        // An eventually consistent read of up to 4 kB is half a unit; a put of up to 1 kB is one.
        ("DynamoDB".to_owned(), misses * 0.5 / MILLION * READ_PER_MILLION + creates / MILLION * WRITE_PER_MILLION),
        ("Logs".to_owned(), requests * LOG_BYTES_PER_REQUEST / 1e9 * LOGS_PER_GB),
        // X-Ray's default rule samples five in a hundred.
        ("X-Ray".to_owned(), if sizing.tracing { requests * 0.05 / MILLION * TRACES_PER_MILLION } else { 0.0 }),
        ("Alarms".to_owned(), sizing.alarms * ALARM + sizing.metrics * METRIC),
        ("Secret".to_owned(), SECRET),
    ];
    parts.extend(sizing.counting.estimate(redirects));
    parts
}

/// One sentence: what the stage costs without traffic, and what redirects add.
pub(crate) fn summary(values: &BTreeMap<String, String>) -> String {
    let sizing = match Sizing::of(values, None) {
        Ok(sizing) => sizing,
        Err(error) => return format!("The monthly cost cannot be estimated: {error:#} (`infra cost`)."),
    };
    let sum = |redirects| {
        let traffic = Traffic { redirects, creates: 0, miss_percent: 5.0, billed_ms: 3.0 };
        estimate(&sizing, traffic).iter().map(|(_, usd)| usd).sum::<f64>()
    };
    let (idle, million) = (sum(0), sum(1_000_000));
    format!(
        "Costs about {idle:.2} USD a month without traffic, and {:.2} USD for each million redirects (list prices of \
         us-east-1, {PRICES_AS_OF}; `infra cost` has the parts).",
        million - idle
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters;
    use crate::stage::Stage;

    fn sized(nodes: f64, node_hour: f64) -> Sizing {
        Sizing {
            node_hour,
            nodes,
            memory_gb: 0.25,
            gb_second: LAMBDA_GB_SECOND_X86,
            provisioned: 0.0,
            alarms: 3.0,
            metrics: 2.0,
            tracing: true,
            cdn: false,
            counting: Counting::of(&BTreeMap::new(), LAMBDA_GB_SECOND_X86),
        }
    }

    fn check(sizing: &Sizing, redirects: u64, what: &str, expected: f64) {
        let lines = estimate(sizing, Traffic { redirects, creates: 0, miss_percent: 5.0, billed_ms: 5.0 });
        let (_, usd) = lines.iter().find(|(name, _)| name.starts_with(what)).unwrap();
        assert!((usd - expected).abs() < 0.01, "{what}: {usd} instead of {expected}");
    }

    #[test]
    fn the_arithmetic_is_that_of_the_price_pages() {
        check(&sized(3.0, 0.04), 0, "DAX", 87.60); // 3 x 0.04 x 730
        check(&sized(3.0, 0.04), 0, "Alarms", 0.90); // 3 x 0.10 and 2 x 0.30
        let busy = sized(3.0, 0.269);
        check(&busy, 300_000_000, "DAX", 589.11);
        check(&busy, 300_000_000, "API", 300.0);
        check(&busy, 300_000_000, "CloudFront", 0.0);
        check(&busy, 300_000_000, "Lambda", 66.25); // 60 for the calls, 375,000 GB-seconds
        check(&busy, 300_000_000, "DynamoDB", 0.94); // 15 M misses at half a unit
        check(&busy, 300_000_000, "Logs", 90.30); // 180.6 GB
        check(&busy, 300_000_000, "X-Ray", 75.0); // 15 M traces
    }

    #[test]
    fn unknown_node_prices_must_be_given() {
        assert!(price_of("dax.r7i.large", None).is_err());
        assert!((price_of("dax.r7i.large", Some(0.3)).unwrap() - 0.3).abs() < 1e-9);
        assert!((price_of("dax.t3.small", None).unwrap() - 0.04).abs() < 1e-9);
    }

    #[test]
    fn both_shipped_stages_say_what_they_cost() {
        for (name, least, most) in [("demo", 0.3, 1.0), ("production", 80.0, 110.0)] {
            let stage = Stage::parse(include_str!("../../infra.toml"), name).unwrap();
            let values = parameters::resolve(&parameters::definitions().unwrap(), &stage.parameters).unwrap();
            let text = summary(&values);
            let usd: f64 = text.split(' ').nth(2).unwrap().parse().unwrap();
            assert!((least..most).contains(&usd) && text.contains("each million"), "{name}: {text}");
        }
    }

    #[test]
    fn alarms_are_counted_in_the_template() {
        let count = |alarms: &str| watched(&BTreeMap::from([("Alarms".to_owned(), alarms.to_owned())])).unwrap();
        assert!(count("true").0 >= 4.0 && count("false").0 < 1.0, "{:?} {:?}", count("true"), count("false"));
        let alarm = serde_json::json!({"Properties": {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a/b"}]}});
        assert_eq!((watched_by(&alarm), watched_by(&Value::Null)), (2, 1));
    }
}
