//! `import`: links from a file into the table.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use console::style;
use links::{Origin, TargetRules};
use serde_json::json;

use crate::aws::signed::now;
use crate::command::export::{Opened, Which};
use crate::outcome::{Exit, failure};
use crate::stack::Session;
use crate::terminal::Terminal;
use crate::transfer::load::{Checked, Loaded, OnConflict, Plan, check, load};
use crate::transfer::source::{self, Format, Loss, Place, Record, Terms};
use crate::transfer::table::Written;

/// Options of `infra import`.
#[derive(Args, Debug)]
#[command(after_help = "\
Whatever cannot be imported is reported with its line and the reason, and the rest is imported. A link that the table has \
already, the same in everything, is no conflict: after an interruption the same command goes on where it stopped.

Links appear at once; with --on-conflict replace, what was served before may be served until the caches let go of it \
(70 seconds by default).

  infra import links.jsonl
  infra import --from yourls --owner ann --dry-run yourls_url.csv

Exit code 2: some entries could not be imported. 3: stopped at a conflict. 1: failed, or --strict and nothing was written.")]
pub(crate) struct Options {
    /// File to read; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose export it is
    #[arg(long, value_enum, default_value = "kurz", value_name = "FORMAT")]
    from: Format,
    #[command(flatten)]
    which: Which,
    /// If a slug leads elsewhere already
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT")]
    on_conflict: OnConflict,
    /// Import nothing unless everything can be imported
    #[arg(long)]
    strict: bool,
    /// Say what would happen, write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    foreign: Foreign,
}

/// What exports of other shorteners leave open.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for exports of other shorteners")]
struct Foreign {
    /// Whose the links become (needed)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Only links of this domain
    #[arg(long, value_name = "HOST")]
    domain: Option<String>,
    /// When links were made whose export does not say it, such as 2026-11-23T00:00:00Z
    #[arg(long, value_name = "TIME")]
    created_at: Option<jiff::Timestamp>,
    /// Add the visitor's query to the target, as Shlink does unless told otherwise
    #[arg(long)]
    forward_query: bool,
    /// Take targets on localhost and private addresses, too
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

    fn terms(&self, opened: &Opened) -> Terms {
        let stack = opened.stack.as_ref();
        let private = stack.and_then(|stack| stack.parameters.get("AllowPrivateTargets"));
        let own = stack.and_then(|stack| stack.outputs.get("Url"));
        Terms {
            owner: self.owner.clone().unwrap_or_default(),
            rules: TargetRules {
                own: own.and_then(|url| Origin::of(url)).into_iter().collect(),
                allow_private: self.allow_private || private.is_some_and(|private| private == "1"),
            },
            domain: self.domain.clone(),
            created_at: self.created_at,
            forward_query: self.forward_query,
            now: now(),
        }
    }
}

/// Runs `infra import`.
///
/// # Errors
/// If the file cannot be read or the table not be written; with exit code 3 at a conflict that is to stop it.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    match (options.from, &options.foreign.owner) {
        (Format::Kurz, _) if options.foreign.is_given() => {
            bail!("an export of kurz says all of this itself: give --from, or leave those options out")
        }
        (Format::Kurz, _) | (_, Some(_)) => {}
        (_, None) => bail!("whose links shall they be? Give --owner"),
    }
    let terminal = &session.terminal;
    let input = Input::open(&options.file)?;
    let opened = options.which.open(session).await?;
    let terms = options.foreign.terms(&opened);
    let records = || source::read(options.from, input.reopen()?, &terms);

    let checked = checked(terminal, records()?);
    if options.strict && checked.bad > 0 {
        bail!("{} entries cannot be imported; nothing was written", checked.bad);
    }
    if !options.dry_run {
        let note = "interrupted; what was imported stays, and the same command goes on";
        session.on_interrupt(Some(note.to_owned()));
    }
    let loaded = loaded(terminal, options, &opened, &checked, records()?).await;
    session.on_interrupt(None);
    let loaded = loaded.context("not everything was imported: the same command goes on")?;
    summarize(terminal, options, &opened, &checked, &loaded);
    if options.on_conflict == OnConflict::Fail && loaded.taken > 0 {
        let message = "stopped at a conflict: decide with --on-conflict skip or replace";
        return Err(failure(Exit::NeedsAHand, message));
    }
    Ok(if checked.bad + loaded.refused > 0 { Exit::NotAsWanted } else { Exit::Done })
}

/// A file that can be read twice.
enum Input {
    File(PathBuf),
    /// What came through a pipe.
    Copy(tempfile::NamedTempFile),
}

impl Input {
    fn open(path: &Path) -> Result<Self> {
        let cannot_read = || format!("cannot read {}", path.display());
        let mut pipe: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin().lock())
        } else {
            let file = File::open(path).with_context(cannot_read)?;
            if file.metadata().with_context(cannot_read)?.is_file() {
                return Ok(Self::File(path.to_owned()));
            }
            Box::new(file)
        };
        let mut copy = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
        std::io::copy(&mut pipe, &mut copy).with_context(cannot_read)?;
        Ok(Self::Copy(copy))
    }

    fn reopen(&self) -> Result<BufReader<File>> {
        let (file, path) = match self {
            Self::File(path) => (File::open(path), path.as_path()),
            Self::Copy(copy) => (copy.reopen(), copy.path()),
        };
        let file = file.with_context(|| format!("cannot read {}", path.display()))?;
        Ok(BufReader::new(file))
    }
}

/// The first pass, with everything that is to be said about it.
fn checked(terminal: &Terminal, records: impl Iterator<Item = Record>) -> Checked {
    let progress = terminal.bar("checking", None);
    let mut details = BTreeMap::<String, u64>::new();
    let mut read = 0;
    let checked = check(records, |record| {
        read += 1;
        progress.at(read);
        let (place, slug) = (record.place, &record.name);
        let at = at(place, slug);
        if let Err(reason) = &record.link {
            progress.line(format_args!("{} {at}: {reason}", style("✗").red()));
            let place = place.to_string();
            terminal.event("bad", json!({"at": place, "slug": slug, "reason": reason}));
            return;
        }
        for loss in &record.losses {
            let what = match loss {
                Loss::Behaviour(what) => {
                    progress.line(format_args!("{} {at}: {what}", style("!").yellow()));
                    what
                }
                Loss::Detail(what) => {
                    *details.entry(what.clone()).or_default() += 1;
                    what
                }
            };
            terminal.event("lost", json!({"at": place.to_string(), "slug": slug, "what": what}));
        }
    });
    drop(progress);
    for (what, links) in details {
        let of = if links == 1 { "link" } else { "links" };
        let mark = style("!").yellow();
        terminal.line(format_args!("{mark} not kept: {what} ({links} {of})"));
    }
    checked
}

/// Where something stands and what it is called there, if it is called anything.
fn at(place: Place, slug: &str) -> String {
    format!("{place} {slug}").trim_end().to_owned()
}

/// The second pass.
async fn loaded(
    terminal: &Terminal,
    options: &Options,
    opened: &Opened,
    checked: &Checked,
    records: impl Iterator<Item = Record>,
) -> Result<Loaded> {
    let doing = if options.dry_run { "comparing" } else { "importing" };
    let progress = terminal.bar(doing, Some(checked.good));
    let plan = Plan { on_conflict: options.on_conflict, dry_run: options.dry_run };
    load(&opened.table, records, plan, |place, slug, written, so_far| {
        progress.at(so_far.all());
        let at = at(place, slug.as_str());
        match written {
            Written::Taken => {
                let mark = style("!").yellow();
                let what = "the table has another link there";
                progress.line(format_args!("{mark} {at}: {what}"));
                terminal.event("conflict", json!({"at": place.to_string(), "slug": slug.as_str()}));
            }
            Written::Refused(reason) => {
                progress.line(format_args!("{} {at}: {reason}", style("✗").red()));
                let bad = json!({"at": place.to_string(), "slug": slug.as_str(), "reason": reason});
                terminal.event("bad", bad);
            }
            Written::Created | Written::Present | Written::Replaced => {}
        }
    })
    .await
}

fn summarize(terminal: &Terminal, options: &Options, opened: &Opened, checked: &Checked, loaded: &Loaded) {
    let heading = if options.dry_run { "would be imported into table" } else { "imported into table" };
    terminal.line(format_args!("{heading} {}", opened.table.name));
    let not_reached = checked.good - loaded.all();
    for (what, links) in [
        ("new", loaded.created),
        ("there already, the same", loaded.present),
        ("in place of another", loaded.replaced),
        ("left out: another link is there", loaded.taken),
        ("left out: cannot be imported", checked.bad + loaded.refused),
        ("not reached", not_reached),
    ] {
        if links > 0 || what == "new" {
            terminal.line(format_args!("  {what:<34} {links:>9}"));
        }
    }
    terminal.event(
        "imported",
        json!({
            "table": opened.table.name,
            "dry_run": options.dry_run,
            "created": loaded.created,
            "present": loaded.present,
            "replaced": loaded.replaced,
            "conflicts": loaded.taken,
            "bad": checked.bad + loaded.refused,
            "not_reached": not_reached,
        }),
    );
}
