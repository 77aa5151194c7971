//! The part of the counts that a request asks for.

use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned, civil::Date, tz::TimeZone};

use super::zone::time_zone;
use crate::http::{
    problem::Problem,
    query::{Query, refused},
};

/// How the table divides time.
const HALF_HOUR: SignedDuration = SignedDuration::from_mins(30);
const HALF_DAY: SignedDuration = SignedDuration::from_hours(12);
/// The shortest time there is.
const INSTANT: SignedDuration = SignedDuration::from_nanos(1);

/// Days of a range whose beginning is not given.
const DEFAULT_DAYS: i64 = 30;
/// Months of a range in months whose beginning is not given.
const DEFAULT_MONTHS: i64 = 12;
/// Years in which clicks may be asked for, so that no calculation leaves the calendar.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9000;

/// How a range is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    HalfHour,
    Hour,
    Day,
    Month,
}

impl Unit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HalfHour => "half_hour",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::HalfHour, Self::Hour, Self::Day, Self::Month].into_iter().find(|unit| unit.name() == name)
    }

    /// Whether it is a day or longer, so that there are visitors in it.
    pub(crate) const fn has_visitors(self) -> bool {
        matches!(self, Self::Day | Self::Month)
    }

    const fn max_days(self) -> i64 {
        if self.has_visitors() { 400 } else { 31 }
    }
}

/// A time, or a day in the time zone of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Day(Date),
    Time(Timestamp),
}

impl Bound {
    const EXPECTED: &'static str = "a date such as 2026-11-26, or a time such as 2026-11-26T12:00:00Z";

    fn parse(text: &str) -> Option<Self> {
        let is_date = text.len() == "2026-11-26".len();
        // In a query, a plus that is not encoded is a blank.
        let bound =
            if is_date { Self::Day(text.parse().ok()?) } else { Self::Time(text.replace(' ', "+").parse().ok()?) };
        let year = match bound {
            Self::Day(day) => day.year(),
            Self::Time(time) => TimeZone::UTC.to_datetime(time).year(),
        };
        YEARS.contains(&year).then_some(bound)
    }

    /// Where a range begins that begins with it.
    fn first(self, zone: &TimeZone) -> Option<Zoned> {
        match self {
            Self::Day(day) => midnight(day, zone),
            Self::Time(time) => Some(time.to_zoned(zone.clone())),
        }
    }

    /// Where a range ends whose last day it is, or that ends at this time.
    fn last(self, zone: &TimeZone) -> Option<Zoned> {
        match self {
            Self::Day(day) => midnight(day.tomorrow().ok()?, zone),
            Self::Time(time) => Some(time.to_zoned(zone.clone())),
        }
    }
}

/// The first moment of a day, which is not midnight where clocks are put forward then.
pub(super) fn midnight(day: Date, zone: &TimeZone) -> Option<Zoned> {
    day.to_zoned(zone.clone()).ok()
}

/// A range of time in a time zone, and how it is divided. It is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    pub(crate) from: Zoned,
    /// The first moment after it.
    pub(crate) to: Zoned,
    pub(crate) unit: Unit,
}

impl Range {
    /// Takes the parameters `from`, `to`, `unit` and `timezone`.
    pub(crate) fn take(query: &mut Query, now: Timestamp) -> Result<Self, Problem> {
        let unit = query.parsed("unit", Unit::from_name, "half_hour, hour, day or month")?.unwrap_or(Unit::Day);
        let zone = query.parsed("timezone", time_zone, "the name of a time zone, such as Europe/Berlin")?;
        let zone = zone.unwrap_or(TimeZone::UTC);
        let from = query.parsed("from", Bound::parse, Bound::EXPECTED)?;
        let to = query.parsed("to", Bound::parse, Bound::EXPECTED)?;
        let to = to.map_or_else(|| current_end(unit, now, &zone), |to| to.last(&zone));
        let to = to.ok_or_else(|| refused("to", Bound::EXPECTED))?;
        let from = from.map_or_else(|| usual_begin(unit, &to), |from| from.first(&zone));
        let from = from.ok_or_else(|| refused("from", Bound::EXPECTED))?;
        if from >= to {
            return Err(refused("from", "before the end of the range"));
        }
        if from.checked_add(unit.max_days().days()).is_ok_and(|limit| limit < to) {
            let expected = "at most 400 days before the end of the range, or 31 days with a unit below a day";
            return Err(refused("from", expected));
        }
        Ok(Self { from, to, unit })
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        self.from.time_zone()
    }

    /// The name of its time zone.
    pub(crate) fn zone_name(&self) -> &str {
        self.zone().iana_name().unwrap_or("UTC")
    }

    /// Where each half hour in UTC begins that begins in the range.
    pub(crate) fn half_hours(&self) -> impl Iterator<Item = Timestamp> {
        let first = at_least(self.from.timestamp());
        let end = self.to.timestamp();
        std::iter::successors(first, |time| time.checked_add(HALF_HOUR).ok()).take_while(move |time| *time < end)
    }

    /// The first and the last day in UTC that have a part in the range.
    pub(crate) fn days(&self) -> (Date, Date) {
        (utc_date(self.from.timestamp()), utc_date(before(self.to.timestamp(), INSTANT)))
    }

    /// The first and the last of the days in UTC whose visitors and breakdowns the range has. A day belongs to where its
    /// noon is, which is the local day that shares most of its hours; a range without a noon has all that it touches.
    pub(crate) fn whole_days(&self) -> (Date, Date) {
        let first = utc_date(before(self.from.timestamp(), HALF_DAY + INSTANT)).tomorrow();
        let last = utc_date(before(self.to.timestamp(), HALF_DAY + INSTANT));
        match first {
            Ok(first) if first <= last => (first, last),
            _ => self.days(),
        }
    }
}

/// Where a range ends that goes up to now: with the current day, or the current half hour. Until then its answers have the
/// same times, so that a client that has one already can be told so.
fn current_end(unit: Unit, now: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    if unit.has_visitors() {
        return midnight(zone.to_datetime(now).date().tomorrow().ok()?, zone);
    }
    Some(at_least(now.checked_add(INSTANT).ok()?)?.to_zoned(zone.clone()))
}

/// Where a range begins unless it is said.
fn usual_begin(unit: Unit, to: &Zoned) -> Option<Zoned> {
    let last_day = to.checked_sub(INSTANT).ok()?.date();
    let zone = to.time_zone();
    match unit {
        Unit::HalfHour | Unit::Hour => to.checked_sub(DEFAULT_DAYS.days()).ok(),
        Unit::Day => midnight(last_day.checked_sub((DEFAULT_DAYS - 1).days()).ok()?, zone),
        Unit::Month => midnight(last_day.first_of_month().checked_sub((DEFAULT_MONTHS - 1).months()).ok()?, zone),
    }
}

/// The first full or half hour in UTC that is not before a time.
fn at_least(time: Timestamp) -> Option<Timestamp> {
    let length = HALF_HOUR.as_secs();
    let is_between = time.subsec_nanosecond() > 0;
    let seconds = time.as_second().checked_add(i64::from(is_between))?;
    let rest = seconds.rem_euclid(length);
    Timestamp::from_second(if rest == 0 { seconds } else { seconds.checked_add(length - rest)? }).ok()
}

fn before(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(time)
}

fn utc_date(time: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(time).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-26T10:40:00Z";

    fn range(query: &str) -> Result<Range, Problem> {
        let mut query = Query::parse(query);
        let range = Range::take(&mut query, NOW.parse().unwrap())?;
        query.finish().map(|()| range)
    }

    #[track_caller]
    fn check(query: &str, from: &str, to: &str) {
        let range = range(query).unwrap();
        let shown = |time: &Zoned| time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        assert_eq!([shown(&range.from), shown(&range.to)], [from, to], "{query}");
    }

    #[test]
    fn a_range_has_usual_ends() {
        check("", "2026-10-28T00:00:00+00:00", "2026-11-27T00:00:00+00:00");
        check("timezone=Europe/Berlin", "2026-10-28T00:00:00+01:00", "2026-11-27T00:00:00+01:00");
        check("timezone=Europe/Berlin&to=2026-11-10", "2026-10-12T00:00:00+02:00", "2026-11-11T00:00:00+01:00");
        check("timezone=Pacific/Auckland", "2026-10-28T00:00:00+13:00", "2026-11-27T00:00:00+13:00");
        check("unit=month", "2025-12-01T00:00:00+00:00", "2026-11-27T00:00:00+00:00");
        check("unit=hour", "2026-10-27T11:00:00+00:00", "2026-11-26T11:00:00+00:00");
        check("unit=half_hour&timezone=Asia/Kolkata", "2026-10-27T16:30:00+05:30", "2026-11-26T16:30:00+05:30");
    }

    #[test]
    fn ends_are_days_or_times() {
        check("from=2026-01-01&to=2026-01-01", "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00");
        check(
            "from=2026-01-01T10:00:00Z&to=2026-01-01T12:30:00%2B01:00&timezone=Europe/Berlin",
            "2026-01-01T11:00:00+01:00",
            "2026-01-01T12:30:00+01:00",
        );
        // As a plus arrives that was not encoded.
        check("from=2026-01-01T10:00:00+01:00&to=2026-01-01", "2026-01-01T09:00:00+00:00", "2026-01-02T00:00:00+00:00");
        // Where clocks are put forward at midnight, a day begins at one.
        check(
            "from=2026-09-06&to=2026-09-06&timezone=America/Santiago",
            "2026-09-06T01:00:00-03:00",
            "2026-09-07T00:00:00-03:00",
        );
        // A day that Samoa left out.
        let samoa = "from=2011-12-29&to=2011-12-30&timezone=Pacific/Apia";
        check(samoa, "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for (query, parameter) in [
            ("unit=week", "unit"),
            ("unit=", "unit"),
            ("timezone=Berlin", "timezone"),
            ("timezone=", "timezone"),
            ("from=yesterday", "from"),
            ("from=2026-02-30", "from"),
            ("from=2026-11-26T12:00:00", "from"),
            ("from=0001-01-01&to=0001-01-02", "from"),
            ("to=9999-12-31", "to"),
            ("to=9999-12-31T23:59:59Z", "to"),
            ("to=", "to"),
            ("from=2026-11-27", "from"),
            ("from=2026-01-02&to=2026-01-01", "from"),
            ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
            ("from=2025-10-22", "from"),
            ("from=2026-10-01&to=2026-11-01&unit=hour", "from"),
            ("from=2026-11-01&from=2026-11-02", "from"),
            ("since=2026-11-01", "since"),
        ] {
            let problem = range(query).unwrap_err();
            let text = format!("{problem:?}");
            assert!(text.contains(&format!("parameter: \"{parameter}\"")), "{query}: {text}");
        }
        for query in [
            "from=2025-10-23",
            "from=2026-10-01&to=2026-10-31&unit=hour",
            // 31 days, one of them with 25 hours.
            "from=2026-10-01&to=2026-10-31&unit=half_hour&timezone=Europe/Berlin",
            "from=8000-01-01&to=8000-01-02",
        ] {
            assert!(range(query).is_ok(), "{query}");
        }
    }

    #[test]
    fn half_hours_begin_in_the_range() {
        let check = |query: &str, count: usize, first: &str| {
            let range = range(query).unwrap();
            let half_hours: Vec<_> = range.half_hours().collect();
            assert_eq!((half_hours.len(), half_hours[0].to_string().as_str()), (count, first), "{query}");
        };
        check("from=2026-11-25&to=2026-11-25", 48, "2026-11-25T00:00:00Z");
        check("from=2026-03-29&to=2026-03-29&timezone=Europe/Berlin", 46, "2026-03-28T23:00:00Z");
        check("from=2026-10-25&to=2026-10-25&timezone=Europe/Berlin", 50, "2026-10-24T22:00:00Z");
        check("from=2026-04-05&to=2026-04-05&timezone=Australia/Lord_Howe", 49, "2026-04-04T13:00:00Z");
        check("from=2026-01-01&to=2026-01-01&timezone=Asia/Kathmandu", 48, "2025-12-31T18:30:00Z");
        check("from=2026-01-01T12:00:00.5Z&to=2026-01-01T13:00:01Z", 2, "2026-01-01T12:30:00Z");
    }

    #[test]
    fn a_day_in_utc_belongs_to_where_its_noon_is() {
        let check = |query: &str, first: &str, last: &str| {
            let (from, to) = range(query).unwrap().whole_days();
            assert_eq!([from.to_string(), to.to_string()], [first, last], "{query}");
        };
        check("from=2026-11-01&to=2026-11-03", "2026-11-01", "2026-11-03");
        for zone in ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Pago_Pago"] {
            check(&format!("from=2026-11-01&to=2026-11-03&timezone={zone}"), "2026-11-01", "2026-11-03");
        }
        check("from=2026-11-01&to=2026-11-03&timezone=Pacific/Auckland", "2026-10-31", "2026-11-02");
        // Without a noon.
        check("from=2026-11-01T20:00:00Z&to=2026-11-02T04:00:00Z", "2026-11-01", "2026-11-02");
        check("from=2026-11-01T20:00:00Z&to=2026-11-02T00:00:00Z", "2026-11-01", "2026-11-01");
        check("from=2026-11-01T12:00:00Z&to=2026-11-02T12:00:00Z", "2026-11-01", "2026-11-01");
    }
}
