//! Drives the whole service on this machine, with the functions as they are shipped and tables in memory or on disk.
//!
//! `tests/bench/run.sh load` builds what it needs and passes its options on.

mod http;
mod memory;
mod stack;
mod traffic;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use clap::Parser;
use stopwatch::Usage;

use crate::{
    memory::Memory,
    stack::{Stack, Used},
    traffic::{Popularity, Schedule, Seen},
};

#[derive(Debug, Parser)]
struct Cli {
    /// The program `local`
    #[arg(long, value_name = "FILE")]
    local: PathBuf,

    /// Links in the table, ascending; each size is driven in turn
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    links: Vec<usize>,

    /// Links that are asked for, spread over the table: the same number at each size, so that only the table differs
    #[arg(long, value_name = "N", default_value_t = 1000)]
    asked: usize,

    /// Exponent of the popularity
    #[arg(long, default_value_t = 1.0)]
    zipf: f64,

    /// Requests a second
    #[arg(long, default_value_t = 500.0)]
    rate: f64,

    /// How long each size is driven
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    minutes: f64,

    /// Requests that can be under way at once
    #[arg(long, value_name = "N", default_value_t = 64)]
    connections: usize,

    /// Keep the tables on disk in DIR, and go on with what it holds if --held says how many links those are
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Links that DIR holds already
    #[arg(long, value_name = "N", default_value_t = 0)]
    held: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    println!(
        "{} redirects a second for {} minutes, Zipf {} over {} links, {} connections\n",
        cli.rate, cli.minutes, cli.zipf, cli.asked, cli.connections
    );
    println!(
        "| links | redirects/s | failed | p50, ms | p90 | p99 | p99.9 | max | CPU of redirectors, µs each | of clicks | of local | environments | memory of redirectors, MB | drift | of clicks, MB | drift | of local, MB | drift |"
    );
    println!("|{}", " --- |".repeat(18));
    let mut held = cli.held;
    for links in &cli.links {
        let stack = Stack::start(&cli.local, cli.data_dir.as_deref())?;
        stack.fill(held, *links).await?;
        // Tables in memory end with their stack.
        if cli.data_dir.is_some() {
            held = held.max(*links);
        }
        drive(&cli, &stack, *links).await?;
        stack.stop().await?;
    }
    Ok(())
}

async fn drive(cli: &Cli, stack: &Stack, links: usize) -> anyhow::Result<()> {
    let popularity = Arc::new(Popularity::zipf(cli.asked.min(links), cli.zipf));
    let duration = Duration::from_secs_f64(cli.minutes * 60.0);
    let schedule = Schedule { rate: cli.rate, duration, popularity, links, connections: cli.connections };
    // Environments start, caches fill.
    let warm_up = Schedule { duration: (duration / 5).min(Duration::from_secs(20)), ..schedule.clone() };
    traffic::run(&stack.gateway, &warm_up).await?;
    let before = stack.usage();
    let mut memory = Memory::new(duration);
    let seen = tokio::select! {
        seen = traffic::run(&stack.gateway, &schedule) => seen?,
        () = memory.watch(stack) => unreachable!("it watches for ever"),
    };
    print(links, &seen, &before, &stack.usage(), &memory);
    Ok(())
}

/// How many, and of which status: `0`, or `3 × 404, 1 × 503`.
fn failures(by_status: &BTreeMap<u16, u64>) -> String {
    if by_status.is_empty() {
        return "0".to_owned();
    }
    let each: Vec<String> = by_status.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    each.join(", ")
}

fn print(links: usize, seen: &Seen, before: &Used, after: &Used, memory: &Memory) {
    let redirects = seen.latencies.len() as f64;
    let milliseconds = |quantile: f64| seen.latencies.value_at_quantile(quantile) as f64 / 1e3;
    let micros = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() * 1e6 / redirects;
    print!("| {links} | {:.0} | {} |", redirects / seen.took.as_secs_f64(), failures(&seen.failures));
    for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
        print!(" {:.2} |", milliseconds(quantile));
    }
    let each: [fn(&Used) -> Usage; 3] = [|used| used.redirectors, |used| used.clicks, |used| used.local];
    for of in each {
        print!(" {:.1} |", micros(of(before).cpu, of(after).cpu));
    }
    print!(" {} |", after.environments);
    for line in each.map(|of| memory.line(of)) {
        print!(" {:.1} | {} |", line.end_mb, line.verdict());
    }
    println!();
}
