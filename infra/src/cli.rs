//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use crate::aws::Aws;
use crate::command;
use crate::outcome::{Exit, exit_of};
use crate::stack::{Pace, Session};
use crate::stage::Stage;
use crate::terminal::{Output, Terminal};

/// Deploys kurz: builds, packages, shows what will change, deploys, watches, takes down
#[derive(Debug, Parser)]
#[command(
    name = "infra",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done or nothing to do, 1 failed, 2 rolled back or drifted, 3 needs a decision, 130 interrupted.\n\
Begin with `infra doctor`, then once `infra bootstrap`, then `infra deploy`."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug)]
struct Global {
    /// Stage of infra.toml
    #[arg(long, short, global = true, help_heading = "Global options", default_value = "demo", env = "KURZ_STAGE")]
    stage: String,
    /// Settings of the stages [default: infra/infra.toml of the workspace]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE")]
    config: Option<PathBuf>,
    /// AWS region; wins over infra.toml
    #[arg(long, global = true, help_heading = "Global options")]
    region: Option<String>,
    /// Profile of the AWS configuration; wins over infra.toml
    #[arg(long, global = true, help_heading = "Global options", value_name = "NAME")]
    aws_profile: Option<String>,
    /// How to speak
    #[arg(long, global = true, help_heading = "Global options", value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check everything a deploy needs, change nothing
    Doctor,
    /// Make the bucket for the zips, once per account and region
    Bootstrap(command::bootstrap::Options),
    /// Build both functions and zip them
    Package(command::package::Options),
    /// Show what a deploy would change, and keep the change set
    Plan(command::deploy::PlanOptions),
    /// Build, upload, show what will change, ask, change, watch
    Deploy(Box<command::deploy::Options>),
    /// State of the stack
    Status(command::status::Options),
    /// Outputs of the stack
    Outputs,
    /// Log lines of the functions and the API
    Logs(command::logs::Options),
    /// Make a link on the deployed URL and follow it
    Smoke(command::smoke::Options),
    /// Keys of the API: make, list, revoke
    Keys(command::keys::Options),
    /// What was changed behind CloudFormation's back
    Drift,
    /// Take the stack down; the table stays unless told otherwise
    Destroy(command::destroy::Options),
    /// Copy all links into a file, one JSON object a line
    Export(command::export::Options),
    /// Read links from an export, of this or of another shortener
    Import(Box<command::import::Options>),
    /// Monthly cost for this stage's parameters and some traffic
    Cost(command::cost::Options),
}

/// Parses the command line, runs the command, reports its end.
pub async fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>, ci: bool) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let wrong_use = error.use_stderr();
            drop(error.print());
            return ExitCode::from(u8::from(wrong_use)); // clap's own 2 means something else here
        }
    };
    let terminal = Terminal::new(cli.global.output, ci);
    let on_interrupt = Arc::new(Mutex::new(None));
    let result = tokio::select! {
        result = dispatch(cli, terminal.clone(), Arc::clone(&on_interrupt)) => result,
        _ = tokio::signal::ctrl_c() => {
            let note = on_interrupt.lock().ok().and_then(|mut note| note.take());
            terminal.note(note.as_deref().unwrap_or("interrupted; nothing is left running"));
            return ExitCode::from(Exit::Interrupted as u8);
        }
    };
    match result {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(error) => {
            terminal.error(&error);
            ExitCode::from(exit_of(&error) as u8)
        }
    }
}

async fn dispatch(cli: Cli, terminal: Terminal, on_interrupt: Arc<Mutex<Option<String>>>) -> Result<Exit> {
    let path = match cli.global.config {
        Some(path) => path,
        None => crate::package::build::workspace_root().await.context("give --config")?.join("infra/infra.toml"),
    };
    let stage = Stage::load(&path, &cli.global.stage)?;
    let region = cli.global.region.or_else(|| stage.region.clone());
    let profile = cli.global.aws_profile.or_else(|| stage.profile.clone());
    let connect = async || -> Result<Session> {
        let aws = Aws::load(region, profile).await?;
        Ok(Session { aws, terminal: terminal.clone(), stage: stage.clone(), pace: Pace::REAL, on_interrupt })
    };
    match cli.command {
        Command::Doctor => command::doctor::run(&connect().await?).await,
        Command::Bootstrap(options) => command::bootstrap::run(&connect().await?, &options).await,
        Command::Package(options) => command::package::run(&terminal, &stage, &options).await,
        Command::Plan(options) => command::deploy::plan(&connect().await?, &options).await,
        Command::Deploy(options) => command::deploy::run(&connect().await?, &options).await,
        Command::Status(options) => command::status::run(&connect().await?, &options).await,
        Command::Outputs => command::status::outputs(&connect().await?).await,
        Command::Logs(options) => command::logs::run(&connect().await?, &options).await,
        Command::Smoke(options) => command::smoke::run(&connect().await?, &options).await,
        Command::Keys(options) => command::keys::run(&connect().await?, &options).await,
        Command::Drift => command::drift::run(&connect().await?).await,
        Command::Destroy(options) => command::destroy::run(&connect().await?, &options).await,
        Command::Export(options) => command::export::run(&connect().await?, &options).await,
        Command::Import(options) => command::import::run(&connect().await?, &options).await,
        Command::Cost(options) => command::cost::run(&terminal, &stage, &options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
