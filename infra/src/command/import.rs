//! `import`: writes the links of a file to the table.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use console::style;
use links::{HostRules, HostStore as _, KeysTable, Origin, TargetRules};
use serde_json::json;

use crate::aws::signed::now;
use crate::links_table::{LinksTable, TableOption};
use crate::outcome::{Exit, failure};
use crate::stack::Session;
use crate::terminal::{Progress, Terminal};
use crate::transfer::hosts;
use crate::transfer::input::Input;
use crate::transfer::load::{Checked, Loaded, OnConflict, Plan, check, load};
use crate::transfer::source::{self, Format, Loss, Place, Record, Terms};
use crate::transfer::table::Written;

/// Options of `infra import`.
#[derive(Args, Debug)]
#[command(after_help = "\
Entries that cannot be imported are reported with line and reason; the rest is imported. A link that the table already \
has, identical in every attribute, is not a conflict: after an interruption, run the same command again.

New links work at once. With --on-conflict replace, caches may serve the previous link for up to 70 seconds (with the \
default settings).

  infra import links.jsonl
  infra import --from yourls --owner ann --dry-run yourls_url.csv

Exit code 2: some entries could not be imported. 3: stopped at a conflict. 1: failed, or --strict refused the file.")]
pub(crate) struct Options {
    /// File to read; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value = "kurz", value_name = "FORMAT")]
    from: Format,
    #[command(flatten)]
    table: TableOption,
    /// Keys table with the lists of forbidden and allowed hosts, instead of the one in the stage's stack
    #[arg(long, value_name = "NAME")]
    keys_table: Option<String>,
    /// What to do if the table has another link under the same slug
    #[arg(long, value_enum, default_value = "fail", value_name = "ACTION")]
    on_conflict: OnConflict,
    /// Import nothing unless every entry can be imported
    #[arg(long)]
    strict: bool,
    /// Report what would happen without writing anything
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    foreign: Foreign,
}

/// What exports of other shorteners do not say.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for exports of other shorteners")]
struct Foreign {
    /// Owner of the imported links (required)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Import only the links of this domain
    #[arg(long, value_name = "HOST")]
    domain: Option<String>,
    /// Creation time for links whose export has none, such as 2026-11-23T00:00:00Z
    #[arg(long, value_name = "TIME")]
    created_at: Option<jiff::Timestamp>,
    /// Forward the visitor's query string to the target, as Shlink does by default
    #[arg(long)]
    forward_query: bool,
    /// Also accept targets on localhost and private addresses
    #[arg(long)]
    allow_private: bool,
}

impl Foreign {
    fn is_given(&self) -> bool {
        self.owner.is_some()
            || self.domain.is_some()
            || self.created_at.is_some()
            || self.forward_query
            || self.allow_private
    }

    fn terms(&self, opened: &LinksTable) -> Terms {
        let stack = opened.stack.as_ref();
        let private = stack.and_then(|stack| stack.parameters.get("AllowPrivateTargets"));
        let own = stack.and_then(|stack| stack.outputs.get("Url"));
        Terms {
            owner: self.owner.clone().unwrap_or_default(),
            rules: TargetRules {
                own: own.and_then(|url| Origin::of(url)).into_iter().collect(),
                allow_private: self.allow_private || private.is_some_and(|private| private == "1"),
                // Checked for every format, not only for foreign ones.
                hosts: HostRules::default(),
            },
            domain: self.domain.clone(),
            created_at: self.created_at,
            forward_query: self.forward_query,
            now: now(),
        }
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        match (self.from, &self.foreign.owner) {
            (Format::Kurz, _) if self.foreign.is_given() => {
                bail!("an export of kurz contains all of this: set --from, or leave these options out")
            }
            (Format::Kurz, _) | (_, Some(_)) => Ok(()),
            (_, None) => bail!("--owner is required: who will own the imported links?"),
        }
    }
}

/// Runs `infra import`.
///
/// # Errors
/// If the file cannot be read or the table cannot be written; with exit code 3 at a conflict with `fail`.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    options.check()?;
    let terminal = &session.terminal;
    let input = Input::open(&options.file)?;
    let opened = options.table.open(session).await?;
    let terms = options.foreign.terms(&opened);
    let hosts = host_rules(session, options, &opened).await?;
    let records = || {
        let records = source::read(options.from, input.reopen()?, &terms)?;
        Ok::<_, anyhow::Error>(records.map(|record| hosts::checked(record, &hosts)))
    };

    let checked = checked(terminal, records()?);
    if options.strict && checked.bad > 0 {
        bail!("{} entries cannot be imported; nothing was written", checked.bad);
    }
    if !options.dry_run {
        let note = "interrupted; what was imported stays: run the same command to continue";
        session.on_interrupt(Some(note.to_owned()));
    }
    let loaded = loaded(terminal, options, &opened, &checked, records()?).await;
    session.on_interrupt(None);
    let loaded = loaded.context("not everything was imported: run the same command to continue")?;
    summarize(terminal, options, &opened, &checked, &loaded);
    if options.on_conflict == OnConflict::Fail && loaded.taken > 0 {
        let message = "stopped at a conflict: decide with --on-conflict skip or replace";
        return Err(failure(Exit::NeedsDecision, message));
    }
    Ok(if checked.bad + loaded.refused > 0 { Exit::NotAsDesired } else { Exit::Done })
}

/// The lists of hosts, which are in the keys table of the stack or in the one that is named.
async fn host_rules(session: &Session, options: &Options, opened: &LinksTable) -> Result<HostRules> {
    let of_stack = opened.stack.as_ref().and_then(|stack| stack.outputs.get("KeysTableName"));
    let Some(table) = options.keys_table.as_ref().or(of_stack) else {
        return Ok(HostRules::default());
    };
    let keys = KeysTable::with_client(session.aws.dynamodb.clone(), table);
    keys.host_rules().await.with_context(|| format!("cannot read the lists of hosts in table {table}"))
}

/// Prints and emits what happens to single entries.
struct Report<'a> {
    terminal: &'a Terminal,
    progress: Progress,
}

impl Report<'_> {
    /// An entry that cannot be imported.
    fn bad(&self, place: Place, slug: &str, reason: &str) {
        self.line(style("✗").red(), place, slug, reason);
        self.terminal.event("bad", json!({"at": place.to_string(), "slug": slug, "reason": reason}));
    }

    /// An entry whose slug belongs to another link in the table.
    fn conflict(&self, place: Place, slug: &str) {
        self.line(style("!").yellow(), place, slug, "the table has another link under this slug");
        self.terminal.event("conflict", json!({"at": place.to_string(), "slug": slug}));
    }

    /// An entry that loses something visitors notice.
    fn loss(&self, place: Place, slug: &str, what: &str) {
        self.line(style("!").yellow(), place, slug, what);
    }

    fn line(&self, mark: impl Display, place: Place, slug: &str, text: &str) {
        let at = format!("{place} {slug}");
        self.progress.line(format_args!("{mark} {}: {text}", at.trim_end()));
    }
}

/// The first pass: reads every entry and reports what cannot be imported, or only in part.
fn checked(terminal: &Terminal, records: impl Iterator<Item = Record>) -> Checked {
    let report = Report { terminal, progress: terminal.bar("checking", None) };
    let mut details = BTreeMap::<String, u64>::new();
    let mut read = 0;
    let checked = check(records, |record| {
        read += 1;
        report.progress.at(read);
        let (place, slug) = (record.place, record.name.as_str());
        if let Err(reason) = &record.link {
            report.bad(place, slug, reason);
            return;
        }
        for loss in &record.losses {
            let (Loss::Behaviour(what) | Loss::Detail(what)) = loss;
            match loss {
                Loss::Behaviour(_) => report.loss(place, slug, what),
                Loss::Detail(_) => *details.entry(what.clone()).or_default() += 1,
            }
            terminal.event("lost", json!({"at": place.to_string(), "slug": slug, "what": what}));
        }
    });
    drop(report);
    for (what, links) in details {
        let noun = if links == 1 { "link" } else { "links" };
        terminal.line(format_args!("{} not kept: {what} ({links} {noun})", style("!").yellow()));
    }
    checked
}

/// The second pass: writes the good entries, or compares them in a dry run.
async fn loaded(
    terminal: &Terminal,
    options: &Options,
    opened: &LinksTable,
    checked: &Checked,
    records: impl Iterator<Item = Record>,
) -> Result<Loaded> {
    let activity = if options.dry_run { "comparing" } else { "importing" };
    let report = Report { terminal, progress: terminal.bar(activity, Some(checked.good)) };
    let plan = Plan { on_conflict: options.on_conflict, dry_run: options.dry_run };
    load(&opened.table, records, plan, |place, slug, written, so_far| {
        report.progress.at(so_far.all());
        match written {
            Written::Taken => report.conflict(place, slug.as_str()),
            Written::Refused(reason) => report.bad(place, slug.as_str(), reason),
            Written::Created | Written::Present | Written::Replaced => {}
        }
    })
    .await
}

fn summarize(terminal: &Terminal, options: &Options, opened: &LinksTable, checked: &Checked, loaded: &Loaded) {
    let heading = if options.dry_run { "would be imported into table" } else { "imported into table" };
    terminal.line(format_args!("{heading} {}", opened.table.name));
    let bad = checked.bad + loaded.refused;
    let not_reached = checked.good - loaded.all();
    for (what, links) in [
        ("new", loaded.created),
        ("identical already", loaded.present),
        ("replaced another link", loaded.replaced),
        ("skipped: the slug is taken", loaded.taken),
        ("skipped: cannot be imported", bad),
        ("not reached", not_reached),
    ] {
        if links > 0 || what == "new" {
            terminal.line(format_args!("  {what:<34} {links:>9}"));
        }
    }
    terminal.event(
        "imported",
        json!({
            "table": opened.table.name, "dry_run": options.dry_run, "created": loaded.created, "present": loaded.present,
            "replaced": loaded.replaced, "conflicts": loaded.taken, "bad": bad, "not_reached": not_reached,
        }),
    );
}
