//! `clicks`: writes what was counted to a file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::outcome::Exit;
use crate::stack::Session;
use crate::terminal::Terminal;
use crate::transfer::counts::{CountsFormat, dump_counts};
use crate::transfer::part::Part;
use crate::transfer::table::Table;

/// Options of `infra clicks`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write all counts to a file
    Export(ExportOptions),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Every number that is kept of every link and owner: clicks and bots by half hours in UTC, visitors, countries, referrers, \
devices, systems, browsers, and sums. Lines are sorted. The table stays in use while it is read page by page.

  infra --stage production clicks export clicks.jsonl
  infra clicks export --format csv - | gzip > clicks.csv.gz
  AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000 infra clicks export --table clicks clicks.jsonl   (of `cargo run`)")]
struct ExportOptions {
    /// File to write; it appears only once it is complete. - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value_t = CountsFormat::Jsonl, value_name = "FORMAT")]
    format: CountsFormat,
    /// Table to use instead of the one in the stage's stack
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Continue an interrupted export to this file
    #[arg(long)]
    resume: bool,
}

impl Options {
    /// Whether the table is named, so that no stack is needed.
    pub(crate) fn names_a_table(&self) -> bool {
        let Action::Export(options) = &self.action;
        options.table.is_some()
    }
}

/// Runs `infra clicks`.
///
/// # Errors
/// If the table cannot be read or the file cannot be written. What was read so far is kept for `--resume`.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let Action::Export(options) = &options.action;
    let to_stdout = options.file == Path::new("-");
    let terminal = if to_stdout { session.terminal.aside() } else { session.terminal.clone() };
    let table = Table::new(session.aws.dynamodb.clone(), table_name(session, options).await?);
    table.check_is_of_counts().await?;
    let mut part = if to_stdout {
        Part::unnamed()?
    } else {
        session.on_interrupt(Some(format!("interrupted; {RESUME}")));
        // Lines of one format only: an export in another one is another export.
        Part::open(&options.file, &format!("{} ({})", table.name, options.format), &session.aws.region, options.resume)?
    };
    let progress = terminal.bar("reading", None);
    let result = dump_counts(&table, &mut part, options.format, |lines| progress.at(lines)).await;
    drop(progress);
    session.on_interrupt(None);
    match result {
        Err(error) if !to_stdout => return Err(error.context(format!("{} lines read; {RESUME}", part.items))),
        result => result?,
    }
    let head = options.format.head();
    let lines = if to_stdout {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(head.as_bytes())?;
        part.merge(stdout)?
    } else {
        part.finish(&options.file, head)?
    };
    summarize(&terminal, &table.name, &options.file, lines);
    Ok(Exit::Done)
}

/// How to continue after an interruption.
const RESUME: &str = "what was read so far is kept: run the same command with --resume to continue";

async fn table_name(session: &Session, options: &ExportOptions) -> Result<String> {
    if let Some(table) = &options.table {
        return Ok(table.clone());
    }
    let stack = session.existing_stack().await?;
    match stack.outputs.get("ClicksTableName") {
        Some(table) => Ok(table.clone()),
        None => bail!("stack {} counts no clicks: its parameter Clicks is none", stack.name),
    }
}

fn summarize(terminal: &Terminal, table: &str, file: &Path, lines: u64) {
    terminal.done("exported", format_args!("{lines} lines of table {table}"));
    let file = file.display().to_string();
    terminal.event("exported", json!({"table": table, "file": file, "lines": lines}));
}
