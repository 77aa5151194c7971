//! The salts that visitors' codes are made with: a random one for each day, there before the day begins and deleted soon
//! after it is over, so that nobody can find out later whose code a code is.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use function::{
    log::{self, Level},
    with_causes,
};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use links::{CountError, CountsWriter, clicks::Salt};
use serde_json::json;
use tokio::time::timeout;

/// Days after which a salt is deleted.
const KEPT_DAYS: i64 = 2;
/// How many days are looked through for salts that should have been deleted. The table removes what is left behind.
const CLEANED_DAYS: i64 = 7;
/// Longest wait for the table. The salts are looked after at the next batch if it fails.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Looks after the salts.
#[derive(Debug)]
pub(crate) struct Salts {
    table: CountsWriter,
    /// The day that all is done for.
    done: Mutex<Option<Date>>,
    log_level: Level,
}

impl Salts {
    pub(crate) fn new(table: CountsWriter, log_level: Level) -> Self {
        Self { table, done: Mutex::new(None), log_level }
    }

    /// Makes the salts of today and tomorrow and deletes old ones, once a day. A failure is logged: clicks count without.
    pub(crate) async fn keep(&self, now: Timestamp) {
        let today = TimeZone::UTC.to_datetime(now).date();
        if *self.done.lock().unwrap_or_else(PoisonError::into_inner) == Some(today) {
            return;
        }
        let failed = match timeout(TIMEOUT, Box::pin(self.change(today))).await {
            Ok(Ok(())) => {
                *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
                return;
            }
            Ok(Err(error)) => with_causes(&error),
            Err(_elapsed) => format!("the table took longer than {TIMEOUT:?}"),
        };
        if self.log_level >= Level::Warn {
            log::write(Level::Warn, "the salts were not renewed", json!({ "error": failed }));
        }
    }

    async fn change(&self, today: Date) -> Result<(), CountError> {
        for day in [today, after(today, 1)] {
            self.table.put_salt(day, Salt::from_random(rand::random()), end_of(after(day, KEPT_DAYS))).await?;
        }
        for age in 0..CLEANED_DAYS {
            self.table.delete_salt(after(today, -KEPT_DAYS - age)).await?;
        }
        Ok(())
    }
}

/// The day so many days later.
fn after(day: Date, days: i64) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// The first second after a day.
pub(crate) fn end_of(day: Date) -> links::Timestamp {
    let midnight = TimeZone::UTC.to_timestamp(after(day, 1).at(0, 0, 0, 0));
    let seconds = midnight.map_or(i64::MAX, Timestamp::as_second);
    links::Timestamp::from_unix_seconds(u64::try_from(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        let end = end_of("2026-12-31".parse().unwrap());
        assert_eq!(end.rfc3339().as_deref(), Some("2027-01-01T00:00:00Z"));
        assert_eq!(after("2026-03-01".parse().unwrap(), -2).to_string(), "2026-02-27");
    }
}
