//! Command line options.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use local::{Auth, SlugScheme};

use crate::dax_command::DaxOptions;

/// The shortener on this machine: gateway, functions and table, without AWS and without containers.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) stack: StackOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Become PROGRAM, and end when the process PARENT ends.
    #[command(name = lambda_local::launcher::SUBCOMMAND, hide = true)]
    Launch { parent: u32, program: OsString },
    /// Only the DAX cluster, in front of any DynamoDB, for an application of your own
    Dax(DaxOptions),
}

/// Options of the whole stack.
#[derive(Debug, Args)]
pub(crate) struct StackOptions {
    /// Port of the HTTP gateway on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) port: u16,

    /// Nodes of the DAX cluster, the first one its leader; 0 leaves DAX out
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) dax_nodes: usize,

    /// Port of the first DAX node; the others follow
    #[arg(long, value_name = "N", default_value_t = 8111)]
    pub(crate) dax_port: u16,

    /// Port of the DynamoDB endpoint
    #[arg(long, value_name = "N", default_value_t = 8000)]
    pub(crate) dynamodb_port: u16,

    /// Port of Lambda's Invoke API, for AWS SDKs and `cargo lambda invoke -A 127.0.0.1`
    #[arg(long, value_name = "N", default_value_t = 9000)]
    pub(crate) lambda_port: u16,

    /// Keep tables, secret and key in DIR; without it everything is gone in the end
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// How slugs are made
    #[arg(long, value_enum, default_value_t)]
    pub(crate) slug_scheme: SlugScheme,

    /// Who may make links: everybody on this machine, or who has the key that is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) auth: Auth,

    /// Build the functions with the profile that is shipped; takes minutes the first time
    #[arg(long)]
    pub(crate) release: bool,

    /// Print one line of JSON when ready, and nothing else on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// Show what the functions print
    #[arg(long, short)]
    pub(crate) verbose: bool,
}
