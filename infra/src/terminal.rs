//! The only place that writes to the terminal. Output is for a person (colours, progress, questions), for a log (plain
//! lines, no questions), or for programs (JSON lines on standard output).

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Result, bail};
use console::{Style, Term, style};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// The widest line, so that long texts wrap at the same column on every screen.
const WIDTH: u16 = 100;

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Text
    Text,
    /// One JSON object per line
    Json,
}

/// Where output goes, and in which form.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    output: Output,
    interactive: bool,
    width: u16,
    /// Whether text goes to standard error.
    aside: bool,
}

impl Terminal {
    /// Detects a terminal on standard input and output. `ci` means a log even on a terminal.
    pub(crate) fn new(output: Output, ci: bool) -> Self {
        let interactive =
            output == Output::Text && !ci && std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        let (_, columns) = Term::stdout().size();
        let width = if interactive { columns.clamp(40, WIDTH) } else { 80 };
        Self { output, interactive, width, aside: false }
    }

    /// The same on standard error, for commands whose result goes to standard output.
    pub(crate) fn aside(&self) -> Self {
        Self { aside: true, ..self.clone() }
    }

    /// Whether questions can be answered.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Columns per line.
    pub(crate) fn width(&self) -> usize {
        usize::from(self.width)
    }

    /// Prints a line of text; nothing in JSON mode.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        if self.output == Output::Text {
            self.print(text);
        }
    }

    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the only place in the tool that prints")]
    fn print(&self, text: impl std::fmt::Display) {
        if self.aside {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }

    /// Prints a finished step and its result.
    pub(crate) fn done(&self, what: &str, result: impl std::fmt::Display) {
        self.line(format_args!("{} {what:<10} {result}", style("✓").green()));
    }

    /// Prints a remark that does not stop the run.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        self.line(format_args!("{} {text}", style("!").yellow()));
        self.event("note", json!({ "text": text.to_string() }));
    }

    /// Prints a JSON object with `event` and the fields; nothing in text mode.
    pub(crate) fn event(&self, event: &str, mut fields: Value) {
        if self.output == Output::Json {
            if let Some(object) = fields.as_object_mut() {
                object.insert("event".to_owned(), json!(event));
            }
            self.print(fields);
        }
    }

    /// Prints the error that ended the run, on standard error or as an event.
    #[expect(clippy::print_stderr, reason = "the only place in the tool that prints")]
    pub(crate) fn error(&self, error: &anyhow::Error) {
        if self.output == Output::Json {
            let exit = crate::outcome::exit_of(error) as u8;
            self.event("error", json!({ "message": format!("{error:#}"), "exit": exit }));
        } else {
            eprintln!("{} {error:#}", style("error:").red().bold().for_stderr());
        }
    }

    /// Asks for y or n. Without a terminal this is an error that names the flag to use instead.
    ///
    /// # Errors
    /// Without a terminal, or if standard input ends.
    pub(crate) async fn confirm(&self, question: &str, flag: &str) -> Result<bool> {
        let answer = self.ask(format!("{question} [y/N] "), flag).await?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a word to be typed, before something that cannot be undone.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub(crate) async fn confirm_typed(&self, question: &str, word: &str, flag: &str) -> Result<bool> {
        let answer = self.ask(format!("{question}\nType {} to continue: ", style(word).bold()), flag).await?;
        Ok(answer == word)
    }

    async fn ask(&self, question: String, flag: &str) -> Result<String> {
        if !self.interactive {
            let question = question.trim_start().lines().next().unwrap_or_default();
            bail!("no terminal to ask on: {question} (use {flag} to answer in advance)");
        }
        // On another thread, so that Ctrl-C works while the question is open.
        tokio::task::spawn_blocking(move || read_answer(&question)).await?
    }

    /// Shows a line at the bottom while others scroll past; hidden without a terminal.
    pub(crate) fn progress(&self, message: &str) -> Progress {
        let bar = if self.interactive { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(look) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}") {
            bar.set_style(look);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        bar.set_message(message.to_owned());
        Progress { bar, terminal: self.clone() }
    }

    /// Shows a progress bar that fills up to `total`, or a counter if the total is unknown.
    pub(crate) fn bar(&self, message: &str, total: Option<u64>) -> Progress {
        let progress = self.progress(message);
        let look = match total {
            Some(total) => {
                progress.bar.set_length(total);
                "{spinner:.cyan} {msg} {wide_bar:.cyan/dim} {human_pos}/{human_len} {eta}"
            }
            None => "{spinner:.cyan} {msg} {human_pos}",
        };
        if let Ok(look) = ProgressStyle::with_template(look) {
            progress.bar.set_style(look);
        }
        progress
    }
}

#[expect(clippy::print_stdout, reason = "a question does not end its line")]
fn read_answer(question: &str) -> Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        bail!("no answer");
    }
    Ok(answer.trim().to_owned())
}

/// A running step; its line disappears when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: Terminal,
}

impl Progress {
    /// Replaces the message.
    pub(crate) fn message(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Sets how many are done.
    pub(crate) fn at(&self, done: u64) {
        // The total may have been an estimate.
        if self.bar.length().is_some_and(|length| length < done) {
            self.bar.set_length(done);
        }
        self.bar.set_position(done);
    }

    /// Prints a line above the running one.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        self.bar.suspend(|| self.terminal.line(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The colour of a stack or resource status: red for failures, green for success, yellow otherwise.
pub(crate) fn status_style(status: &str) -> Style {
    let plain = Style::new();
    if status.contains("FAILED") || status.contains("ROLLBACK") {
        plain.red()
    } else if status.ends_with("_COMPLETE") {
        plain.green()
    } else {
        plain.yellow()
    }
}

/// `1 m 05 s`, `42 s`.
pub(crate) fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} m {:02} s", seconds / 60, seconds % 60),
    }
}
