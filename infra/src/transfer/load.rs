//! Writes a file to the table in two passes: the first reads everything and finds what cannot be imported, the second
//! writes. Only the slugs are kept in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, stream};
use jiff::civil::Date;
use links::item::{Item, to_link};
use links::{CountsTable, Slug};

use super::source::{Outcome, Place, Record, Skip, normal_domain};
use super::table::{Table, Written};

/// Concurrent puts, which makes a few hundred per second. An on-demand table accepts thousands.
const CONCURRENCY: usize = 16;

/// What to do if the table has another link with the same slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnConflict {
    /// Keep the table's link and continue
    Skip,
    /// Replace it with the link in the file
    Replace,
    /// Stop at the first conflict
    Fail,
}

/// Most domains that are counted, so that a file of a million domains does not fill the memory.
const MAX_DOMAINS: usize = 100;

/// The result of the first pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Links that can be imported.
    pub(crate) good: u64,
    /// Entries that cannot.
    pub(crate) bad: u64,
    /// Links of other domains than the one that was chosen.
    pub(crate) other_domains: u64,
    /// Rows of tables without links.
    pub(crate) other_tables: u64,
    /// The domains of the links that can be imported, the first hundred that occur.
    pub(crate) domains: BTreeMap<String, u64>,
}

impl Checked {
    /// All entries.
    pub(crate) fn all(&self) -> u64 {
        self.good + self.bad + self.other_domains + self.other_tables
    }

    fn count(&mut self, record: &Record) {
        *match record.outcome {
            Outcome::Link(..) => &mut self.good,
            Outcome::Bad(_) => &mut self.bad,
            Outcome::Skipped(Skip::Domain) => &mut self.other_domains,
            Outcome::Skipped(Skip::Table) => &mut self.other_tables,
        } += 1;
        let is_skipped = matches!(record.outcome, Outcome::Skipped(_));
        if let Some(domain) = record.domain.as_deref().filter(|_| !is_skipped) {
            let domain = normal_domain(domain);
            if self.domains.len() < MAX_DOMAINS || self.domains.contains_key(&domain) {
                *self.domains.entry(domain).or_default() += 1;
            }
        }
    }
}

/// The result of the second pass, or of a dry run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// New links.
    pub(crate) created: u64,
    /// Links that the table already had, identical in every attribute.
    pub(crate) present: u64,
    /// Links that replaced others.
    pub(crate) replaced: u64,
    /// Links that were skipped because their slug is taken.
    pub(crate) taken: u64,
    /// Links that DynamoDB refused.
    pub(crate) refused: u64,
    /// Links among them whose clicks were kept.
    pub(crate) counted: u64,
    /// All these clicks.
    pub(crate) clicks: u64,
}

impl Loaded {
    /// All of them.
    pub(crate) fn all(&self) -> u64 {
        self.created + self.present + self.replaced + self.taken + self.refused
    }

    fn count(&mut self, written: &Written) {
        *match written {
            Written::Created => &mut self.created,
            Written::Present => &mut self.present,
            Written::Replaced => &mut self.replaced,
            Written::Taken => &mut self.taken,
            Written::Refused(_) => &mut self.refused,
        } += 1;
    }

    fn count_clicks(&mut self, clicks: u64) {
        self.counted += 1;
        self.clicks = self.clicks.saturating_add(clicks);
    }
}

/// Accepts the first record of every slug and rejects the others. Slugs are case-insensitive here, so slugs that differ in
/// another service may be equal.
#[derive(Debug, Default)]
struct Seen(HashMap<Slug, (Place, Option<String>)>);

impl Seen {
    fn check(&mut self, mut record: Record) -> Record {
        let Outcome::Link(slug, _) = &record.outcome else {
            return record;
        };
        // Most slugs are in lower case already and need no second copy.
        let spelt = (record.name != slug.as_str()).then(|| record.name.clone());
        match self.0.get(slug) {
            None => {
                self.0.insert(slug.clone(), (record.place, spelt));
            }
            Some((place, first)) => {
                let mut reason = format!("{place} already has this slug");
                if *first != spelt {
                    let first = first.as_deref().unwrap_or(slug.as_str());
                    reason.push_str(&format!(", as {first:?}: slugs are case-insensitive"));
                }
                record.outcome = Outcome::Bad(reason);
            }
        }
        record
    }
}

/// The first pass. `report` gets every record.
pub(crate) fn check(records: impl Iterator<Item = Record>, mut report: impl FnMut(&Record)) -> Checked {
    let mut seen = Seen::default();
    let mut checked = Checked::default();
    for record in records {
        let record = seen.check(record);
        checked.count(&record);
        report(&record);
    }
    checked
}

/// What to do with the good records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) on_conflict: OnConflict,
    /// Compare, but do not write.
    pub(crate) dry_run: bool,
}

impl Plan {
    /// Writes a link, and keeps its clicks, which are returned.
    async fn write(self, table: &Table, counts: Option<&CountsTable>, link: &Good) -> Result<(Written, Option<u64>)> {
        let Good { slug, item, .. } = link;
        let replace = self.on_conflict == OnConflict::Replace;
        let written = match self.dry_run {
            true => table.look(slug, item, replace).await?,
            false => table.put(slug, item, replace).await?,
        };
        let is_there = matches!(written, Written::Created | Written::Present | Written::Replaced);
        let (Some(counts), Some(clicks)) = (counts, link.clicks.filter(|_| is_there)) else {
            return Ok((written, None));
        };
        if !self.dry_run {
            let kept = counts.set_imported(slug, made(item), clicks).await;
            kept.with_context(|| format!("cannot keep the clicks of {slug}"))?;
        }
        Ok((written, Some(clicks)))
    }

    fn stops_at(self, written: &Result<(Written, Option<u64>)>) -> bool {
        match written {
            Ok((Written::Taken, _)) => self.on_conflict == OnConflict::Fail,
            Ok(_) => false,
            Err(_) => true,
        }
    }
}

/// A link that can be written.
#[derive(Debug)]
struct Good {
    place: Place,
    slug: Slug,
    item: Item,
    clicks: Option<u64>,
}

/// The day on which a link was made.
fn made(item: &Item) -> Option<Date> {
    to_link(item.clone()).ok()?.created_at?.date()
}

/// The second pass: writes the good records. `report` gets each in the order of the file. After a failure, or after a
/// conflict with [`OnConflict::Fail`], no further write begins; those under way are finished and counted. `counts` is where
/// clicks are kept that another shortener counted.
///
/// # Errors
/// If the table cannot be read or written. What was written stays; the same file can be loaded again.
pub(crate) async fn load(
    table: &Table,
    counts: Option<&CountsTable>,
    records: impl Iterator<Item = Record>,
    plan: Plan,
    mut report: impl FnMut(Place, &Slug, &Written, &Loaded),
) -> Result<Loaded> {
    let stop = &AtomicBool::new(false);
    let good = good(records).take_while(|_| !stop.load(Ordering::Relaxed));
    let mut results = stream::iter(good)
        .map(|link: Good| async move {
            let written = plan.write(table, counts, &link).await;
            stop.fetch_or(plan.stops_at(&written), Ordering::Relaxed);
            (link.place, link.slug, written)
        })
        .buffered(CONCURRENCY);
    let mut loaded = Loaded::default();
    let mut failed = None;
    while let Some((place, slug, written)) = results.next().await {
        match written {
            Ok((written, clicks)) => {
                loaded.count(&written);
                if let Some(clicks) = clicks {
                    loaded.count_clicks(clicks);
                }
                report(place, &slug, &written, &loaded);
            }
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(loaded), Err)
}

/// The records that can be written, the first of every slug.
fn good(records: impl Iterator<Item = Record>) -> impl Iterator<Item = Good> {
    let mut seen = Seen::default();
    records.filter_map(move |record| {
        let record = seen.check(record);
        match record.outcome {
            Outcome::Link(slug, item) => Some(Good { place: record.place, slug, item, clicks: record.clicks }),
            Outcome::Bad(_) | Outcome::Skipped(_) => None,
        }
    })
}
