//! What the terminal shows.

use std::io;

use console::{Term, style};
use serde_json::json;

use super::Options;
use crate::Cluster;

/// One line for programs that start this one.
pub(super) fn readiness_line(cluster: &Cluster, bridge: Option<&str>) -> io::Result<()> {
    let line = json!({
        "dax": cluster.endpoints(),
        "dynamodb": cluster.dynamodb_url(),
        "bridge": bridge,
        "control": cluster.control_url(),
        "ca": cluster.ca_file(),
    });
    Term::stdout().write_line(&line.to_string())
}

/// The first thing a newcomer sees.
pub(super) fn print(options: &Options, cluster: &Cluster, bridge: Option<&str>, is_checked: bool) -> io::Result<()> {
    let term = Term::stdout();
    term.write_line("")?;
    term.write_line(&format!("  {} is running on this machine", style("DAX").bold().cyan()))?;
    term.write_line("")?;
    let line = |name: &str, value: &str, note: &str| {
        let name = style(format!("{name:<10}")).dim();
        term.write_line(format!("  {name} {value}  {}", style(note).dim()).trim_end())
    };
    for (index, endpoint) in cluster.endpoints().iter().enumerate() {
        let role = if index == cluster.leader() { "leader" } else { "replica" };
        line(if index == 0 { "DAX" } else { "" }, endpoint, role)?;
    }
    let embedded = match (&options.dynamodb, options.directory()) {
        (Some(_), _) => String::new(),
        (None, None) => "embedded, in memory".to_owned(),
        (None, Some(directory)) => format!("embedded, in {}", directory.display()),
    };
    line("DynamoDB", cluster.dynamodb_url(), &embedded)?;
    if let Some(url) = bridge {
        line("Bridge", url, "any AWS SDK: with this endpoint URL it goes through DAX")?;
    }
    if let Some(url) = cluster.control_url() {
        line("Control", &url, "see --help")?;
    }
    if let Some(path) = cluster.ca_file() {
        let note = "clients have to trust this certificate authority";
        line("TLS", &path.display().to_string(), note)?;
    }
    let auth = match is_checked {
        true => "signatures are checked",
        false => "none: everybody who can connect can read and write",
    };
    line("Auth", auth, "")?;
    term.write_line("")?;
    let status = cluster.control_url().unwrap_or_default();
    term.write_line(&format!("    {}", style(format!("curl {status}/status")).green()))?;
    term.write_line("")?;
    term.write_line(&format!("  {}", style("Ctrl-C stops it.").dim()))?;
    term.write_line("")
}

/// On standard error, so that it is seen beside the line of `--json` too.
pub(super) fn warn(warning: &str) -> io::Result<()> {
    Term::stderr().write_line(&format!("{} {warning}", style("warning:").yellow().bold().for_stderr()))
}

pub(super) fn stopping() -> io::Result<()> {
    Term::stdout().write_line(&style("stopping").dim().to_string())
}
