//! Sums over all time: what is stored of them, and the days after it.
//!
//! Days that are over are added to the stored sum by whoever reads it, so that the next reader has fewer days to read. A
//! day is over when nothing can be added to it any more: what is counted more than two days late counts for the day on
//! which it is counted.

use futures_util::{StreamExt as _, stream};
use jiff::{ToSpan as _, civil::Date};
use links::{
    ClickFolder, Link, StoreError, Timestamp,
    clicks::{
        DayCounts, Fold, Total,
        item::{of_link, of_owner},
    },
};
use serde::Serialize;

use crate::log;

/// Days that are not added to a sum: today, two on which late clicks may still be counted, and one for clocks that differ.
const OPEN_DAYS: i64 = 4;
/// How many days of each link a list shows.
pub(crate) const RECENT_DAYS: i64 = 30;
/// Links whose days are read at the same time.
const CONCURRENCY: usize = 16;
/// Before any click.
const BEGINNING: Date = Date::constant(1970, 1, 1);

/// Whose clicks are summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The hash key of their items.
    pub(crate) of: String,
    /// When a link was made. Clicks before that were on an earlier link with its slug.
    pub(crate) made: Option<Date>,
}

impl Counted {
    /// The clicks of a link.
    pub(crate) fn link(link: &Link) -> Self {
        Self { of: of_link(&link.slug), made: link.created_at.and_then(Timestamp::date) }
    }

    /// The clicks of all links of an owner.
    pub(crate) fn owner(owner: &str) -> Self {
        Self { of: of_owner(owner), made: None }
    }

    /// The first day that may have clicks.
    pub(crate) fn first_day(&self) -> Date {
        self.made.unwrap_or(BEGINNING)
    }
}

/// All clicks that ever were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sum {
    /// Of people, with those that were imported.
    pub(crate) clicks: u64,
    pub(crate) bots: u64,
    /// Those among `clicks` that another service had counted.
    pub(crate) imported: u64,
}

/// A stored sum, and which days are missing in it.
#[derive(Debug, Clone, Copy)]
struct Stored {
    /// What it says of this link; nothing if it is of an earlier one.
    total: Total,
    /// `through` as it is stored.
    through: Option<Date>,
    is_of_earlier_link: bool,
    /// The first day that is not in it.
    next: Date,
}

impl Stored {
    fn new(counted: &Counted, stored: Option<&Total>) -> Self {
        let mine = stored.copied().filter(|total| total.is_of_link_made(counted.made));
        let total = mine.unwrap_or_default();
        let after = total.through.and_then(|through| through.tomorrow().ok()).unwrap_or(BEGINNING);
        Self {
            total,
            through: stored.and_then(|total| total.through),
            is_of_earlier_link: stored.is_some() && mine.is_none(),
            next: after.max(counted.first_day()),
        }
    }

    fn with(&self, days: &[DayCounts]) -> Total {
        days.iter().filter(|day| day.date >= self.next).fold(self.total, |sum, day| Total {
            people: sum.people.saturating_add(day.people()),
            bots: sum.bots.saturating_add(day.bots()),
            ..sum
        })
    }

    fn sum(&self, days: &[DayCounts]) -> Sum {
        let Total { people, bots, imported, .. } = self.with(days);
        Sum { clicks: people.saturating_add(imported), bots, imported }
    }

    /// The sum that is to be stored, if there are days to add to it.
    fn fold(&self, days: &[DayCounts], today: Date) -> Option<Fold> {
        let last = today.checked_sub(OPEN_DAYS.days()).ok()?;
        let over = days.iter().take_while(|day| day.date <= last).count();
        let over = days.get(..over)?;
        over.last().filter(|day| day.date >= self.next)?;
        let after = Total { through: Some(last), ..self.with(over) };
        Some(Fold { before: self.through, starts_anew: self.is_of_earlier_link, after })
    }
}

/// Days that have been read already: all from `first` to `last`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) days: &'a [DayCounts],
    pub(crate) first: Date,
    pub(crate) last: Date,
}

/// The sum of one link or owner. Days that are not known are read.
pub(crate) async fn sum(
    store: &impl ClickFolder,
    counted: &Counted,
    stored: Option<&Total>,
    known: Known<'_>,
    today: Date,
    request_id: &str,
) -> Result<Sum, StoreError> {
    let stored = Stored::new(counted, stored);
    let unread;
    let days = if known.first <= stored.next && known.last >= today {
        known.days
    } else {
        unread = store.days(&counted.of, stored.next, today).await?;
        &unread
    };
    fold(store, counted, &stored, days, today, request_id).await;
    Ok(stored.sum(days))
}

/// The sums of links, and the clicks of people on each of the last days, the oldest first.
pub(crate) async fn sums(
    store: &impl ClickFolder,
    counted: &[Counted],
    today: Date,
    request_id: &str,
) -> Result<Vec<(Sum, Vec<u64>)>, StoreError> {
    let of: Vec<_> = counted.iter().map(|counted| counted.of.clone()).collect();
    let totals = &store.totals(&of).await?;
    let recent = today.checked_sub((RECENT_DAYS - 1).days()).unwrap_or(BEGINNING);
    // Not borrowed: the compiler could not tell that the future may go to another thread.
    let mut sums = stream::iter(counted.to_vec())
        .map(|counted: Counted| async move {
            let stored = Stored::new(&counted, totals.get(&counted.of));
            let first = stored.next.min(recent).max(counted.first_day());
            let days = store.days(&counted.of, first, today).await?;
            fold(store, &counted, &stored, &days, today, request_id).await;
            Ok((stored.sum(&days), people(&days, recent, today)))
        })
        .buffered(CONCURRENCY);
    let mut found = Vec::with_capacity(counted.len());
    while let Some(sum) = sums.next().await {
        found.push(sum?);
    }
    Ok(found)
}

/// The clicks of people on each day from `first` to `last`.
fn people(days: &[DayCounts], first: Date, last: Date) -> Vec<u64> {
    let on = |date: Date| days.iter().find(|day| day.date == date).map_or(0, DayCounts::people);
    first.series(1.day()).take_while(|date| *date <= last).map(on).collect()
}

/// Adds the days that are over to the stored sum. It may fail, because the next reader does it too.
async fn fold(
    store: &impl ClickFolder,
    counted: &Counted,
    stored: &Stored,
    days: &[DayCounts],
    today: Date,
    request_id: &str,
) {
    let Some(fold) = stored.fold(days, today) else {
        return;
    };
    // If another reader was faster, the sum is the same.
    if let Err(error) = store.fold(&counted.of, &fold).await {
        log::sum_not_stored(request_id, &counted.of, &error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counts;
    use links::clicks::{Counter, Slot};

    const TODAY: &str = "2026-11-26";

    fn day(date: &str, people: u64, bots: u64) -> DayCounts {
        let slot = Slot::new(17).unwrap();
        let mut day = DayCounts::new(date.parse().unwrap());
        day.add(Counter::People(slot), people);
        day.add(Counter::Bots(slot), bots);
        day
    }

    fn total(people: u64, imported: u64, through: Option<&str>) -> Total {
        Total { people, bots: people / 10, imported, through: through.map(|day| day.parse().unwrap()) }
    }

    fn counted(made: Option<&str>) -> Counted {
        Counted { of: "launch".to_owned(), made: made.map(|day| day.parse().unwrap()) }
    }

    fn store(days: &[DayCounts], stored: Option<Total>) -> Counts {
        let store = Counts::default();
        store.insert("launch", days, stored);
        store
    }

    /// People, bots and imported clicks, and the sum that is stored afterwards.
    async fn check(days: &[DayCounts], stored: Option<Total>, made: Option<&str>, sum: [u64; 3], after: Option<Total>) {
        let store = store(days, stored);
        let today = TODAY.parse().unwrap();
        let counted = counted(made);
        // What was folded gives the same sum.
        for _ in 0..2 {
            let found = sums(&store, std::slice::from_ref(&counted), today, "r").await.unwrap();
            let found = found[0].0;
            assert_eq!([found.clicks, found.bots, found.imported], sum, "{stored:?} {made:?}");
            assert_eq!(store.total("launch"), after, "{stored:?} {made:?}");
        }
    }

    #[tokio::test]
    async fn a_sum_is_what_is_stored_and_the_days_after_it() {
        let days = [day("2026-11-20", 1, 1), day("2026-11-22", 2, 0), day("2026-11-23", 4, 3), day(TODAY, 8, 0)];
        check(&[], None, None, [0, 0, 0], None).await;
        check(&days, None, None, [15, 4, 0], Some(Total { bots: 1, ..total(3, 0, Some("2026-11-22")) })).await;
        check(&days[2..], None, None, [12, 3, 0], None).await;
        let stored = Some(total(100, 0, Some("2026-11-20")));
        check(&days, stored, None, [114, 13, 0], Some(Total { bots: 10, ..total(102, 0, Some("2026-11-22")) })).await;
        let stored = Some(total(100, 7, Some("2026-11-22")));
        check(&days, stored, None, [119, 13, 7], stored).await;
        check(
            &days,
            Some(total(0, 7, None)),
            None,
            [22, 4, 7],
            Some(Total { bots: 1, ..total(3, 7, Some("2026-11-22")) }),
        )
        .await;
    }

    #[tokio::test]
    async fn a_link_has_no_clicks_from_before_it_was_made() {
        let days = [day("2026-10-01", 1, 0), day("2026-11-20", 2, 0), day("2026-11-25", 4, 0)];
        let made = Some("2026-11-19");
        check(&days, None, made, [6, 0, 0], Some(total(2, 0, Some("2026-11-22")))).await;
        // A sum of an earlier link.
        let earlier = Some(total(50, 9, Some("2026-10-05")));
        check(&days, earlier, made, [6, 0, 0], Some(total(2, 0, Some("2026-11-22")))).await;
        check(&days, Some(total(0, 9, None)), made, [6, 0, 0], Some(total(2, 0, Some("2026-11-22")))).await;
        check(&days[2..], earlier, made, [4, 0, 0], earlier).await;
        // An import of this link.
        let imported = Some(total(0, 9, Some("2026-11-18")));
        check(&days, imported, made, [15, 0, 9], Some(total(2, 9, Some("2026-11-22")))).await;
    }

    #[tokio::test]
    async fn the_last_thirty_days_are_shown_whether_or_not_they_were_folded() {
        let days = [day("2026-10-27", 1, 0), day("2026-10-28", 2, 0), day("2026-11-24", 4, 0), day(TODAY, 8, 0)];
        let store = store(&days, Some(total(3, 0, Some("2026-11-20"))));
        let found = sums(&store, &[counted(None)], TODAY.parse().unwrap(), "r").await.unwrap();
        let (sum, recent) = &found[0];
        assert_eq!((sum.clicks, recent.len()), (15, 30));
        assert_eq!((recent[0], recent[27], recent[29], recent.iter().sum::<u64>()), (2, 4, 8, 14));
    }

    #[tokio::test]
    async fn days_that_are_known_are_not_read_again() {
        let days = [day("2026-11-20", 1, 0), day(TODAY, 8, 0)];
        let check = async |stored: Option<Total>, first: &str, last: &str, reads: usize| {
            let store = store(&days, stored);
            let known = Known { days: &days, first: first.parse().unwrap(), last: last.parse().unwrap() };
            let found = sum(&store, &counted(None), stored.as_ref(), known, TODAY.parse().unwrap(), "r").await;
            assert_eq!((found.unwrap().clicks, store.reads()), (9, reads), "{stored:?} {first} {last}");
        };
        check(Some(total(0, 0, Some("2026-11-01"))), "2026-11-02", TODAY, 0).await;
        check(Some(total(0, 0, Some("2026-11-01"))), "2026-11-03", TODAY, 1).await;
        check(Some(total(0, 0, Some("2026-11-01"))), "2026-11-02", "2026-11-25", 1).await;
        check(None, "2026-11-02", TODAY, 1).await;
    }

    #[tokio::test]
    async fn a_sum_that_cannot_be_stored_is_shown_all_the_same() {
        let store = store(&[day("2026-11-20", 5, 0)], None);
        store.refuse_folds();
        let found = sums(&store, &[counted(None)], TODAY.parse().unwrap(), "r").await.unwrap();
        assert_eq!((found[0].0.clicks, store.total("launch")), (5, None));
    }
}
