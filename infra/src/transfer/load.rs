//! A file into the table, in two passes: the first reads everything and finds what cannot be imported, the second
//! writes. Between them nothing is kept but the slugs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use futures::{StreamExt as _, stream};
use links::Slug;
use links::item::Item;

use super::source::{Place, Record};
use super::table::{Table, Written};

/// Puts under way at once. A table on demand takes thousands a second; this is a few hundred.
const AT_ONCE: usize = 16;

/// What to do about a slug that leads elsewhere already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnConflict {
    /// Leave the table's link, go on
    Skip,
    /// Put the file's link in its place
    Replace,
    /// Stop there
    Fail,
}

/// What the first pass found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Links that can be imported.
    pub(crate) good: u64,
    /// Entries that cannot.
    pub(crate) bad: u64,
}

/// What the second pass did, or would do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// New links.
    pub(crate) created: u64,
    /// Links that the table had already, the same in everything.
    pub(crate) present: u64,
    /// Links that took the place of others.
    pub(crate) replaced: u64,
    /// Links left out, because their slug leads elsewhere.
    pub(crate) taken: u64,
    /// Links that the table does not take.
    pub(crate) refused: u64,
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
}

/// Passes on the first record of every slug, and makes the others bad: case is folded, so that slugs which another
/// service told apart may be one here.
#[derive(Debug, Default)]
struct Seen(HashMap<Slug, (Place, Option<String>)>);

impl Seen {
    fn check(&mut self, mut record: Record) -> Record {
        let Ok((slug, _)) = &record.link else {
            return record;
        };
        // Most slugs are spelt as they are kept, and need no second copy.
        let spelt = (record.name != slug.as_str()).then(|| record.name.clone());
        match self.0.get(slug) {
            None => {
                self.0.insert(slug.clone(), (record.place, spelt));
            }
            Some((place, first)) => {
                let mut reason = format!("{place} has this slug already");
                if *first != spelt {
                    let first = first.as_deref().unwrap_or(slug.as_str());
                    reason.push_str(&format!(", as {first:?}: case makes no difference here"));
                }
                record.link = Err(reason);
            }
        }
        record
    }
}

/// Reads everything once. `report` hears of every record.
pub(crate) fn check(records: impl Iterator<Item = Record>, mut report: impl FnMut(&Record)) -> Checked {
    let mut seen = Seen::default();
    let mut checked = Checked::default();
    for record in records {
        let record = seen.check(record);
        match &record.link {
            Ok(_) => checked.good += 1,
            Err(_) => checked.bad += 1,
        }
        report(&record);
    }
    checked
}

/// What to do with the good records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) on_conflict: OnConflict,
    /// Look, don't write.
    pub(crate) dry_run: bool,
}

/// Writes the good records. `report` hears of each in the order of the file. With [`OnConflict::Fail`] nothing new is
/// begun after the first conflict; what was under way is finished and counted.
///
/// # Errors
/// If the table cannot be read or written to. What was written stays; the same file can be loaded again.
pub(crate) async fn load(
    table: &Table,
    records: impl Iterator<Item = Record>,
    plan: Plan,
    mut report: impl FnMut(Place, &Slug, &Written, &Loaded),
) -> Result<Loaded> {
    let replace = plan.on_conflict == OnConflict::Replace;
    let stop = &AtomicBool::new(false);
    let mut seen = Seen::default();
    let good = records.filter_map(|record| {
        let record = seen.check(record);
        let (slug, item) = record.link.ok()?;
        Some((record.place, slug, item))
    });
    let good = good.take_while(|_| !stop.load(Ordering::Relaxed));
    let mut results = stream::iter(good)
        .map(|(place, slug, item): (Place, Slug, Item)| async move {
            let written = if plan.dry_run {
                table.look(&slug, &item, replace).await
            } else {
                table.put(&slug, &item, replace).await
            };
            if plan.on_conflict == OnConflict::Fail && matches!(written, Ok(Written::Taken)) {
                stop.store(true, Ordering::Relaxed);
            }
            (place, slug, written)
        })
        .buffered(AT_ONCE);
    let mut loaded = Loaded::default();
    let mut failed = None;
    while let Some((place, slug, written)) = results.next().await {
        match written {
            Ok(written) => {
                loaded.count(&written);
                report(place, &slug, &written, &loaded);
            }
            // The others that are under way are waited for, so that none is left half known.
            Err(error) => {
                stop.store(true, Ordering::Relaxed);
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(loaded), Err)
}
