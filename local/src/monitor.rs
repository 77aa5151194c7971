//! What the terminal shows while the stack runs.

use console::{Style, Term, style};
use local::{CrashRecord, Observer, RefusedRecord, RequestRecord};

/// Prints one line per request, and reports of crashed functions.
#[derive(Debug)]
pub(crate) struct Monitor {
    stdout: Term,
    stderr: Term,
    json: bool,
    verbose: bool,
}

impl Monitor {
    pub(crate) fn new(json: bool, verbose: bool) -> Self {
        Self { stdout: Term::stdout(), stderr: Term::stderr(), json, verbose }
    }
}

impl Observer for Monitor {
    fn request(&self, request: &RequestRecord<'_>) {
        if self.json {
            return;
        }
        let cold = if request.cold_start { "  cold start" } else { "" };
        let line = format!(
            "{:<6} {} {:>9} {}{}",
            request.method,
            status_style(request.status).apply_to(request.status),
            format!("{} µs", request.duration.as_micros()),
            printable(request.path),
            style(cold).blue(),
        );
        // Serving continues when the terminal is closed.
        let _ = self.stdout.write_line(&line);
    }

    fn refused(&self, refused: &RefusedRecord<'_>) {
        if self.json {
            return;
        }
        let (method, path) = (refused.method, printable(refused.path));
        let line =
            format!("{method:<6} {} {path}: {}", status_style(403).apply_to("refused"), printable(refused.reason));
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

fn status_style(status: u16) -> Style {
    match status {
        200..=299 => Style::new().green(),
        300..=399 => Style::new().cyan(),
        400..=499 => Style::new().yellow(),
        _ => Style::new().red().bold(),
    }
}

/// Replaces control characters: text from outside must not control the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}
