//! `export`: writes all links to a file.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::links_table::{LinksTable, TableOption};
use crate::outcome::Exit;
use crate::stack::Session;
use crate::terminal::Terminal;
use crate::transfer::dump::dump;
use crate::transfer::part::Part;

/// How to continue after an interruption.
const RESUME: &str = "the links read so far are kept: run the same command with --resume to continue";

/// Options of `infra export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every attribute of every item is exported, including those that this version does not know. Lines are sorted by slug, \
so two exports of the same links are identical. The table stays in use while it is read page by page: a link that \
changes meanwhile is exported either as it was or as it is.

  infra --stage production export links.jsonl
  infra export - | gzip > links.jsonl.gz
  AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000 infra export --table links links.jsonl   (of `cargo run`)")]
pub(crate) struct Options {
    /// File to write; it appears only once it is complete. - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    table: TableOption,
    /// Continue an interrupted export to this file
    #[arg(long)]
    resume: bool,
}

impl Options {
    /// Whether the table is named, so that no stack is needed.
    pub(crate) fn names_a_table(&self) -> bool {
        self.table.is_given()
    }
}

/// Runs `infra export`.
///
/// # Errors
/// If the table cannot be read or the file cannot be written. The links read so far are kept for `--resume`.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let to_stdout = options.file == Path::new("-");
    let terminal = if to_stdout { session.terminal.aside() } else { session.terminal.clone() };
    let opened = options.table.open(session).await?;
    let mut part = if to_stdout {
        Part::unnamed()?
    } else {
        session.on_interrupt(Some(format!("interrupted; {RESUME}")));
        Part::open(&options.file, &opened.table.name, &session.aws.region, options.resume)?
    };
    let result = read(&terminal, &opened, &mut part).await;
    session.on_interrupt(None);
    let odd = match result {
        Err(error) if !to_stdout => return Err(error.context(format!("{} links read; {RESUME}", part.items))),
        result => result?,
    };
    let links = if to_stdout { part.merge(std::io::stdout().lock())? } else { part.finish(&options.file, "")? };
    summarize(&terminal, &opened.table.name, &options.file, links, odd);
    Ok(Exit::Done)
}

/// Reads the rest of the table, and returns how many items are not links.
async fn read(terminal: &Terminal, opened: &LinksTable, part: &mut Part) -> Result<u64> {
    if part.items > 0 {
        terminal.line(format_args!("  {} links were read before", part.items));
    }
    let progress = terminal.bar("reading", opened.count.filter(|count| *count > 0));
    let mut odd = 0;
    let reading = dump(
        &opened.table,
        part,
        None,
        |items| progress.at(items),
        |slug, reason| {
            odd += 1;
            progress.line(format_args!("! {slug:?} is not a link: {reason}"));
            terminal.event("odd", json!({"slug": slug, "reason": reason}));
        },
    );
    reading.await?;
    Ok(odd)
}

fn summarize(terminal: &Terminal, table: &str, file: &Path, links: u64, odd: u64) {
    terminal.done("exported", format_args!("{links} links of table {table}"));
    if odd > 0 {
        terminal.note(format_args!(
            "{odd} of them are not valid links: they are in the file, and `infra import` would refuse them"
        ));
    }
    let file = file.display().to_string();
    terminal.event("exported", json!({"table": table, "file": file, "links": links, "odd": odd}));
}
