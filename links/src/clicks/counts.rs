//! What was counted on one day.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;

use super::{
    Counter, Facet, Slot, VisitorCode,
    item::{SORT, VISITOR_LEVEL, VISITORS},
};
use crate::item::Item;

/// A count for each half hour of a day.
type Slots = [u64; Slot::COUNT as usize];

const NONE: Slots = [0; Slot::COUNT as usize];

/// What was counted on one day in UTC, of a link or of all links of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCounts {
    /// The day.
    pub date: Date,
    /// How many visitors there were: exact up to 256, an estimate above. Zero for an owner, whose visitors are not counted.
    pub visitors: u64,
    people: Slots,
    bots: Slots,
    by: BTreeMap<(Facet, Box<str>), u64>,
}

impl DayCounts {
    /// A day without a click.
    pub fn new(date: Date) -> Self {
        Self { date, visitors: 0, people: NONE, bots: NONE, by: BTreeMap::new() }
    }

    /// The day that an item holds; `None` for items of another kind. An attribute that is not a count is left out: it must
    /// not hide the others.
    pub fn from_item(item: &Item) -> Option<Self> {
        let date = item.get(SORT)?.as_s().ok()?.parse().ok()?;
        let mut day = Self::new(date);
        for (attribute, value) in item {
            if let (Some(counter), Some(clicks)) = (Counter::parse(attribute), number(Some(value))) {
                day.add(counter, clicks);
            }
        }
        let level = number(item.get(VISITOR_LEVEL)).and_then(|level| u32::try_from(level).ok()).unwrap_or_default();
        let codes = item.get(VISITORS).and_then(|codes| codes.as_bs().ok()).into_iter().flatten();
        let codes = codes.filter_map(|code| VisitorCode::from_bytes(code.as_ref()));
        // Codes below the level may linger; they are not part of the sample.
        day.visitors = VisitorCode::estimate(codes.filter(|code| code.level() >= level).count() as u64, level);
        Some(day)
    }

    /// Adds clicks to a counter.
    pub fn add(&mut self, counter: Counter, clicks: u64) {
        let count = match counter {
            Counter::People(slot) => self.people.get_mut(usize::from(slot.index())),
            Counter::Bots(slot) => self.bots.get_mut(usize::from(slot.index())),
            Counter::By(facet, value) => Some(self.by.entry((facet, value)).or_default()),
        };
        if let Some(count) = count {
            *count = count.saturating_add(clicks);
        }
    }

    /// Clicks of people in a half hour.
    pub fn people_in(&self, slot: Slot) -> u64 {
        self.people.get(usize::from(slot.index())).copied().unwrap_or_default()
    }

    /// Requests of bots in a half hour.
    pub fn bots_in(&self, slot: Slot) -> u64 {
        self.bots.get(usize::from(slot.index())).copied().unwrap_or_default()
    }

    /// Clicks of people in all half hours, in order.
    pub fn all_people(&self) -> &[u64] {
        &self.people
    }

    /// Requests of bots in all half hours, in order.
    pub fn all_bots(&self) -> &[u64] {
        &self.bots
    }

    /// Clicks of people on this day.
    pub fn people(&self) -> u64 {
        self.people.iter().fold(0, |sum, clicks| sum.saturating_add(*clicks))
    }

    /// Requests of bots on this day.
    pub fn bots(&self) -> u64 {
        self.bots.iter().fold(0, |sum, clicks| sum.saturating_add(*clicks))
    }

    /// Clicks of people by each value, in the order of facets and values.
    pub fn by(&self) -> impl Iterator<Item = (Facet, &str, u64)> {
        self.by.iter().map(|((facet, value), clicks)| (*facet, value.as_ref(), *clicks))
    }
}

/// A count in an item.
pub(super) fn number(value: Option<&AttributeValue>) -> Option<u64> {
    value?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::primitives::Blob;

    fn item(attributes: &[(&str, AttributeValue)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn n(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.to_owned())
    }

    #[test]
    fn an_item_is_a_day() {
        // Of these, five are of the level 3.
        let codes = |count: u8| AttributeValue::Bs((1..=count).map(|code| Blob::new([0, 0, code])).collect());
        let day = AttributeValue::S("2026-11-26".to_owned());
        let attributes = [
            (SORT, day),
            ("of", AttributeValue::S("launch".to_owned())),
            ("s00", n("1")),
            ("s47", n("18446744073709551615")),
            ("b07", n("3")),
            ("c_DE", n("2")),
            ("r_", n("4")),
            ("r_t.co", n("5")),
            (VISITORS, codes(40)),
            (VISITOR_LEVEL, n("3")),
            ("w0", AttributeValue::B(Blob::new([0; 24]))),
            ("ttl", n("1")),
            // Nonsense of somebody else.
            ("s01", n("-1")),
            ("s02", AttributeValue::S("x".to_owned())),
            ("zz", n("7")),
        ];
        let found = DayCounts::from_item(&item(&attributes)).unwrap();
        assert_eq!((found.date, found.visitors), ("2026-11-26".parse().unwrap(), 40));
        assert_eq!((found.people(), found.bots()), (u64::MAX, 3));
        let slot = |index| Slot::new(index).unwrap();
        assert_eq!([0, 1, 2, 46].map(|index| found.people_in(slot(index))), [1, 0, 0, 0]);
        assert_eq!(found.bots_in(slot(7)), 3);
        let by: Vec<_> = found.by().collect();
        assert_eq!(by, [(Facet::Country, "DE", 2), (Facet::Referrer, "", 4), (Facet::Referrer, "t.co", 5)]);
    }

    #[test]
    fn other_items_are_no_days() {
        let check = |key: AttributeValue| assert_eq!(DayCounts::from_item(&item(&[(SORT, key)])), None);
        check(AttributeValue::S("total".to_owned()));
        check(n("1"));
        assert_eq!(DayCounts::from_item(&Item::new()), None);
    }
}
