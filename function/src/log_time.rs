//! Points in time as log lines have them.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

const DAY: u64 = 86_400;

thread_local! {
    /// The number of a day and its date. Working out a date takes longer than all else in a timestamp.
    static LATEST: Cell<(u64, [u8; 10])> = const { Cell::new((0, *b"1970-01-01")) };
}

/// A point in time: RFC 3339 in UTC, to the millisecond, such as `2027-01-31T12:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogTime([u8; 24]);

impl LogTime {
    /// The text of a point in time. Those before the epoch become the epoch, those after the year 9999 its last day.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, milliseconds) = (since.as_secs(), u64::from(since.subsec_millis()));
        let date = date(seconds / DAY);
        let [hour, minute, second] = [seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60].map(two_digits);
        let [hundreds, tens, ones] = [milliseconds / 100, milliseconds / 10, milliseconds].map(digit);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        text[..10].copy_from_slice(&date);
        text[11..13].copy_from_slice(&hour);
        text[14..16].copy_from_slice(&minute);
        text[17..19].copy_from_slice(&second);
        text[20..23].copy_from_slice(&[hundreds, tens, ones]);
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Digits and punctuation are UTF-8.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The date of a day, counted from the epoch.
fn date(day: u64) -> [u8; 10] {
    let (known, date) = LATEST.get();
    if known == day {
        return date;
    }
    let seconds = i64::try_from(day.saturating_mul(DAY)).unwrap_or(i64::MAX);
    let text = jiff::Timestamp::from_second(seconds).map(|time| time.to_string());
    let date = text.ok().and_then(|text| text.as_bytes().first_chunk().copied()).unwrap_or(*b"9999-12-31");
    LATEST.set((day, date));
    date
}

fn two_digits(number: u64) -> [u8; 2] {
    [digit(number / 10), digit(number)]
}

/// The last digit of a number.
fn digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_rfc_3339_to_the_millisecond() {
        let check = |milliseconds: u64, expected: &str| {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!(LogTime::of(time).as_str(), expected);
        };
        check(0, "1970-01-01T00:00:00.000Z");
        check(86_399_999, "1970-01-01T23:59:59.999Z");
        check(951_782_400_007, "2000-02-29T00:00:00.007Z");
        check(1_798_761_600_000, "2027-01-01T00:00:00.000Z");
        check(1_798_761_599_040, "2026-12-31T23:59:59.040Z");
        check(253_402_300_799_999, "9999-12-31T23:59:59.999Z");
        check(253_402_300_800_000, "9999-12-31T00:00:00.000Z");
        assert_eq!(LogTime::of(UNIX_EPOCH - Duration::from_secs(1)).as_str(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn every_text_means_the_time_that_it_was_made_of() {
        for step in 0..20_000_u64 {
            let milliseconds = step * 12_345_678_901 % 253_402_300_800_000;
            let text = LogTime::of(UNIX_EPOCH + Duration::from_millis(milliseconds));
            let time: jiff::Timestamp = text.as_str().parse().unwrap();
            assert_eq!(u64::try_from(time.as_millisecond()).unwrap(), milliseconds);
        }
    }
}
