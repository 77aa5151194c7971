//! Where links are read: through DAX, and past it while it fails.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use links::{DaxStore, DynamoDbStore, Found, Freshness, LinkReader, Slug, StoreError};
use tokio::time::Instant;

use crate::Config;

/// How long DAX is left alone after a first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long it is left alone at most, after failure upon failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// DAX if there is one, and the table.
///
/// A failure of DAX costs the request its timeout; then a circuit breaker sends reads to the table directly for a
/// while, longer after each failure in a row. After each pause one request tries DAX again.
#[derive(Debug)]
pub struct Store {
    dax: Option<DaxStore>,
    breaker: Mutex<Breaker>,
    dynamodb: DynamoDbStore,
}

impl Store {
    /// The store that the settings describe. Nothing is sent yet.
    pub fn new(config: &Config) -> Self {
        Self {
            dax: config.dax.as_ref().map(|dax| DaxStore::new(dax, &config.dynamodb)),
            breaker: Mutex::default(),
            dynamodb: DynamoDbStore::new(&config.dynamodb),
        }
    }

    /// Connects to DAX, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; requests go to the table then.
    pub async fn connect(&self) -> Result<(), StoreError> {
        let Some(dax) = &self.dax else { return Ok(()) };
        let connected = dax.connect().await;
        self.note(connected.is_ok());
        connected
    }

    fn note(&self, succeeded: bool) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match succeeded {
            true => *breaker = Breaker::default(),
            false => breaker.open(Instant::now()),
        }
    }

    fn is_dax_due(&self) -> bool {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).is_closed(Instant::now())
    }
}

impl LinkReader for Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let Some(dax) = self.dax.as_ref().filter(|_| self.is_dax_due()) else {
            return self.dynamodb.read(slug, freshness).await;
        };
        match dax.read(slug, freshness).await {
            Err(StoreError::Unavailable { .. }) => {
                self.note(false);
                self.dynamodb.read(slug, freshness).await
            }
            answer => {
                self.note(true);
                answer
            }
        }
    }
}

/// Open after a failure, for a time that doubles with each further one.
#[derive(Debug, Default)]
struct Breaker {
    /// The end of the pause, and how long it is; none while all is well.
    pause: Option<(Instant, Duration)>,
}

impl Breaker {
    fn open(&mut self, now: Instant) {
        let length = self.pause.map_or(FIRST_PAUSE, |(_, length)| (2 * length).min(LONGEST_PAUSE));
        self.pause = Some((now + length, length));
    }

    fn is_closed(&self, now: Instant) -> bool {
        self.pause.is_none_or(|(end, _)| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        assert!(breaker.is_closed(start));
        let mut now = start;
        for seconds in [0.5, 1.0, 2.0, 4.0, 8.0, 8.0] {
            breaker.open(now);
            now += Duration::from_secs_f64(seconds);
            assert!(!breaker.is_closed(now - Duration::from_millis(1)), "{seconds}");
            assert!(breaker.is_closed(now), "{seconds}");
        }
    }
}
