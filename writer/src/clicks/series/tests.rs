//! Sums are the same in every time zone and unit.

use jiff::{ToSpan as _, tz::TimeZone};
use links::clicks::Counter;
use proptest::prelude::*;

use super::*;
use crate::http::query::Query;

fn range(query: &str) -> Range {
    let now = "2026-11-26T10:40:00Z".parse().unwrap();
    Range::take(&mut Query::parse(query), now).unwrap()
}

/// Days with clicks in these half hours.
fn days(clicks: &[(&str, u64)]) -> Vec<DayCounts> {
    let mut days = BTreeMap::new();
    for (time, clicks) in clicks {
        let (date, slot) = Slot::of(time.parse().unwrap());
        days.entry(date).or_insert_with(|| DayCounts::new(date)).add(Counter::People(slot), *clicks);
    }
    days.into_values().collect()
}

fn shown(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

/// Buckets as `start clicks`.
#[track_caller]
fn check(query: &str, clicks: &[(&str, u64)], expected: &[&str]) {
    let found = series(&range(query), &days(clicks));
    let found: Vec<_> = found.iter().map(|bucket| format!("{} {}", shown(&bucket.start), bucket.people)).collect();
    assert_eq!(found, expected, "{query}");
}

#[test]
fn days_are_those_of_the_time_zone() {
    let clicks = [
        ("2026-10-24T21:59:00Z", 1),
        ("2026-10-24T22:00:00Z", 2),
        ("2026-10-25T22:59:00Z", 4),
        ("2026-10-25T23:00:00Z", 8),
    ];
    check(
        "from=2026-10-24&to=2026-10-26&timezone=Europe/Berlin",
        &clicks,
        &["2026-10-24T00:00+02:00 1", "2026-10-25T00:00+02:00 6", "2026-10-26T00:00+01:00 8"],
    );
    check("from=2026-10-24&to=2026-10-25", &clicks, &["2026-10-24T00:00+00:00 3", "2026-10-25T00:00+00:00 12"]);
    // 23 hours.
    check(
        "from=2026-03-29&to=2026-03-29&timezone=Europe/Berlin",
        &[("2026-03-28T23:00:00Z", 1), ("2026-03-29T21:30:00Z", 2), ("2026-03-29T22:00:00Z", 4)],
        &["2026-03-29T00:00+01:00 3"],
    );
}

#[test]
fn half_hour_offsets_are_exact() {
    let clicks = [("2026-11-25T18:29:00Z", 1), ("2026-11-25T18:30:00Z", 2), ("2026-11-26T18:29:59Z", 4)];
    check(
        "from=2026-11-25&to=2026-11-26&timezone=Asia/Kolkata",
        &clicks,
        &["2026-11-25T00:00+05:30 1", "2026-11-26T00:00+05:30 6"],
    );
    check(
        "from=2026-11-25T23:00:00%2B05:30&to=2026-11-26T01:00:00%2B05:30&unit=hour&timezone=Asia/Kolkata",
        &clicks,
        &["2026-11-25T23:00+05:30 1", "2026-11-26T00:00+05:30 2"],
    );
    // To the half hour in which a click was, which begins at a quarter to.
    check(
        "from=2026-11-26&to=2026-11-26&timezone=Asia/Kathmandu",
        &[("2026-11-25T18:14:00Z", 1), ("2026-11-25T18:20:00Z", 2), ("2026-11-25T18:30:00Z", 4)],
        &["2026-11-26T00:00+05:45 4"],
    );
}

#[test]
fn years_and_months_end_with_the_time_zone() {
    let clicks = [("2025-12-31T22:30:00Z", 1), ("2025-12-31T23:00:00Z", 2), ("2026-01-01T00:00:00Z", 4)];
    check(
        "from=2025-12-15&to=2026-01-31&unit=month&timezone=Europe/Berlin",
        &clicks,
        &["2025-12-15T00:00+01:00 1", "2026-01-01T00:00+01:00 6"],
    );
    check(
        "from=2025-12-31&to=2026-01-01&unit=month",
        &clicks,
        &["2025-12-31T00:00+00:00 3", "2026-01-01T00:00+00:00 4"],
    );
}

#[test]
fn an_hour_that_comes_twice_is_two_hours() {
    check(
        "from=2026-10-25T00:00:00Z&to=2026-10-25T02:30:00Z&unit=hour&timezone=Europe/Berlin",
        &[("2026-10-25T00:30:00Z", 1), ("2026-10-25T01:30:00Z", 2), ("2026-10-25T02:00:00Z", 4)],
        &["2026-10-25T02:00+02:00 1", "2026-10-25T02:00+01:00 2", "2026-10-25T03:00+01:00 4"],
    );
    // Clocks are put back by half an hour.
    check(
        "from=2026-04-04T14:00:00Z&to=2026-04-04T16:30:00Z&unit=hour&timezone=Australia/Lord_Howe",
        &[("2026-04-04T14:30:00Z", 1), ("2026-04-04T15:00:00Z", 2), ("2026-04-04T15:30:00Z", 4)],
        &["2026-04-05T01:00+11:00 1", "2026-04-05T01:30+10:30 2", "2026-04-05T02:00+10:30 4"],
    );
}

/// In St. John's clocks were put back one minute after midnight, so that the last hour of a day came again after it.
#[test]
fn a_day_that_comes_again_is_one_day() {
    check(
        "from=2010-11-06&to=2010-11-07&timezone=America/St_Johns",
        &[
            ("2010-11-07T02:00:00Z", 1),
            ("2010-11-07T02:30:00Z", 2),
            ("2010-11-07T03:00:00Z", 4),
            ("2010-11-07T03:30:00Z", 8),
        ],
        &["2010-11-06T00:00-02:30 5", "2010-11-07T00:00-02:30 10"],
    );
}

#[test]
fn visitors_are_those_of_the_days_that_have_their_noon_there() {
    let mut days = days(&[("2026-11-25T08:00:00Z", 9), ("2026-11-26T08:00:00Z", 9)]);
    (days[0].visitors, days[1].visitors) = (5, 7);
    let check = |query: &str, expected: &[Option<u64>], sum: u64| {
        let range = range(query);
        let found: Vec<_> = series(&range, &days).iter().map(|bucket| bucket.visitors).collect();
        assert_eq!((found.as_slice(), visitors(&range, &days)), (expected, sum), "{query}");
    };
    check("from=2026-11-25&to=2026-11-26", &[Some(5), Some(7)], 12);
    check("from=2026-11-25&to=2026-11-26&timezone=Asia/Tokyo", &[Some(5), Some(7)], 12);
    check("from=2026-11-26&to=2026-11-27&timezone=Pacific/Auckland", &[Some(5), Some(7)], 12);
    check("from=2026-11-01&to=2026-11-30&unit=month", &[Some(12)], 12);
    check("from=2026-11-25T08:00:00Z&to=2026-11-25T09:00:00Z&unit=hour", &[None], 5);
    check("from=2026-11-25T08:00:00Z&to=2026-11-25T09:00:00Z", &[Some(5)], 5);
}

#[test]
fn breakdowns_begin_with_the_most_and_have_an_end() {
    let mut day = DayCounts::new("2026-11-25".parse().unwrap());
    let mut add = |facet, value: &str, clicks| day.add(Counter::By(facet, value.into()), clicks);
    for number in 0..150_u64 {
        add(Facet::Referrer, &format!("{number:03}.example"), 1_000 - number);
    }
    for (value, clicks) in [("DE", 1), ("", 3), ("FR", 3), ("AT", 0)] {
        add(Facet::Country, value, clicks);
    }
    add(Facet::Referrer, REST, 7);
    let (range, days) = (range("from=2026-11-25&to=2026-11-26"), [day]);
    let countries = breakdown(&range, &days, Facet::Country);
    assert_eq!(countries, [("", 3), ("FR", 3), ("DE", 1)].map(|(value, clicks)| (value.to_owned(), clicks)));
    let referrers = breakdown(&range, &days, Facet::Referrer);
    let beyond: u64 = (100..150).map(|number| 1_000 - number).sum();
    assert_eq!(referrers.len(), MAX_VALUES + 1);
    assert_eq!(referrers.last(), Some(&(REST.to_owned(), beyond + 7)));
    assert!(breakdown(&range, &days, Facet::Os).is_empty());
}

/// Zones with odd offsets, days of odd lengths, and a day too few.
const ZONES: [&str; 14] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/Scoresbysund",
];

proptest! {
    #[test]
    fn every_series_adds_up_to_what_was_counted(
        zone in prop::sample::select(&ZONES[..]),
        first in prop::sample::select(&["2011-12-20", "2025-12-20", "2026-03-20", "2026-09-01", "2026-10-20", "2028-02-20"][..]),
        begin in 0_i64..20,
        length in 1_i64..31,
        clicks in prop::collection::vec((0_i64..(50 * 48), 1_u64..1_000), 0..200),
    ) {
        let first: Date = first.parse().unwrap();
        let origin = first.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let mut counted = BTreeMap::<Date, DayCounts>::new();
        for (half_hour, clicks) in &clicks {
            let (date, slot) = Slot::of(origin + (half_hour * 30).minutes());
            counted.entry(date).or_insert_with(|| DayCounts::new(date)).add(Counter::People(slot), *clicks);
        }
        let counted: Vec<_> = counted.into_values().collect();
        let (from, to) = (first + begin.days(), first + (begin + length - 1).days());
        // A day that Samoa left out, and nothing else.
        prop_assume!(from != to || from != Date::constant(2011, 12, 30));
        let zone_name = zone;
        let of = |unit: &str| {
            let range = range(&format!("from={from}&to={to}&unit={unit}&timezone={zone_name}"));
            let buckets = series(&range, &counted);
            (range, buckets)
        };
        let (range, half_hours) = of("half_hour");
        let expected: u64 = clicks
            .iter()
            .map(|(half_hour, clicks)| (origin + (half_hour * 30).minutes(), clicks))
            .filter(|(time, _)| (range.from.timestamp()..range.to.timestamp()).contains(time))
            .map(|(_, clicks)| clicks)
            .sum();
        prop_assert_eq!(half_hours.iter().map(|bucket| bucket.people).sum::<u64>(), expected);
        for unit in ["hour", "day", "month"] {
            let (range, buckets) = of(unit);
            prop_assert_eq!(buckets.iter().map(|bucket| bucket.people).sum::<u64>(), expected, "{}", unit);
            // In order, none twice, and each has what lies between its start and the next.
            let starts: Vec<_> = buckets.iter().map(|bucket| bucket.start.timestamp()).collect();
            prop_assert!(starts.is_sorted_by(|a, b| a < b), "{:?}", starts);
            prop_assert_eq!(starts.first(), Some(&range.from.timestamp()));
            for (index, bucket) in buckets.iter().enumerate() {
                let end = starts.get(index + 1).copied().unwrap_or_else(|| range.to.timestamp());
                let within = half_hours.iter().filter(|half| (bucket.start.timestamp()..end).contains(&half.start.timestamp()));
                let sum: u64 = within.map(|half| half.people).sum();
                prop_assert_eq!(sum, bucket.people, "{} {}", unit, &bucket.start);
            }
        }
    }
}
