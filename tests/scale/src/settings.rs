//! What can be set, with the defaults of the deployed template.

use clap::Parser;

/// The traffic, the links and the parameters of the stack.
#[derive(Debug, Clone, Parser)]
#[command(about = "Simulates the deployed service: what it takes, what breaks first, what it costs")]
pub struct Settings {
    /// Redirects per second; repeatable
    #[arg(long = "rate", default_values_t = [10.0, 1e3, 1e4, 1e5, 1e6], value_parser = positive)]
    pub rates: Vec<f64>,
    /// Links that are requested at all
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub links: u32,
    /// Zipf exponent of their popularity
    #[arg(long, default_value_t = 1.0)]
    pub zipf: f64,
    /// Share of redirects that CloudFront answers (template: `Cdn`, and links with `cache_seconds` or `permanent`)
    #[arg(long, default_value_t = 0.0)]
    pub edge_share: f64,
    /// Links created or changed per second
    #[arg(long, default_value_t = 1.0)]
    pub writes: f64,
    /// In-process cache: links per environment (template: `CacheEntries`)
    #[arg(long, default_value_t = 10_000)]
    pub cache_entries: usize,
    /// In-process cache: seconds that a link counts as current (template: `CacheTtlSeconds`)
    #[arg(long, default_value_t = 10.0)]
    pub cache_ttl: f64,
    /// DAX: seconds that an item is cached (template: `DaxRecordTtlSeconds`)
    #[arg(long, default_value_t = 60.0)]
    pub dax_ttl: f64,
    /// Memory of the redirector in MB (template: `RedirectorMemory`)
    #[arg(long, default_value_t = 256.0)]
    pub memory: f64,
    /// Milliseconds of an invocation that finds the link in process
    #[arg(long, default_value_t = 1.3)]
    pub hit_ms: f64,
    /// Milliseconds that a read through DAX adds
    #[arg(long, default_value_t = 1.0)]
    pub dax_ms: f64,
    /// Milliseconds that a read of the table adds
    #[arg(long, default_value_t = 5.0)]
    pub table_ms: f64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Print the limits, prices and measured figures with their sources only
    #[arg(long)]
    pub figures: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (1.0..=1e7).contains(&rate) { Ok(rate) } else { Err("from 1 to 10,000,000".to_owned()) }
}
