//! The salts of today and tomorrow.
//!
//! A request never waits for one: it tells a task in the background, and its click is counted without a visitor.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use function::{
    log::{self, Level},
    with_causes,
};
use jiff::civil::Date;
use links::{
    SaltReader, StoreError,
    clicks::{Salt, Slot},
};
use serde_json::json;
use tokio::sync::Notify;

const DAY: u64 = 86_400;

/// When to ask again for a salt of today that nobody has made yet: the first clicks of a new table are waiting for it.
const SOON: u64 = 2;
/// When to ask again after a failure.
const AFTER_FAILURE: u64 = 30;
/// When to ask again for tomorrow's.
const LATER: u64 = 3_600;

/// The salts that are known. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Salts(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    // Never held across an await.
    known: Mutex<Known>,
    /// Somebody needs a salt.
    wanted: Notify,
    /// The salts were asked for once, whatever came of it.
    tried: Notify,
}

#[derive(Debug, Default)]
struct Known {
    /// With the days that they belong to, counted from the epoch.
    salts: Vec<(u64, Salt)>,
    /// When to ask, in seconds since the epoch.
    next: u64,
}

impl Known {
    fn of(&self, day: u64) -> Option<Salt> {
        self.salts.iter().find(|(of, _)| *of == day).map(|(_, salt)| *salt)
    }
}

impl Salts {
    /// The salt of a time, if it is known. If not, or if that of the next day is to be read, the task in the background is
    /// told.
    pub(crate) fn at(&self, now: SystemTime) -> Option<Salt> {
        let seconds = seconds(now);
        let mut known = self.known();
        if known.next <= seconds {
            // Not told again while it reads.
            known.next = seconds + SOON;
            self.0.wanted.notify_one();
        }
        known.of(seconds / DAY)
    }

    /// Reads salts now, and then whenever they are needed. Does not end.
    pub async fn keep(self, reader: impl SaltReader, clock: fn() -> SystemTime, log_level: Level) {
        loop {
            let now = seconds(clock());
            let next = match self.read(&reader, now / DAY).await {
                Ok(()) => self.known().next_after(now),
                Err(error) => {
                    if log_level >= Level::Warn {
                        log::write(Level::Warn, "no salt for visitors", json!({ "error": with_causes(&error) }));
                    }
                    now + AFTER_FAILURE
                }
            };
            self.known().next = next;
            self.0.tried.notify_one();
            self.0.wanted.notified().await;
        }
    }

    /// Waits until the salts have been asked for once.
    pub async fn tried(&self) {
        self.0.tried.notified().await;
    }

    async fn read(&self, reader: &impl SaltReader, today: u64) -> Result<(), StoreError> {
        self.known().salts.retain(|(day, _)| *day >= today);
        for day in [today, today + 1] {
            let is_known = self.known().of(day).is_some();
            if let (false, Some(date)) = (is_known, date(day)) {
                let salt = reader.salt(date).await?;
                self.known().salts.extend(salt.map(|salt| (day, salt)));
            }
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Salts {
    /// Of which one is known.
    pub(crate) fn knowing(now: SystemTime, salt: Salt) -> Self {
        let salts = Self::default();
        salts.known().salts.push((seconds(now) / DAY, salt));
        salts
    }
}

impl Known {
    /// When to ask again, after everything there is was read.
    fn next_after(&self, now: u64) -> u64 {
        let (today, tomorrow) = (now / DAY, (now / DAY + 1) * DAY);
        match (self.of(today), self.of(today + 1)) {
            (None, _) => now + SOON,
            (Some(_), None) => (now + LATER).min(tomorrow),
            (Some(_), Some(_)) => tomorrow,
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// `None` after the year 9999.
fn date(day: u64) -> Option<Date> {
    let start = UNIX_EPOCH.checked_add(Duration::from_secs(day.checked_mul(DAY)?))?;
    Some(Slot::of(start.try_into().ok()?).0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// 2027-01-01.
    const TODAY: u64 = 1_798_761_600 / DAY;

    thread_local! {
        static NOW: AtomicU64 = const { AtomicU64::new(TODAY * DAY) };
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.with(|now| now.load(Ordering::Relaxed)))
    }

    fn pass(seconds: u64) {
        NOW.with(|now| now.fetch_add(seconds, Ordering::Relaxed));
    }

    /// Salts in a list, and the days that were asked for.
    #[derive(Default)]
    struct Table {
        made: Mutex<Vec<(&'static str, u8)>>,
        asked: Mutex<Vec<String>>,
        fails: Mutex<bool>,
    }

    impl SaltReader for &Table {
        async fn salt(&self, day: Date) -> Result<Option<Salt>, StoreError> {
            self.asked.lock().unwrap().push(day.to_string());
            if *self.fails.lock().unwrap() {
                return Err(StoreError::Unavailable { operation: "GetItem", source: "down".into() });
            }
            let made = self.made.lock().unwrap();
            let salt = made.iter().find(|(of, _)| *of == day.to_string());
            Ok(salt.map(|(_, byte)| Salt::from_random([*byte; Salt::BYTES])))
        }
    }

    struct Fixture {
        table: &'static Table,
        salts: Salts,
    }

    impl Fixture {
        async fn start(made: &[(&'static str, u8)]) -> Self {
            let table: &'static Table = Box::leak(Box::default());
            *table.made.lock().unwrap() = made.to_vec();
            let salts = Salts::default();
            tokio::spawn(salts.clone().keep(table, now, Level::Off));
            salts.tried().await;
            Self { table, salts }
        }

        /// The first byte of the salt that a request gets. The task in the background then does what there is to do.
        async fn request(&self) -> Option<u8> {
            let salt = self.salts.at(now());
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            salt.map(|salt| salt.as_bytes()[0])
        }

        fn asked(&self) -> Vec<String> {
            std::mem::take(&mut *self.table.asked.lock().unwrap())
        }
    }

    #[tokio::test]
    async fn a_salt_is_read_once_a_day_and_a_day_ahead() {
        let fixture = Fixture::start(&[("2027-01-01", 1), ("2027-01-02", 2), ("2027-01-03", 3)]).await;
        assert_eq!(fixture.asked(), ["2027-01-01", "2027-01-02"]);
        for seconds in [0, 43_200, 43_199] {
            pass(seconds);
            assert_eq!((fixture.request().await, fixture.asked()), (Some(1), vec![]));
        }
        pass(1);
        assert_eq!((fixture.request().await, fixture.asked()), (Some(2), vec!["2027-01-03".to_owned()]));
        assert_eq!((fixture.request().await, fixture.asked()), (Some(2), vec![]));
        pass(DAY);
        assert_eq!(fixture.request().await, Some(3));
    }

    #[tokio::test]
    async fn a_salt_that_is_made_later_is_found_soon() {
        let fixture = Fixture::start(&[]).await;
        fixture.asked();
        assert_eq!((fixture.request().await, fixture.asked()), (None, vec![]));
        *fixture.table.made.lock().unwrap() = vec![("2027-01-01", 1)];
        pass(SOON);
        assert_eq!(fixture.request().await, None, "nobody waits");
        assert_eq!((fixture.request().await, fixture.asked().len()), (Some(1), 2));
        pass(LATER - 1);
        assert_eq!((fixture.request().await, fixture.asked()), (Some(1), vec![]));
        pass(1);
        assert_eq!((fixture.request().await, fixture.asked()), (Some(1), vec!["2027-01-02".to_owned()]));
    }

    #[tokio::test]
    async fn a_failing_table_is_left_alone_for_a_while() {
        let fixture = Fixture::start(&[("2027-01-01", 1)]).await;
        *fixture.table.fails.lock().unwrap() = true;
        fixture.asked();
        pass(DAY);
        for seconds in [0, AFTER_FAILURE - 1] {
            pass(seconds);
            assert_eq!(fixture.request().await, None);
        }
        assert_eq!(fixture.asked(), ["2027-01-02"]);
        *fixture.table.fails.lock().unwrap() = false;
        *fixture.table.made.lock().unwrap() = vec![("2027-01-02", 2)];
        pass(1);
        fixture.request().await;
        assert_eq!(fixture.request().await, Some(2));
    }
}
