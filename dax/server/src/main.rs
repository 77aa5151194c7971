//! `dax-server`: a DAX cluster on this machine. `dax-server --help` lists the options.

#[cfg(feature = "bridge")]
mod bridge;

use std::process::ExitCode;

use clap::{Args, Parser};
use console::{Term, style};
use dax_server::command::{self, Options, WithFile};

/// A DAX cluster on this machine, for any DAX client, in front of any DynamoDB.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    options: WithFile<All>,
}

/// Options of the cluster, and of what stands beside it.
#[derive(Debug, Args)]
struct All {
    #[command(flatten)]
    cluster: Options,

    #[cfg(feature = "bridge")]
    #[command(flatten)]
    bridge: bridge::BridgeOptions,
}

impl All {
    #[cfg(feature = "bridge")]
    fn run(&self) -> anyhow::Result<()> {
        command::run_with(&self.cluster, async |running| bridge::start(&self.bridge, running).await)
    }

    #[cfg(not(feature = "bridge"))]
    fn run(&self) -> anyhow::Result<()> {
        command::run(&self.cluster)
    }
}

fn main() -> ExitCode {
    let Err(error) = Cli::parse().options.0.run() else {
        return ExitCode::SUCCESS;
    };
    let line = format!("{} {error:#}", style("error:").red().bold().for_stderr());
    // There is nowhere else to report a failure.
    let _ = Term::stderr().write_line(&line);
    ExitCode::FAILURE
}
