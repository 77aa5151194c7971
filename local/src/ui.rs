//! Progress and errors on the terminal.

use std::io;
use std::time::Duration;

use console::{Term, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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

pub(crate) fn stopping() -> io::Result<()> {
    Term::stdout().write_line(&style("stopping").dim().to_string())
}

pub(crate) fn error(error: &anyhow::Error) {
    let line = format!("{} {error:#}", style("error:").red().bold().for_stderr());
    // There is nowhere else to report a failure to write.
    let _ = Term::stderr().write_line(&line);
}
