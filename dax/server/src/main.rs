//! `dax-server`: a DAX cluster on this machine. `dax-server --help` lists the options.

use std::process::ExitCode;

use clap::Parser;
use console::{Term, style};
use dax_server::command::{self, Options};

/// A DAX cluster on this machine, for any DAX client, in front of any DynamoDB.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let Err(error) = command::run(&Cli::parse().options) else {
        return ExitCode::SUCCESS;
    };
    let line = format!("{} {error:#}", style("error:").red().bold().for_stderr());
    // There is nowhere else to report a failure.
    let _ = Term::stderr().write_line(&line);
    ExitCode::FAILURE
}
