//! When a key expires, as written on the command line.

use std::{str::FromStr, time::Duration};

use anyhow::{Result, ensure};
use jiff::{civil::Date, tz::TimeZone};
use links::Timestamp;

/// Units of a duration with their length in seconds.
const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// When a key expires: at a time, or some time after its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    At(Timestamp),
    After(Duration),
}

impl Expiry {
    /// The time at which a key that is created at `now` expires.
    ///
    /// # Errors
    /// If that is not in the future, or after the year 9999.
    pub(super) fn after(self, now: Timestamp) -> Result<Timestamp> {
        let end = match self {
            Self::At(time) => time,
            Self::After(duration) => now.plus(duration),
        };
        ensure!(end > now, "--expires must be in the future, or nobody could use the key");
        ensure!(end.rfc3339().is_some(), "--expires must be before the year 10000");
        Ok(end)
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        // A day is meant whole: the key works until its last second.
        let is_day = text.len() == "2027-01-31".len();
        let day = || is_day.then(|| text.parse::<Date>().ok()).flatten()?.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok();
        let time = time.or_else(|| day().map(|day| day.timestamp().as_second()));
        if let Some(seconds) = time.and_then(|seconds| u64::try_from(seconds).ok()) {
            return Ok(Self::At(Timestamp::from_unix_seconds(seconds)));
        }
        duration(text).map(Self::After).ok_or_else(|| {
            "must be a time (2027-01-31T12:00:00Z), a day (2027-01-31) or a duration (90d, 12h, 30m, 6w)".to_owned()
        })
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)))?;
    let is_number = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    let number: u64 = is_number.then(|| number.parse().ok()).flatten()?;
    number.checked_mul(*unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_expires_at_a_time_or_after_some() {
        let now = Timestamp::from_unix_seconds(1_798_761_600); // 2027-01-01
        let check = |text: &str, expected: Option<&str>| {
            let end = text.parse::<Expiry>().ok().and_then(|expiry| expiry.after(now).ok());
            assert_eq!(end.and_then(Timestamp::rfc3339).as_deref(), expected, "{text}");
        };
        check("2027-01-31T12:00:00Z", Some("2027-01-31T12:00:00Z"));
        check("2027-01-31T12:00:00+02:00", Some("2027-01-31T10:00:00Z"));
        check("2027-01-31", Some("2027-02-01T00:00:00Z"));
        check("90d", Some("2027-04-01T00:00:00Z"));
        check("12h", Some("2027-01-01T12:00:00Z"));
        check("6w", Some("2027-02-12T00:00:00Z"));
        check("1s", Some("2027-01-01T00:00:01Z"));
        for wrong in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1.5d",
            "90",
            "90D",
            "1y",
            "1 d",
            "soon",
            "2026-12-31",
            "2027-01-01T00:00:00Z",
            "1969-12-31",
            "99999999999999999999d",
            "18446744073709551615w",
            "9999999w",
            "2027-02-30",
            "2027-01-31T12:00:00",
        ] {
            check(wrong, None);
        }
    }
}
