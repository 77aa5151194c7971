//! `import`: writes the links of a file to the table.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use console::style;
use links::{CountsTable, HostRules, HostStore as _, KeysTable, Origin, TargetRules};
use serde_json::json;

use crate::aws::signed::now;
use crate::links_table::{LinksTable, TableOption};
use crate::outcome::{Exit, failure};
use crate::stack::Session;
use crate::terminal::{Progress, Terminal};
use crate::transfer::hosts;
use crate::transfer::input::Input;
use crate::transfer::load::{Checked, Loaded, OnConflict, Plan, check, load};
use crate::transfer::source::{Backslashes, Format, Loss, Outcome, Place, Record, Source, Terms};
use crate::transfer::table::Written;

/// Options of `infra import`.
#[derive(Args, Debug)]
#[command(after_help = "\
The format shows in the file, also if it is compressed with gzip; the first line of output says what the file was taken \
for. `infra/README.md` describes the sources and how to get each export.

Entries that cannot be imported are reported with line and reason; the rest is imported. A link that the table already \
has, identical in every attribute, is not a conflict: after an interruption, run the same command again.

New links work at once. With --on-conflict replace, caches may serve the previous link for up to 70 seconds (with the \
default settings).

  infra import links.jsonl
  infra import --owner ann --dry-run yourls.sql
  AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000 infra import --table links links.jsonl   (of `cargo run`)

Exit code 2: some entries could not be imported. 3: stopped at a conflict. 1: failed, or --strict refused the file.")]
pub(crate) struct Options {
    /// File to read; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value = "auto", value_name = "FORMAT")]
    from: Format,
    #[command(flatten)]
    table: TableOption,
    /// Keys table with the lists of forbidden and allowed hosts, instead of the one in the stage's stack
    #[arg(long, value_name = "NAME")]
    keys_table: Option<String>,
    /// Table of clicks, instead of the one in the stage's stack. The clicks that another shortener counted are kept there
    #[arg(long, value_name = "NAME")]
    clicks_table: Option<String>,
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
    /// How to read backslashes in a table, if the file does not show it
    #[arg(long, value_enum, value_name = "HOW")]
    backslashes: Option<Backslashes>,
}

impl Foreign {
    fn is_given(&self) -> bool {
        self.owner.is_some()
            || self.domain.is_some()
            || self.created_at.is_some()
            || self.forward_query
            || self.allow_private
            || self.backslashes.is_some()
    }

    fn terms(&self, opened: &LinksTable, keeps_clicks: bool) -> Terms {
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
            keeps_clicks,
            now: now(),
        }
    }
}

impl Options {
    /// Whether the table is named, so that no stack is needed.
    pub(crate) fn names_a_table(&self) -> bool {
        self.table.is_given()
    }

    /// Checks the options against the format of the file.
    fn check(&self, source: &Source<'_>) -> Result<()> {
        let product = source.format.product();
        match (source.format, &self.foreign.owner) {
            (Format::Kurz, _) if self.foreign.is_given() => {
                bail!(
                    "the file is an export of kurz, which contains all of this: leave --owner, --domain and the other \
                     options for exports of other shorteners out"
                )
            }
            (Format::Kurz, _) | (_, Some(_)) => Ok(()),
            (Format::Csv, None) if source.has_owners() => Ok(()),
            (_, None) => {
                bail!("--owner is required for links of {product}: who will own them? ({})", source.about)
            }
        }
    }
}

/// Runs `infra import`.
///
/// # Errors
/// If the file cannot be read or the table cannot be written; with exit code 3 at a conflict with `fail`.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let terminal = &session.terminal;
    let input = Input::open(&options.file)?;
    let source = Source::open(options.from, &input, options.foreign.backslashes)?;
    options.check(&source)?;
    let opened = options.table.open(session).await?;
    let counts = counts(session, options, &opened);
    let terms = options.foreign.terms(&opened, counts.is_some());
    let hosts = host_rules(session, options, &opened).await?;
    let records = || {
        let records = source.records(&terms)?;
        Ok::<_, anyhow::Error>(records.map(|record| hosts::checked(record, &hosts)))
    };
    announce(terminal, &source);

    let checked = checked(terminal, records()?);
    warn_of_domains(terminal, &terms, &checked);
    if options.strict && checked.bad > 0 {
        bail!("{} entries cannot be imported; nothing was written", checked.bad);
    }
    if !options.dry_run {
        let note = "interrupted; what was imported stays: run the same command to continue";
        session.on_interrupt(Some(note.to_owned()));
    }
    let loaded = loaded(terminal, options, &opened, counts.as_ref(), &checked, records()?).await;
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

/// Where clicks are kept, which are in a table of the stack or in the one that is named.
fn counts(session: &Session, options: &Options, opened: &LinksTable) -> Option<CountsTable> {
    let of_stack = opened.stack.as_ref().and_then(|stack| stack.outputs.get("ClicksTableName"));
    let table = options.clicks_table.as_ref().or(of_stack)?;
    Some(CountsTable::with_client(session.aws.dynamodb.clone(), table))
}

/// Says what the file was taken for.
fn announce(terminal: &Terminal, source: &Source<'_>) {
    let product = source.format.product();
    terminal.done("reading", format_args!("as {product}: {}", source.about));
    terminal.event("source", json!({"format": product, "about": source.about}));
}

/// Slugs of different domains meet in one table, which nobody notices in a list of links.
fn warn_of_domains(terminal: &Terminal, terms: &Terms, checked: &Checked) {
    if terms.domain.is_some() || checked.domains.len() < 2 {
        return;
    }
    let mut domains: Vec<_> = checked.domains.iter().collect();
    domains.sort_by_key(|(_, links)| std::cmp::Reverse(**links));
    let named: Vec<_> = domains.iter().take(5).map(|(name, links)| format!("{} ({links})", printable(name))).collect();
    let dots = if domains.len() > named.len() { ", …" } else { "" };
    let all = domains.len();
    terminal.note(format_args!("links of {all} domains: {}{dots}; --domain imports one of them", named.join(", ")));
}

/// Text of a file without characters that control the terminal.
fn printable(text: &str) -> String {
    let is_plain = |c: &char| {
        !c.is_control()
            && !matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if is_plain(&c) { c.to_string() } else { c.escape_unicode().to_string() }).collect()
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
        let at = format!("{place} {}", printable(slug));
        self.progress.line(format_args!("{mark} {}: {}", at.trim_end(), printable(text)));
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
        match &record.outcome {
            Outcome::Link(..) => {}
            Outcome::Bad(reason) => return report.bad(place, slug, reason),
            Outcome::Skipped(_) => return,
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
        terminal.line(format_args!("{} not kept: {} ({links} {noun})", style("!").yellow(), printable(&what)));
    }
    checked
}

/// The second pass: writes the good entries, or compares them in a dry run.
async fn loaded(
    terminal: &Terminal,
    options: &Options,
    opened: &LinksTable,
    counts: Option<&CountsTable>,
    checked: &Checked,
    records: impl Iterator<Item = Record>,
) -> Result<Loaded> {
    let activity = if options.dry_run { "comparing" } else { "importing" };
    let report = Report { terminal, progress: terminal.bar(activity, Some(checked.good)) };
    let plan = Plan { on_conflict: options.on_conflict, dry_run: options.dry_run };
    load(&opened.table, counts, records, plan, |place, slug, written, so_far| {
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
    // The first number is the sum of the others.
    for (what, links) in [
        ("read", checked.all()),
        ("new", loaded.created),
        ("identical already", loaded.present),
        ("replaced another link", loaded.replaced),
        ("skipped: the slug is taken", loaded.taken),
        ("reported: cannot be imported", bad),
        ("skipped: of other domains", checked.other_domains),
        ("skipped: rows of other tables", checked.other_tables),
        ("not reached", not_reached),
    ] {
        if links > 0 || matches!(what, "read" | "new") {
            terminal.line(format_args!("  {what:<34} {links:>9}"));
        }
    }
    if loaded.counted > 0 {
        let clicks =
            format_args!("  {:<34} {:>9}  ({} clicks)", "with clicks of before", loaded.counted, loaded.clicks);
        terminal.line(clicks);
    }
    terminal.event(
        "imported",
        json!({
            "table": opened.table.name, "dry_run": options.dry_run, "read": checked.all(), "created": loaded.created,
            "present": loaded.present, "replaced": loaded.replaced, "conflicts": loaded.taken, "bad": bad,
            "other_domains": checked.other_domains, "other_tables": checked.other_tables, "not_reached": not_reached,
            "counted": loaded.counted, "clicks": loaded.clicks,
        }),
    );
}
