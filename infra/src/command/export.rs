//! `export`: all links into a file.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::outcome::Exit;
use crate::stack::{Session, Stack};
use crate::terminal::Terminal;
use crate::transfer::dump::dump;
use crate::transfer::part::Part;
use crate::transfer::table::Table;

/// Which table.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Table to use instead of the one of the stage's stack
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

impl Which {
    /// The table, and the stack it belongs to unless it was named.
    ///
    /// # Errors
    /// If there is no stack, or no such table, or it is not one of links.
    pub(crate) async fn open(&self, session: &Session) -> Result<Opened> {
        let (name, stack) = match &self.table {
            Some(name) => (name.clone(), None),
            None => {
                let stack = session.existing_stack().await?;
                (stack.output("TableName")?.to_owned(), Some(stack))
            }
        };
        let table = Table::new(session.aws.dynamodb.clone(), name);
        let count = table.count().await?;
        Ok(Opened { table, count, stack })
    }
}

/// A table that is there.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) table: Table,
    /// Roughly how many links it holds.
    pub(crate) count: Option<u64>,
    pub(crate) stack: Option<Stack>,
}

/// Options of `infra export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every attribute of every item is kept, also those that this version does not know. Lines are sorted by slug: two exports \
of the same links are the same file. The table is read page by page while it is in use; a link that changes meanwhile is \
in the file as it was or as it is.

  infra --stage production export links.jsonl
  infra export - | gzip > links.jsonl.gz
  AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000 infra export --table links links.jsonl   (of `cargo run`)")]
pub(crate) struct Options {
    /// File to write, which appears at the end and whole; - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Go on with an export into this file that was interrupted
    #[arg(long)]
    resume: bool,
}

/// Runs `infra export`.
///
/// # Errors
/// If the table cannot be read or the file not be written. What was read is kept for `--resume`.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let to_stdout = options.file == Path::new("-");
    let terminal = if to_stdout { session.terminal.aside() } else { session.terminal.clone() };
    let opened = options.which.open(session).await?;
    let table = &opened.table;
    let mut part = if to_stdout {
        Part::unnamed()?
    } else {
        Part::open(&options.file, &table.name, &session.aws.region, options.resume)?
    };
    let go_on = "what was read is kept: the same command with --resume goes on";
    if !to_stdout {
        session.on_interrupt(Some(format!("interrupted; {go_on}")));
    }
    let result = read(&terminal, &opened, &mut part).await;
    session.on_interrupt(None);
    let odd = match result {
        Ok(odd) => odd,
        Err(error) if to_stdout => return Err(error),
        Err(error) => return Err(error.context(format!("{} links read; {go_on}", part.items))),
    };
    let links = if to_stdout { part.merge(std::io::stdout().lock())? } else { part.finish(&options.file)? };
    let of = &table.name;
    terminal.done("exported", format_args!("{links} links of table {of}"));
    if odd > 0 {
        terminal.note(format_args!(
            "{odd} of them are not links as kurz knows them: they are in the file, and `infra import` would refuse them"
        ));
    }
    let file = options.file.display().to_string();
    terminal.event("exported", json!({"table": of, "file": file, "links": links, "odd": odd}));
    Ok(Exit::Done)
}

/// Reads the rest of the table; how many items were no links.
async fn read(terminal: &Terminal, opened: &Opened, part: &mut Part) -> Result<u64> {
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
            progress.line(format_args!("! {slug:?} is no link: {reason}"));
            terminal.event("odd", json!({"slug": slug, "reason": reason}));
        },
    );
    reading.await?;
    Ok(odd)
}
