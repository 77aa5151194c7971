//! What the terminal shows when the stack is ready.

use std::io;
use std::path::Path;

use console::{Term, style};
use dax_server::Cluster;
use local::{Clicks, Stack};
use serde_json::json;

/// One line for programs that start this one.
pub(crate) fn readiness_line(stack: &Stack) -> io::Result<()> {
    let line = json!({
        "url": stack.url(),
        "dynamodb": stack.dynamodb_endpoint(),
        "lambda": stack.lambda_endpoint(),
        "dax": stack.dax().map(Cluster::endpoints).unwrap_or_default(),
        "control": stack.dax().and_then(Cluster::control_url),
        "table": stack.table(),
        "clicks": stack.clicks().as_str(),
        "api_key": stack.api_key(),
    });
    Term::stdout().write_line(&line.to_string())
}

/// The first thing a newcomer sees.
pub(crate) fn print(stack: &Stack, data_dir: Option<&Path>) -> io::Result<()> {
    let term = Term::stdout();
    term.write_line("")?;
    term.write_line(&format!("  {} is running on this machine", style("kurz").bold().cyan()))?;
    term.write_line("")?;
    for (name, value) in parts(stack, data_dir) {
        let name = style(format!("{name:<10}")).dim();
        term.write_line(&format!("  {name} {value}"))?;
    }
    term.write_line("")?;
    term.write_line(&format!("  {}", style("Shorten a link:").dim()))?;
    term.write_line("")?;
    term.write_line(&format!("    {}", style(curl(stack)).green()))?;
    term.write_line("")?;
    let page = format!("or open {} in a browser.", stack.url());
    term.write_line(&format!("  {}", style(page).dim()))?;
    term.write_line(&format!("  {}", style("Ctrl-C stops everything.").dim()))?;
    term.write_line("")
}

/// The parts of the stack, and where each one is.
fn parts(stack: &Stack, data_dir: Option<&Path>) -> [(&'static str, String); 6] {
    let kept = match data_dir {
        Some(directory) => format!("kept in {}", directory.display()),
        None => "in memory".to_owned(),
    };
    let functions: Vec<&str> = stack.functions().collect();
    [
        ("Shortener", stack.url()),
        ("DynamoDB", with_note(&stack.dynamodb_endpoint(), &format!("table {}, {kept}", stack.table()))),
        ("DAX", dax(stack)),
        ("Lambda", with_note(&stack.lambda_endpoint(), &functions.join(", "))),
        ("Clicks", clicks(stack)),
        ("Auth", auth(stack)),
    ]
}

/// A command that creates a link.
fn curl(stack: &Stack) -> String {
    let header = stack.api_key().map(|key| format!("-H 'Authorization: Bearer {key}' ")).unwrap_or_default();
    format!("curl {header}-d 'https://www.amazon.com' {}", stack.url())
}

/// Who may create links.
fn auth(stack: &Stack) -> String {
    match stack.api_key() {
        None => "none: anyone on this machine can create links".to_owned(),
        Some(key) => with_note(key, "API key, with every scope but admin"),
    }
}

/// How clicks are counted.
fn clicks(stack: &Stack) -> String {
    match stack.clicks() {
        Clicks::None => "not counted".to_owned(),
        mode => with_note("counted within two seconds", &format!("{}, see /api/v1/clicks", mode.as_str())),
    }
}

/// The nodes of the cluster, and the endpoint that injects faults.
fn dax(stack: &Stack) -> String {
    let Some(cluster) = stack.dax() else {
        return "none".to_owned();
    };
    let nodes = cluster.endpoints().join(" ");
    match cluster.control_url() {
        Some(url) => with_note(&nodes, &format!("control {url}")),
        None => nodes,
    }
}

fn with_note(value: &str, note: &str) -> String {
    format!("{value}  {}", style(note).dim())
}
