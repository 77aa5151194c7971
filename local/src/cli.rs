//! Command-line options.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use dax_server::command::{Options, WithFile};
use local::{Auth, Clicks, SlugScheme};

/// Runs the shortener on this machine: gateway, functions, DAX and tables, without AWS and without containers.
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
    /// Run only a DAX cluster, in front of any DynamoDB
    Dax(Box<WithFile<Options>>),
}

/// Options of the whole stack.
#[derive(Debug, Args)]
pub(crate) struct StackOptions {
    /// Port of the HTTP gateway on 127.0.0.1; 0 picks any free port, here and below
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) port: u16,

    /// Number of DAX nodes, a leader and replicas; 0 runs without DAX
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

    /// Answer to this name too, such as one in /etc/hosts; requests for other names are refused
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,

    /// Let web pages of this origin use the API, such as `http://localhost:5173`
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(crate) allowed_origin: Vec<String>,

    /// Keep tables, slug secret and API key in DIR; without it, nothing is kept after exit
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// How slugs are derived
    #[arg(long, value_enum, default_value_t)]
    pub(crate) slug_scheme: SlugScheme,

    /// Who may create links
    #[arg(long, value_enum, default_value_t)]
    pub(crate) auth: Auth,

    /// How clicks are counted
    #[arg(long, value_enum, default_value_t)]
    pub(crate) clicks: Clicks,

    /// Build the functions as they are deployed; takes minutes the first time
    #[arg(long)]
    pub(crate) release: bool,

    /// Print one line of JSON when ready, and nothing else on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// Show what the functions print
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Parses an origin as browsers write it: no path, no capitals.
fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = host.ok_or("an origin begins with http:// or https://")?;
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-:".contains(letter);
    if host.is_empty() || !host.chars().all(is_plain) {
        return Err("an origin is scheme, host in lower case, and perhaps a port: http://localhost:5173".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for (text, is_origin) in [
            ("http://localhost:5173", true),
            ("https://app.example", true),
            ("https://app.example/", false),
            ("https://App.example", false),
            ("https://*", false),
            ("*", false),
            ("null", false),
            ("localhost:5173", false),
            ("http://", false),
        ] {
            assert_eq!(origin(text).is_ok(), is_origin, "{text}");
        }
    }
}
