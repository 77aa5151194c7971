//! Times as shorteners write them.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use links::Timestamp;

/// Names of months and no numbers: 1/2/2026 is two days.
const FORMATS: [&str; 3] = ["%b %d, %Y", "%B %d, %Y", "%d %b %Y"];

/// Parses RFC 3339, also with a space, without a colon in the offset, or without an offset (then UTC); `Jan 31, 2026`;
/// what JavaScript prints; and seconds or milliseconds since the epoch. `None` outside the years 1970 to 9999.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<u64>() {
        // A hundred billion seconds are the year 5138.
        let seconds = if number < 100_000_000_000 { number } else { number / 1_000 };
        return timestamp(jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?);
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let time = text.parse::<jiff::Timestamp>().ok();
    let time = time.or_else(|| utc(text.parse::<DateTime>().ok()?)).or_else(|| named_month(text));
    timestamp(time.or_else(|| javascript(text))?)
}

fn utc(time: DateTime) -> Option<jiff::Timestamp> {
    time.to_zoned(TimeZone::UTC).map(|time| time.timestamp()).ok()
}

fn named_month(text: &str) -> Option<jiff::Timestamp> {
    let date = FORMATS.iter().find_map(|format| Date::strptime(format, text).ok())?;
    utc(date.into())
}

/// `Mon Sep 02 2024 10:00:00 GMT+0200 (Central European Summer Time)`
fn javascript(text: &str) -> Option<jiff::Timestamp> {
    let (text, _) = text.split_once(" (").unwrap_or((text, ""));
    BrokenDownTime::parse("%a %b %d %Y %H:%M:%S GMT%z", text).ok()?.to_timestamp().ok()
}

/// The same in seconds; `None` before 1970.
pub(super) fn timestamp(time: jiff::Timestamp) -> Option<Timestamp> {
    let seconds = u64::try_from(time.as_second()).ok()?;
    Some(Timestamp::from_unix_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(parse(text).map(Timestamp::unix_seconds), expected, "{text}");
        };
        check("2020-10-26T17:20:40+0000", Some(1_603_732_840));
        check("2020-10-26T17:20:40Z", Some(1_603_732_840));
        check("2020-10-26T19:20:40+02:00", Some(1_603_732_840));
        check("2020-10-26T17:20:40.123Z", Some(1_603_732_840));
        check("2020-10-26 17:20:40", Some(1_603_732_840));
        check("2020-10-26 17:20:40 UTC", Some(1_603_732_840));
        check("2020-10-26T17:20:40", Some(1_603_732_840));
        check("2020-10-26", Some(1_603_670_400));
        check("Oct 26, 2020", Some(1_603_670_400));
        check("October 26, 2020", Some(1_603_670_400));
        check("26 Oct 2020", Some(1_603_670_400));
        check("Mon Oct 26 2020 19:20:40 GMT+0200 (Central European Summer Time)", Some(1_603_732_840));
        check("1603732840", Some(1_603_732_840));
        check("1603732840123", Some(1_603_732_840));
        check("0000-00-00 00:00:00", None);
        check("1969-12-31T23:59:59Z", None);
        check("26.10.2020", None);
        check("10/26/2020", None);
        check("18446744073709551615", None);
        check("253402300800000", None);
        check("", None);
    }
}
