//! `cost`: estimates the monthly cost of a stage from list prices.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use crate::outcome::Exit;
use crate::parameters::{self, assignment};
use crate::stage::Stage;
use crate::terminal::Terminal;

/// When the prices below were last checked.
const PRICES_AS_OF: &str = "April 2026";
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
const ALARM: f64 = 0.10;
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
const ALARMS: f64 = 6.0;

/// Options of `infra cost`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Redirects per month
    #[arg(long, default_value_t = 1_000_000)]
    redirects: u64,
    /// Links created per month
    #[arg(long, default_value_t = 10_000)]
    creates: u64,
    /// Percentage of redirects that reach DynamoDB because neither cache has the link
    #[arg(long, default_value_t = 5.0)]
    miss_percent: f64,
    /// Billed milliseconds per invocation
    #[arg(long, default_value_t = 3.0)]
    billed_ms: f64,
    /// USD per hour of one DAX node, for node types without a built-in price
    #[arg(long)]
    node_price: Option<f64>,
    /// Set a template parameter, overriding the stage
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    overrides: Vec<(String, String)>,
}

/// What the cost depends on.
#[derive(Debug, Clone)]
struct Sizing {
    node_hour: f64,
    nodes: f64,
    memory_gb: f64,
    gb_second: f64,
    provisioned: f64,
    alarms: bool,
    tracing: bool,
}

/// Runs `infra cost`.
///
/// # Errors
/// If the stage's parameters do not fit the template, or a node's price is unknown.
pub(crate) fn run(terminal: &Terminal, stage: &Stage, options: &Options) -> Result<Exit> {
    let mut given = stage.parameters.clone();
    given.extend(options.overrides.iter().cloned());
    let values = parameters::resolve(&parameters::definitions()?, &given)?;
    let lines = estimate(&sizing(&values, options.node_price)?, options);
    let sum: f64 = lines.iter().map(|(_, usd)| usd).sum();
    for (what, usd) in lines.iter().filter(|(_, usd)| *usd > 0.0) {
        terminal.line(format_args!("  {what:<44} {usd:>9.2}"));
    }
    terminal.line(format_args!("  {:<44} {sum:>9.2} USD per month", format!("stage {}", stage.name)));
    terminal
        .line(format_args!("\n  List prices of us-east-1, {PRICES_AS_OF}, without free tier, tax and data transfer."));
    let items = lines.iter().map(|(what, usd)| json!({"what": what, "usd": usd}));
    terminal.event("cost", json!({"items": items.collect::<Vec<_>>(), "usd": sum, "prices_as_of": PRICES_AS_OF}));
    Ok(Exit::Done)
}

fn sizing(values: &BTreeMap<String, String>, node_price: Option<f64>) -> Result<Sizing> {
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let number = |name: &str| text(name).parse::<f64>().unwrap_or_default();
    let has_dax = text("DaxMode") != "none";
    Ok(Sizing {
        node_hour: if has_dax { price_of(text("DaxNodeType"), node_price)? } else { 0.0 },
        nodes: if has_dax { number("DaxReplicationFactor") } else { 0.0 },
        memory_gb: number("RedirectorMemory") / 1_024.0,
        gb_second: if text("Architecture") == "arm64" { LAMBDA_GB_SECOND_ARM } else { LAMBDA_GB_SECOND_X86 },
        provisioned: number("RedirectorProvisionedConcurrency"),
        alarms: text("Alarms") == "true",
        tracing: text("Tracing") == "true",
    })
}

fn price_of(node: &str, given: Option<f64>) -> Result<f64> {
    let known = NODE_HOURS.iter().find(|(name, _)| *name == node).map(|(_, price)| *price);
    given.or(known).with_context(|| format!("the price of {node} is unknown: look it up and set --node-price"))
}

#[expect(clippy::cast_precision_loss, reason = "an estimate of traffic below 2^52")]
fn estimate(sizing: &Sizing, options: &Options) -> Vec<(String, f64)> {
    let (redirects, creates) = (options.redirects as f64, options.creates as f64);
    let requests = redirects + creates;
    let misses = redirects * options.miss_percent / 100.0;
    let gb_seconds = requests * options.billed_ms / 1_000.0 * sizing.memory_gb;
    vec![
        (format!("DAX, {} nodes", sizing.nodes), sizing.nodes * sizing.node_hour * HOURS),
        ("API Gateway".to_owned(), requests / MILLION * API_PER_MILLION),
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
        ("Alarms".to_owned(), if sizing.alarms { ALARMS * ALARM } else { 0.0 }),
        ("Secret".to_owned(), SECRET),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(redirects: u64) -> Options {
        Options { redirects, creates: 0, miss_percent: 5.0, billed_ms: 5.0, node_price: None, overrides: Vec::new() }
    }

    fn sized(nodes: f64, node_hour: f64) -> Sizing {
        Sizing {
            node_hour,
            nodes,
            memory_gb: 0.25,
            gb_second: LAMBDA_GB_SECOND_X86,
            provisioned: 0.0,
            alarms: false,
            tracing: true,
        }
    }

    fn check(sizing: &Sizing, redirects: u64, what: &str, expected: f64) {
        let lines = estimate(sizing, &traffic(redirects));
        let (_, usd) = lines.iter().find(|(name, _)| name.starts_with(what)).unwrap();
        assert!((usd - expected).abs() < 0.01, "{what}: {usd} instead of {expected}");
    }

    #[test]
    fn the_arithmetic_is_that_of_the_price_pages() {
        check(&sized(3.0, 0.04), 0, "DAX", 87.60); // 3 x 0.04 x 730
        let busy = sized(3.0, 0.269);
        check(&busy, 300_000_000, "DAX", 589.11);
        check(&busy, 300_000_000, "API", 300.0);
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
}
