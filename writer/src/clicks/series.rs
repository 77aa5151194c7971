//! Days and half hours in UTC as the units of a time zone, and breakdowns.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned, civil::Date, tz::Offset};
use links::clicks::{DayCounts, Facet, Slot, item::REST};

use super::range::{Range, Unit, midnight};

/// Most values of a breakdown. The others are one.
const MAX_VALUES: usize = 100;

/// What was counted in one unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bucket {
    key: Key,
    /// Where it begins; where the range begins, if that is later.
    pub(crate) start: Zoned,
    pub(crate) people: u64,
    pub(crate) bots: u64,
    /// Only of days and longer units.
    pub(crate) visitors: Option<u64>,
}

/// What tells one unit from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    HalfHour(Timestamp),
    /// An hour that comes twice is two hours.
    Hour(Date, i8, Offset),
    Day(Date),
    Month(i16, i8),
}

impl Key {
    fn of(time: Timestamp, range: &Range) -> Self {
        let local = range.zone().to_datetime(time);
        match range.unit {
            Unit::HalfHour => Self::HalfHour(time),
            Unit::Hour => Self::Hour(local.date(), local.hour(), range.zone().to_offset(time)),
            Unit::Day => Self::Day(local.date()),
            Unit::Month => Self::Month(local.year(), local.month()),
        }
    }

    /// Where the unit begins that `time` lies in.
    fn start(self, time: &Zoned) -> Option<Zoned> {
        let zone = time.time_zone();
        match self {
            Self::HalfHour(start) => Some(start.to_zoned(zone.clone())),
            Self::Hour(day, hour, offset) => {
                offset.to_timestamp(day.at(hour, 0, 0, 0)).ok().map(|start| start.to_zoned(zone.clone()))
            }
            Self::Day(day) => midnight(day, zone),
            Self::Month(..) => midnight(time.date().first_of_month(), zone),
        }
    }
}

/// The units of a range, in order, also those without a click. A half hour belongs to the unit that it begins in.
pub(crate) fn series(range: &Range, days: &[DayCounts]) -> Vec<Bucket> {
    let days: BTreeMap<Date, &DayCounts> = days.iter().map(|day| (day.date, day)).collect();
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut earlier = None;
    for time in range.half_hours() {
        let bucket = bucket(&mut buckets, range, time, earlier);
        earlier = Some(time);
        let (day, slot) = Slot::of(time);
        if let Some(day) = days.get(&day) {
            bucket.people = bucket.people.saturating_add(day.people_in(slot));
            bucket.bots = bucket.bots.saturating_add(day.bots_in(slot));
        }
    }
    if range.unit.has_visitors() {
        add_visitors(&mut buckets, range, &days);
    }
    buckets
}

/// The bucket of a half hour, a new one if there is none. `earlier` is the half hour before.
fn bucket<'b>(
    buckets: &'b mut Vec<Bucket>,
    range: &Range,
    time: Timestamp,
    earlier: Option<Timestamp>,
) -> &'b mut Bucket {
    let key = Key::of(time, range);
    // Where clocks are put back over midnight, a day comes again: there are at most two to look at.
    let position = buckets.iter().rposition(|bucket| bucket.key == key).filter(|position| position + 3 > buckets.len());
    let position = position.unwrap_or_else(|| {
        let local = time.to_zoned(range.zone().clone());
        let begins = key.start(&local).filter(|start| earlier.is_none_or(|earlier| start.timestamp() > earlier));
        let start = begins.unwrap_or(local).max(range.from.clone());
        buckets.push(Bucket { key, start, people: 0, bots: 0, visitors: None });
        buckets.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "it was found, or was pushed")]
    &mut buckets[position]
}

/// Adds the visitors of each whole day to the bucket that has its noon.
fn add_visitors(buckets: &mut [Bucket], range: &Range, days: &BTreeMap<Date, &DayCounts>) {
    for bucket in buckets.iter_mut() {
        bucket.visitors = Some(0);
    }
    let (first, last) = range.whole_days();
    for (date, day) in days.range(first..=last) {
        let noon = date.at(12, 0, 0, 0);
        let Ok(noon) = Offset::UTC.to_timestamp(noon) else { continue };
        let key = Key::of(noon, range);
        // Of a range without a noon, the nearest.
        let position = buckets.iter().position(|bucket| bucket.key == key).unwrap_or_default();
        if let Some(bucket) = buckets.get_mut(position) {
            bucket.visitors = bucket.visitors.map(|visitors| visitors.saturating_add(day.visitors));
        }
    }
}

/// How many clicks of people have each value of a facet, most first, in the whole days of a range.
pub(crate) fn breakdown(range: &Range, days: &[DayCounts], facet: Facet) -> Vec<(String, u64)> {
    let (first, last) = range.whole_days();
    let mut sums = BTreeMap::<&str, u64>::new();
    for day in days.iter().filter(|day| (first..=last).contains(&day.date)) {
        for (_, value, clicks) in day.by().filter(|(its_facet, ..)| *its_facet == facet) {
            let sum = sums.entry(value).or_default();
            *sum = sum.saturating_add(clicks);
        }
    }
    let mut rest = sums.remove(REST).unwrap_or_default();
    let mut values: Vec<_> = sums.into_iter().filter(|(_, clicks)| *clicks > 0).collect();
    values.sort_by_key(|(value, clicks)| (std::cmp::Reverse(*clicks), *value));
    let beyond = values.split_off(values.len().min(MAX_VALUES));
    rest = beyond.into_iter().fold(rest, |rest, (_, clicks)| rest.saturating_add(clicks));
    values.extend((rest > 0).then_some((REST, rest)));
    values.into_iter().map(|(value, clicks)| (value.to_owned(), clicks)).collect()
}

/// How many visitors there were in the whole days of a range: the sum of those of each day.
pub(crate) fn visitors(range: &Range, days: &[DayCounts]) -> u64 {
    let (first, last) = range.whole_days();
    let within = days.iter().filter(|day| (first..=last).contains(&day.date));
    within.fold(0, |sum, day| sum.saturating_add(day.visitors))
}

#[cfg(test)]
mod tests;
