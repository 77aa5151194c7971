//! What the terminal shows.

use std::io;
use std::time::Duration;

use console::{Style, Term, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use local::{CrashRecord, Observer, RequestRecord, Stack};
use serde_json::json;

use crate::cli::StackOptions;

/// Shows the progress of the build on a terminal, and nothing elsewhere.
pub(crate) fn build_progress(json: bool) -> ProgressBar {
    let target =
        if json || !Term::stderr().is_term() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner:.cyan} building the functions  {pos:.dim} {msg:.dim}  {elapsed:.dim}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// One line for programs that start this one.
pub(crate) fn readiness_line(stack: &Stack) -> io::Result<()> {
    let line = json!({
        "url": stack.url(),
        "dynamodb": stack.dynamodb_endpoint(),
        "lambda": stack.lambda_endpoint(),
        "dax": stack.dax().map(local::dax_server::Cluster::endpoints).unwrap_or_default(),
        "table": stack.table(),
        "api_key": stack.api_key(),
    });
    Term::stdout().write_line(&line.to_string())
}

/// The first thing a newcomer sees.
pub(crate) struct Banner<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) options: &'a StackOptions,
}

impl Banner<'_> {
    pub(crate) fn print(&self) -> io::Result<()> {
        let term = Term::stdout();
        let stack = self.stack;
        let kept = match &self.options.data_dir {
            Some(directory) => format!("kept in {}", directory.display()),
            None => "in memory".to_owned(),
        };
        term.write_line("")?;
        term.write_line(&format!("  {} is running on this machine", style("kurz").bold().cyan()))?;
        term.write_line("")?;
        let functions: Vec<&str> = stack.functions().collect();
        for (name, value) in [
            ("Shortener", stack.url()),
            ("DynamoDB", with_note(&stack.dynamodb_endpoint(), &format!("table {}, {kept}", stack.table()))),
            ("DAX", dax(stack)),
            ("Lambda", with_note(&stack.lambda_endpoint(), &functions.join(", "))),
            ("Auth", auth(stack)),
        ] {
            let name = style(format!("{name:<10}")).dim();
            term.write_line(&format!("  {name} {value}"))?;
        }
        term.write_line("")?;
        term.write_line(&format!("  {}", style("Shorten a link:").dim()))?;
        term.write_line("")?;
        let header = stack.api_key().map(|key| format!("-H 'Authorization: Bearer {key}' ")).unwrap_or_default();
        let curl = format!("curl {header}-d 'https://www.amazon.com' {}", stack.url());
        term.write_line(&format!("    {}", style(curl).green()))?;
        term.write_line("")?;
        let page = format!("or open {} in a browser.", stack.url());
        term.write_line(&format!("  {}", style(page).dim()))?;
        term.write_line(&format!("  {}", style("Ctrl-C stops everything.").dim()))?;
        term.write_line("")
    }
}

/// Who may make links.
fn auth(stack: &Stack) -> String {
    match stack.api_key() {
        None => "none: everybody on this machine can create links".to_owned(),
        Some(key) => with_note(key, "API key, with every right but admin"),
    }
}

/// The nodes of the cluster, and where faults are injected.
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

/// Prints one line per request, and reports of crashed functions.
#[derive(Debug)]
pub(crate) struct Console {
    stdout: Term,
    stderr: Term,
    json: bool,
    verbose: bool,
}

impl Console {
    pub(crate) fn new(json: bool, verbose: bool) -> Self {
        Self { stdout: Term::stdout(), stderr: Term::stderr(), json, verbose }
    }
}

impl Observer for Console {
    fn request(&self, request: &RequestRecord<'_>) {
        if self.json {
            return;
        }
        let status = match request.status {
            200..=299 => Style::new().green(),
            300..=399 => Style::new().cyan(),
            400..=499 => Style::new().yellow(),
            _ => Style::new().red().bold(),
        };
        let cold = if request.cold_start { "  cold start" } else { "" };
        let line = format!(
            "{:<6} {} {:>9} {}{}",
            request.method,
            status.apply_to(request.status),
            format!("{} µs", request.duration.as_micros()),
            printable(request.path),
            style(cold).blue(),
        );
        // A closed terminal is no reason to stop serving.
        let _ = self.stdout.write_line(&line);
    }

    fn output(&self, function: &str, line: &str) {
        if self.verbose {
            let line = format!("{} {}", style(format!("{function:>10} |")).dim().for_stderr(), printable(line));
            let _ = self.stderr.write_line(&line);
        }
    }

    fn crash(&self, crash: &CrashRecord<'_>) {
        let mut report = format!(
            "{} {}: {}",
            style("function failed").red().bold().for_stderr(),
            crash.function,
            printable(crash.error)
        );
        for line in crash.last_lines.iter().filter(|_| !self.verbose) {
            report.push_str("\n    ");
            report.push_str(&printable(line));
        }
        let _ = self.stderr.write_line(&report);
    }
}

/// Text from outside must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}

pub(crate) fn stopping() -> io::Result<()> {
    Term::stdout().write_line(&style("stopping").dim().to_string())
}

pub(crate) fn error(error: &anyhow::Error) {
    let line = format!("{} {error:#}", style("error:").red().bold().for_stderr());
    // There is nowhere else to complain.
    let _ = Term::stderr().write_line(&line);
}
