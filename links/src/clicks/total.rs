//! Sums of days, so that a link of many years need not be added up again.

use jiff::civil::Date;

use super::{
    counts::number,
    item::{IMPORTED, THROUGH, TOTAL_BOTS, TOTAL_PEOPLE},
};
use crate::item::Item;

/// The sum of all days up to one of them, and what was counted before the link came here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Clicks of people on the days in it, without those that were imported.
    pub people: u64,
    /// Requests of bots on the days in it.
    pub bots: u64,
    /// Clicks that another service had counted.
    pub imported: u64,
    /// The last day in it; none if no day is.
    pub through: Option<Date>,
}

impl Total {
    /// The sum that an item holds.
    pub fn from_item(item: &Item) -> Self {
        let count = |attribute: &str| number(item.get(attribute)).unwrap_or_default();
        let through = item.get(THROUGH).and_then(|day| day.as_s().ok()).and_then(|day| day.parse().ok());
        Self { people: count(TOTAL_PEOPLE), bots: count(TOTAL_BOTS), imported: count(IMPORTED), through }
    }

    /// Whether it is of a link that was made on a day, `None` if the day is unknown.
    ///
    /// A slug may have a second link, a month after the end of the first. The sum of the first ends before the second was
    /// made, because days are added to it only when they have been over for some time.
    pub fn is_of_link_made(&self, made: Option<Date>) -> bool {
        let Some(before) = made.map(day_before) else {
            return true;
        };
        self.through.is_some_and(|through| through >= before)
    }

    /// What is known of a link before anything of it was added up: all days before it was made are.
    #[must_use]
    pub fn of_link_made(made: Option<Date>) -> Self {
        Self { through: made.map(day_before), ..Self::default() }
    }
}

fn day_before(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

/// A sum that replaces another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// `through` of the sum that is replaced: if it has changed, nothing is.
    pub before: Option<Date>,
    /// Whether the sum that is replaced was of an earlier link, so that nothing of it may stay.
    pub starts_anew: bool,
    /// The new sum. Its `imported` is not written: an import may have set it meanwhile.
    pub after: Total,
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn an_item_is_a_sum() {
        let item = Item::from([
            (TOTAL_PEOPLE.to_owned(), AttributeValue::N("5".to_owned())),
            (THROUGH.to_owned(), AttributeValue::S("2026-11-20".to_owned())),
            (IMPORTED.to_owned(), AttributeValue::N("7".to_owned())),
        ]);
        let total = Total { people: 5, bots: 0, imported: 7, through: Some(day("2026-11-20")) };
        assert_eq!(Total::from_item(&item), total);
        assert_eq!(Total::from_item(&Item::new()), Total::default());
    }

    #[test]
    fn the_sum_of_an_earlier_link_ends_before_the_link_was_made() {
        let check = |through: Option<&str>, made: Option<&str>, expected: bool| {
            let total = Total { through: through.map(day), ..Total::default() };
            assert_eq!(total.is_of_link_made(made.map(day)), expected, "{through:?} {made:?}");
        };
        check(Some("2026-11-20"), Some("2026-11-01"), true);
        check(Some("2026-11-20"), Some("2026-11-20"), true);
        check(Some("2026-11-20"), Some("2026-11-21"), true);
        check(Some("2026-11-20"), Some("2026-11-22"), false);
        check(None, Some("2026-11-22"), false);
        check(None, None, true);
        check(Some("2026-11-20"), None, true);
        let made = Some(day("2026-03-01"));
        assert_eq!(Total::of_link_made(made).through, Some(day("2026-02-28")));
        assert!(Total::of_link_made(made).is_of_link_made(made));
    }
}
