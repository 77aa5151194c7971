//! Half hours: short enough for the local time of any country, and few enough for one item a day.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A half hour of a day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// How many there are in a day.
    pub const COUNT: u8 = 48;

    /// The half hour with that number, counted from midnight.
    pub const fn new(index: u8) -> Option<Self> {
        if index < Self::COUNT { Some(Self(index)) } else { None }
    }

    /// The day and the half hour that a time lies in.
    pub fn of(time: Timestamp) -> (Date, Self) {
        let utc = TimeZone::UTC.to_datetime(time);
        let half = u8::from(utc.minute() >= 30);
        (utc.date(), Self(utc.hour().unsigned_abs() * 2 + half))
    }

    /// Its number, counted from midnight.
    pub const fn index(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_48_half_hours() {
        let check = |time: &str, day: &str, index| {
            assert_eq!(Slot::of(time.parse().unwrap()), (day.parse().unwrap(), Slot(index)), "{time}");
        };
        check("2026-11-26T00:00:00Z", "2026-11-26", 0);
        check("2026-11-26T00:29:59.999Z", "2026-11-26", 0);
        check("2026-11-26T00:30:00Z", "2026-11-26", 1);
        check("2026-12-31T23:59:59.999Z", "2026-12-31", 47);
        check("2026-12-31T23:59:59-00:30", "2027-01-01", 0);
        check("1969-12-31T23:30:00Z", "1969-12-31", 47);
        assert_eq!((Slot::new(47), Slot::new(48)), (Some(Slot(47)), None));
    }
}
