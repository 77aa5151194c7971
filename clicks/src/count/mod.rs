//! Counting: one update for each item of a batch, many at a time.

mod item;
mod known;
mod visitors;

use std::{borrow::Cow, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use links::{
    CountError, CountsWriter,
    clicks::{DayKey, Mark, Sequence, Span},
};

use self::{item::Outcome, known::KnownItems};
use crate::batch::{Batch, Click};

/// Updates that are on their way at a time. A table takes thousands a second, and one takes a few milliseconds.
const CONCURRENT: usize = 32;
/// Wait after a first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Counts in a table.
#[derive(Debug)]
pub(crate) struct Counting {
    table: CountsWriter,
    known: KnownItems,
    /// How long counters are kept; 0 keeps them for ever.
    keep_days: u32,
}

/// Clicks of a batch that count in one item, in the order of their records.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) key: DayKey,
    pub(crate) clicks: Cow<'a, [Click]>,
    /// Whether the item estimates visitors. A visitor of two links has two codes, so an owner's does not.
    pub(crate) has_visitors: bool,
}

/// What was done for a batch.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Updates that changed an item.
    pub(crate) updates: u64,
    /// Updates that found some clicks, or all, counted already.
    pub(crate) repeated: u64,
    /// Clicks that an item could not take, counted once for each item, and the first reason.
    pub(crate) skipped: u64,
    pub(crate) reason: Option<(DayKey, CountError)>,
    /// Items that could take only the numbers per half hour.
    pub(crate) reduced: u64,
}

/// Where the clicks of a batch are from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The number of the shard; `None` if they came without a stream.
    pub(crate) shard: Option<u64>,
    pub(crate) batch: &'a Batch,
}

impl Origin<'_> {
    /// What tells whether a click and those after it have been counted.
    fn mark(&self, first: &Click) -> Option<Mark> {
        let Some(shard) = self.shard else { return self.batch.message.map(Mark::Message) };
        Some(Mark::Span(Span { shard, first: self.sequence(first)?, end: *self.batch.sequences.last()? }))
    }

    fn sequence(&self, click: &Click) -> Option<Sequence> {
        self.batch.sequences.get(usize::try_from(click.record).ok()?).copied()
    }
}

impl Counting {
    pub(crate) fn new(table: CountsWriter, keep_days: u32) -> Self {
        Self { table, known: KnownItems::default(), keep_days }
    }

    /// Counts each item's clicks; tells `finished` which items have them. While the table does not respond, this waits.
    ///
    /// # Errors
    /// [`CountError`] if the table refuses. Some items have been counted then; repeating the batch does the rest.
    pub(crate) async fn all(
        &self,
        works: Vec<Work<'_>>,
        origin: Origin<'_>,
        mut finished: impl FnMut(DayKey),
    ) -> Result<Done, CountError> {
        let counted = works.into_iter().map(|work| async move {
            let outcome = self.one(&work, origin).await?;
            Ok::<_, CountError>((work.key, outcome))
        });
        let mut counted = stream::iter(counted).buffer_unordered(CONCURRENT);
        let mut done = Done::default();
        while let Some((key, outcome)) = counted.try_next().await? {
            finished(key.clone());
            done.add(key, outcome);
        }
        Ok(done)
    }
}

impl Done {
    fn add(&mut self, key: DayKey, outcome: Outcome) {
        self.updates += u64::from(outcome.is_updated);
        self.repeated += outcome.repeated;
        self.reduced += u64::from(outcome.is_reduced);
        if let Some((clicks, error)) = outcome.skipped {
            self.skipped += clicks;
            self.reason.get_or_insert((key, error));
        }
    }
}

/// Repeats what a table could not do for the moment, until the caller gives up.
///
/// # Errors
/// [`CountError`] if it will not work later either.
pub(crate) async fn patiently<T>(mut attempt: impl AsyncFnMut() -> Result<T, CountError>) -> Result<T, CountError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Err(CountError::Unavailable { .. }) => {}
            other => return other,
        }
        // Those that failed together should not all come back together.
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
