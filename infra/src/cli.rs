//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use crate::aws::Aws;
use crate::command;
use crate::command::takedown::Action;
use crate::outcome::{Exit, exit_of};
use crate::package::build::workspace_root;
use crate::stack::{Backoff, Session};
use crate::stage::Stage;
use crate::terminal::{Output, Terminal};

/// Deploys and operates kurz: builds, plans, deploys, watches, and moves links in and out
#[derive(Debug, Parser)]
#[command(
    name = "infra",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done or nothing to do, 1 failed, 2 rolled back or drifted, 3 needs a decision, 130 interrupted.\n\
Start with `infra doctor`, then run `infra bootstrap` once, then `infra deploy`."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug)]
struct Global {
    /// Stage in infra.toml
    #[arg(long, short, global = true, help_heading = "Global options", default_value = "demo", env = "KURZ_STAGE")]
    stage: String,
    /// File with the stages [default: infra/infra.toml in the workspace]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE")]
    config: Option<PathBuf>,
    /// AWS region, overriding infra.toml
    #[arg(long, global = true, help_heading = "Global options")]
    region: Option<String>,
    /// AWS profile, overriding infra.toml
    #[arg(long, global = true, help_heading = "Global options", value_name = "NAME")]
    aws_profile: Option<String>,
    /// Output format
    #[arg(long, global = true, help_heading = "Global options", value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check everything a deploy needs, without changing anything
    Doctor,
    /// Create the bucket for the zips, once per account and region
    Bootstrap(command::bootstrap::Options),
    /// Build the functions and zip them
    Package(command::package::Options),
    /// Show what a deploy would change, and keep the change set
    Plan(command::plan::Options),
    /// Build, upload, show the changes, ask, apply them and watch
    Deploy(Box<command::deploy::Options>),
    /// Show the state of the stack
    Status(command::status::Options),
    /// Show the outputs of the stack
    Outputs,
    /// Show log lines of the functions and the API
    Logs(command::logs::Options),
    /// Create a link at the deployed URL, follow it, and wait until that is counted
    Smoke(command::smoke::Options),
    /// Create, list and revoke API keys
    Keys(command::keys::Options),
    /// Block links: by slug, by owner, or by the host they lead to
    Block(command::takedown::Options),
    /// Lift blocks
    Unblock(command::takedown::Options),
    /// Remove CloudFront's copies of redirects, after links were changed (`block` does it by itself)
    Invalidate,
    /// List, forbid and allow the hosts that links may lead to
    Hosts(command::hosts::Options),
    /// Show what was changed outside CloudFormation
    Drift,
    /// Delete the stack; the tables stay unless --delete-data is given
    Destroy(command::destroy::Options),
    /// Write all links to a file, one JSON object per line
    Export(command::export::Options),
    /// Import links from an export of kurz or of another shortener
    Import(Box<command::import::Options>),
    /// Write what was counted to a file
    Clicks(command::clicks::Options),
    /// Estimate the monthly cost of this stage
    Cost(command::cost::Options),
}

impl Command {
    /// Whether it works on a table that the user names, without a stack.
    fn names_a_table(&self) -> bool {
        match self {
            Self::Export(options) => options.names_a_table(),
            Self::Import(options) => options.names_a_table(),
            Self::Clicks(options) => options.names_a_table(),
            _ => false,
        }
    }
}

/// Parses the command line, runs the command and reports how it ended.
pub async fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>, ci: bool) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let is_misuse = error.use_stderr();
            drop(error.print());
            return ExitCode::from(u8::from(is_misuse)); // not clap's 2, which has another meaning here
        }
    };
    let terminal = Terminal::new(cli.global.output, ci);
    let on_interrupt = Arc::new(Mutex::new(None));
    let result = tokio::select! {
        result = dispatch(cli, terminal.clone(), Arc::clone(&on_interrupt)) => result,
        _ = tokio::signal::ctrl_c() => {
            let note = on_interrupt.lock().ok().and_then(|mut note| note.take());
            terminal.note(note.as_deref().unwrap_or("interrupted; nothing is running any more"));
            Ok(Exit::Interrupted)
        }
    };
    let exit = result.unwrap_or_else(|error| {
        terminal.error(&error);
        exit_of(&error)
    });
    ExitCode::from(exit as u8)
}

async fn dispatch(cli: Cli, terminal: Terminal, on_interrupt: Arc<Mutex<Option<String>>>) -> Result<Exit> {
    let Cli { global, command } = cli;
    let stage = match load_stage(&global).await {
        // A table by name needs nothing that a stage says.
        Err(_) if global.config.is_none() && command.names_a_table() => Stage::unnamed(&global.stage),
        stage => stage?,
    };
    let connect = connect(global, stage.clone(), terminal.clone(), on_interrupt);
    match command {
        Command::Doctor => command::doctor::run(&connect.await?).await,
        Command::Bootstrap(options) => command::bootstrap::run(&connect.await?, &options).await,
        Command::Package(options) => command::package::run(&terminal, &stage, &options).await,
        Command::Plan(options) => command::plan::run(&connect.await?, &options).await,
        Command::Deploy(options) => command::deploy::run(&connect.await?, &options).await,
        Command::Status(options) => command::status::run(&connect.await?, &options).await,
        Command::Outputs => command::outputs::run(&connect.await?).await,
        Command::Logs(options) => command::logs::run(&connect.await?, &options).await,
        Command::Smoke(options) => command::smoke::run(&connect.await?, &options).await,
        Command::Keys(options) => command::keys::run(&connect.await?, &options).await,
        Command::Block(options) => command::takedown::run(&connect.await?, &options, Action::Block).await,
        Command::Unblock(options) => command::takedown::run(&connect.await?, &options, Action::Unblock).await,
        Command::Invalidate => command::invalidate::run(&connect.await?).await,
        Command::Hosts(options) => command::hosts::run(&connect.await?, &options).await,
        Command::Drift => command::drift::run(&connect.await?).await,
        Command::Destroy(options) => command::destroy::run(&connect.await?, &options).await,
        Command::Export(options) => command::export::run(&connect.await?, &options).await,
        Command::Import(options) => command::import::run(&connect.await?, &options).await,
        Command::Clicks(options) => command::clicks::run(&connect.await?, &options).await,
        Command::Cost(options) => command::cost::run(&terminal, &stage, &options),
    }
}

async fn load_stage(global: &Global) -> Result<Stage> {
    let path = match &global.config {
        Some(path) => path.clone(),
        None => workspace_root()
            .await
            .context(
                "no stages, because this is not a folder of the workspace: name the file with --config, or for export \
                 and import the table with --table",
            )?
            .join("infra/infra.toml"),
    };
    Stage::load(&path, &global.stage)
}

async fn connect(
    global: Global,
    stage: Stage,
    terminal: Terminal,
    on_interrupt: Arc<Mutex<Option<String>>>,
) -> Result<Session> {
    let region = global.region.or_else(|| stage.region.clone());
    let profile = global.aws_profile.or_else(|| stage.profile.clone());
    let aws = Aws::load(region, profile).await?;
    Ok(Session { aws, terminal, stage, backoff: Backoff::REAL, on_interrupt })
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
