//! The time that a click counts for.
//!
//! Sums of days that are over are folded into totals, so a click that comes days late counts for the time when it came. That
//! time is the stream's, not the clock's: when a batch is repeated, each click has to count in the same item again.

use jiff::{SignedDuration, Timestamp};

/// How late a click may come and still count for the time when it happened.
const LATE: SignedDuration = SignedDuration::from_hours(48);
/// How far the clock of an execution environment may be ahead. CloudWatch Logs takes no later events.
const AHEAD: SignedDuration = SignedDuration::from_hours(2);
/// How long a record waits in the stream at most, unless the operator has extended it. Days are folded after three: `LATE` and
/// this.
const WAIT: SignedDuration = SignedDuration::from_hours(24);

/// When a record came: when the stream received it, but not more than a day ago.
pub(super) fn arrival(received: Option<Timestamp>, now: Timestamp) -> Timestamp {
    received.filter(|received| now.duration_since(*received) <= WAIT).unwrap_or(now)
}

/// The time that a click counts for.
pub(super) fn counted(happened: Timestamp, arrival: Timestamp) -> Timestamp {
    let age = arrival.duration_since(happened);
    if age > LATE || age < -AHEAD { arrival } else { happened }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-11-27T12:00:00Z";

    #[test]
    fn late_and_early_clicks_count_when_they_came() {
        let check = |happened: &str, expected: &str| {
            let [happened, noon, expected] = [happened, NOON, expected].map(|time| time.parse().unwrap());
            assert_eq!(counted(happened, noon), expected, "{happened}");
        };
        check("2026-11-27T11:59:40Z", "2026-11-27T11:59:40Z");
        check("2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z");
        check("2026-11-25T11:59:59Z", NOON);
        check("2026-11-27T14:00:00Z", "2026-11-27T14:00:00Z");
        check("2026-11-27T14:00:01Z", NOON);
    }

    #[test]
    fn the_stream_says_when_a_record_came_unless_it_waited_for_more_than_a_day() {
        let check = |received: Option<&str>, expected: &str| {
            let received = received.map(|time| time.parse().unwrap());
            assert_eq!(arrival(received, NOON.parse().unwrap()), expected.parse().unwrap(), "{received:?}");
        };
        check(Some("2026-11-27T11:59:00Z"), "2026-11-27T11:59:00Z");
        check(Some("2026-11-26T12:00:00Z"), "2026-11-26T12:00:00Z");
        check(Some("2026-11-26T11:59:59Z"), NOON);
        check(None, NOON);
    }
}
