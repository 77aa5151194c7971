//! The only place that writes to the terminal. Three ways to speak: a person at a terminal (colour, progress, questions),
//! a log (plain lines, no questions), and JSON lines on stdout for programs.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Result, bail};
use console::{Style, Term, style};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// Widest line, so that long reasons wrap the same on every screen.
const WIDTH: u16 = 100;

/// How the tool speaks: to people, or one JSON object a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
}

/// Where the tool speaks.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    output: Output,
    interactive: bool,
    width: u16,
    /// Standard output belongs to somebody else.
    aside: bool,
}

impl Terminal {
    /// Looks at standard input and output once. `CI` in the environment means a log even on a terminal.
    pub(crate) fn new(output: Output, ci: bool) -> Self {
        let interactive =
            output == Output::Text && !ci && std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        let (_, columns) = Term::stdout().size();
        let width = if interactive { columns.clamp(40, WIDTH) } else { 80 };
        Self { output, interactive, width, aside: false }
    }

    /// The same, but on standard error, for a command whose result goes to standard output.
    pub(crate) fn aside(&self) -> Self {
        Self { aside: true, ..self.clone() }
    }

    /// Whether somebody can answer.
    pub(crate) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Columns to fill.
    pub(crate) fn width(&self) -> usize {
        usize::from(self.width)
    }

    /// A line for people.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        if self.output == Output::Text {
            self.print(text);
        }
    }

    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the tool's one place for it")]
    fn print(&self, text: impl std::fmt::Display) {
        if self.aside {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }

    /// A step that is done: what, and what came of it.
    pub(crate) fn done(&self, what: &str, result: impl std::fmt::Display) {
        self.line(format_args!("{} {what:<10} {result}", style("✓").green()));
    }

    /// Something to know that does not stop the run.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        self.line(format_args!("{} {text}", style("!").yellow()));
        self.event("note", json!({ "text": text.to_string() }));
    }

    /// The same for programs: one object with `event` and the fields.
    pub(crate) fn event(&self, event: &str, mut fields: Value) {
        if self.output == Output::Json {
            if let Some(object) = fields.as_object_mut() {
                object.insert("event".to_owned(), json!(event));
            }
            self.print(fields);
        }
    }

    /// The end of a run that failed, on stderr, or as an event.
    #[expect(clippy::print_stderr, reason = "the tool's one place for it")]
    pub(crate) fn error(&self, error: &anyhow::Error) {
        if self.output == Output::Json {
            let exit = crate::outcome::exit_of(error) as u8;
            self.event("error", json!({ "message": format!("{error:#}"), "exit": exit }));
        } else {
            eprintln!("{} {error:#}", style("error:").red().bold().for_stderr());
        }
    }

    /// Asks for y or n; without a person to ask it refuses and names the flag that answers.
    ///
    /// # Errors
    /// Without a terminal, or if standard input ends.
    pub(crate) async fn confirm(&self, question: &str, flag: &str) -> Result<bool> {
        let answer = self.ask(format!("{question} [y/N] "), flag).await?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a word to be typed, for what cannot be undone.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub(crate) async fn confirm_typed(&self, question: &str, word: &str, flag: &str) -> Result<bool> {
        let answer = self.ask(format!("{question}\nType {} to go on: ", style(word).bold()), flag).await?;
        Ok(answer == word)
    }

    async fn ask(&self, question: String, flag: &str) -> Result<String> {
        if !self.interactive {
            let question = question.trim_start().lines().next().unwrap_or_default();
            bail!("nobody to ask here: {question} (say {flag} to answer beforehand)");
        }
        // On another thread, so that Ctrl-C is heard while somebody thinks.
        tokio::task::spawn_blocking(move || read_answer(&question)).await?
    }

    /// A line at the bottom that stays while others scroll past; hidden where nobody looks.
    pub(crate) fn progress(&self, message: &str) -> Progress {
        let bar = if self.interactive { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(look) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}") {
            bar.set_style(look);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        bar.set_message(message.to_owned());
        Progress { bar, terminal: self.clone() }
    }

    /// The same with a bar that fills, for `total` of something; `None` if nobody knows how many.
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

#[expect(clippy::print_stdout, reason = "a question has no line end")]
fn read_answer(question: &str) -> Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        bail!("no answer");
    }
    Ok(answer.trim().to_owned())
}

/// A running step; disappears when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    terminal: Terminal,
}

impl Progress {
    /// What is going on now.
    pub(crate) fn message(&self, text: String) {
        self.bar.set_message(text);
    }

    /// How many are done.
    pub(crate) fn at(&self, done: u64) {
        // What was announced may have been an estimate.
        if self.bar.length().is_some_and(|length| length < done) {
            self.bar.set_length(done);
        }
        self.bar.set_position(done);
    }

    /// A line above the running one.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        self.bar.suspend(|| self.terminal.line(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Green, red, yellow or plain: the look of a stack or resource status.
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
