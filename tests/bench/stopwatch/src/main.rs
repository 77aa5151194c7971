//! Drives functions as Lambda does, beside the smallest functions that there can be, and measures what they cost.
//!
//! `tests/bench/run.sh` builds what is measured and calls this program.

mod check;
mod cluster;
mod contender;
mod emulator;
mod expected;
mod figures;
mod functions;
mod instructions;
mod kept;
mod process;
mod report;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::{expected::Figures, figures::Effort, functions::Programs, report::Builds};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    built: Built,
}

/// What was built.
#[derive(Debug, Args)]
struct Built {
    /// Folder of `redirector` and `writer`
    #[arg(long, value_name = "DIR")]
    functions: PathBuf,

    /// Folder of the peers
    #[arg(long, value_name = "DIR")]
    peers: PathBuf,

    /// The program `dax-server`
    #[arg(long, value_name = "FILE")]
    dax_server: PathBuf,

    /// The program of `cargo bench -p dax-client --bench call`
    #[arg(long, value_name = "FILE")]
    call: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare instructions and sizes with the committed figures
    Check {
        /// The committed figures
        expected: PathBuf,
    },
    /// Print CPU time, memory and start-up, beside the peers
    Figures {
        /// Turns of each contender
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Cold starts of each contender
        #[arg(long, default_value_t = 15)]
        starts: usize,
        /// Folder with an old `redirector` and `writer`, which take turns with the new ones
        #[arg(long, value_name = "DIR")]
        baseline: Option<PathBuf>,
        /// The old build has Amazon's certificates built in, and does not parse the platform's
        #[arg(long)]
        baseline_has_roots: bool,
    },
    /// Commit the figures of now
    Update {
        /// The committed figures
        expected: PathBuf,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    process::pin()?;
    let Built { functions, peers, dax_server, call } = &cli.built;
    let programs = Programs { functions: functions.clone(), peers: peers.clone(), parses_platform_roots: false };
    match &cli.command {
        Command::Check { expected } => {
            let mut report = check::compare(&Figures::read(expected)?, &check::measure(&programs, dax_server, call)?);
            check::memory(&programs, dax_server, &mut report)?;
            report.lines.iter().for_each(|line| println!("{line}"));
            if !report.passed {
                println!("If that is intended, `tests/bench/run.sh update` writes {}.", expected.display());
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Figures { rounds, starts, baseline, baseline_has_roots } => {
            let old = baseline.as_ref().map(|functions| Programs {
                functions: functions.clone(),
                parses_platform_roots: !baseline_has_roots,
                ..programs.clone()
            });
            let builds = Builds { programs: &programs, old: old.as_ref() };
            report::print(&builds, dax_server, Effort { rounds: *rounds, starts: *starts })?;
        }
        Command::Update { expected } => {
            let measured = check::measure(&programs, dax_server, call)?;
            std::fs::write(expected, measured.to_toml())
                .with_context(|| format!("cannot write {}", expected.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
