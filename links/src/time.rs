//! Points in time as they are stored.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: whole seconds since 1970-01-01 00:00 UTC.
///
/// Seconds, because DynamoDB's TTL counts in them and every published bound is in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point that lies `seconds` after the epoch.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }

    /// RFC 3339 in UTC, such as `2027-01-01T00:00:00Z`; `None` after the year 9999, where that format ends.
    pub fn rfc3339(self) -> Option<String> {
        let seconds = i64::try_from(self.0).ok()?;
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        Some(time.to_string())
    }

    /// Its day in UTC; `None` after the year 9999.
    pub fn date(self) -> Option<jiff::civil::Date> {
        let time = jiff::Timestamp::from_second(i64::try_from(self.0).ok()?).ok()?;
        Some(jiff::tz::TimeZone::UTC.to_datetime(time).date())
    }

    /// The point `duration` later; fractions of a second are cut off.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// The first second of its day in UTC.
    #[must_use]
    pub const fn start_of_day(self) -> Self {
        Self(self.0 - self.0 % 86_400)
    }

    /// Whole seconds from `self` until `later`; zero if that has passed.
    pub const fn seconds_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

impl From<SystemTime> for Timestamp {
    /// Cuts off fractions of a second; times before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        let check = |seconds, expected: Option<&str>| {
            let text = Timestamp::from_unix_seconds(seconds).rfc3339();
            assert_eq!(text.as_deref(), expected);
        };
        check(0, Some("1970-01-01T00:00:00Z"));
        check(1_798_761_600, Some("2027-01-01T00:00:00Z"));
        check(u64::MAX, None);
        let day = |seconds| Timestamp::from_unix_seconds(seconds).date().map(|day| day.to_string());
        assert_eq!((day(86_399).as_deref(), day(86_400).as_deref()), (Some("1970-01-01"), Some("1970-01-02")));
        assert_eq!(day(u64::MAX), None);
    }
}
