//! `cost`: estimates the monthly cost of a stage from list prices.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::estimate::{PRICES_AS_OF, Sizing, Traffic, estimate};
use crate::outcome::Exit;
use crate::parameters::{self, assignment};
use crate::stage::Stage;
use crate::terminal::Terminal;

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

/// Runs `infra cost`.
///
/// # Errors
/// If the stage's parameters do not fit the template, or a node's price is unknown.
pub(crate) fn run(terminal: &Terminal, stage: &Stage, options: &Options) -> Result<Exit> {
    let mut given = stage.parameters.clone();
    given.extend(options.overrides.iter().cloned());
    let values = parameters::resolve(&parameters::definitions()?, &given)?;
    let traffic = Traffic {
        redirects: options.redirects,
        creates: options.creates,
        miss_percent: options.miss_percent,
        billed_ms: options.billed_ms,
    };
    let lines = estimate(&Sizing::of(&values, options.node_price)?, traffic);
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
