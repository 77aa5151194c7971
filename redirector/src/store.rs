//! Where links are read: through DAX, and directly while it fails.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use links::{DaxReader, DaxSettings, DynamoDbReader, Found, Freshness, LinkReader, Slug, StoreError};
use tokio::time::{Instant, timeout};

use crate::Config;

/// How long reads bypass DAX after a first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long they bypass it at most, after repeated failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// How much longer than DAX's own deadline a read of it may take. Every wait within the client ends at that deadline; the
/// request does not depend on it.
const DAX_GRACE: Duration = Duration::from_millis(50);
/// Longest time for a read of DAX, whatever is configured: the function is stopped after 5 s, and by then the table has to
/// have been asked, which takes up to 2 s.
const DAX_LIMIT: Duration = Duration::from_secs(2);

/// DAX if there is one, and the table.
///
/// A failure of DAX costs the request its timeout; then a circuit breaker sends reads to the table directly for a
/// while, longer after each failure in a row. After each pause one request tries DAX again.
///
/// It reads:
///
/// ```
/// fn reads(_: impl links::LinkReader) {}
/// fn check(store: redirector::Store) {
///     reads(store);
/// }
/// ```
///
/// and cannot write:
///
/// ```compile_fail,E0277
/// fn writes(_: impl links::LinkWriter) {}
/// fn check(store: redirector::Store) {
///     writes(store);
/// }
/// ```
#[derive(Debug)]
pub struct Store {
    dax: Option<DaxReader>,
    /// Longest time for a read of DAX.
    dax_limit: Duration,
    breaker: Mutex<Breaker>,
    dynamodb: DynamoDbReader,
}

impl Store {
    /// The store that the settings describe. Nothing is sent yet.
    pub fn new(config: &Config) -> Self {
        let dax_time = config.dax.as_ref().map_or(Duration::ZERO, DaxSettings::total_timeout);
        Self {
            dax_limit: (dax_time + DAX_GRACE).min(DAX_LIMIT),
            dax: config.dax.as_ref().map(|dax| DaxReader::new(dax, &config.dynamodb)),
            breaker: Mutex::default(),
            dynamodb: DynamoDbReader::new(&config.dynamodb),
        }
    }

    /// Connects to DAX, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; requests then go to the table.
    pub async fn connect(&self) -> Result<(), StoreError> {
        let Some(dax) = &self.dax else { return Ok(()) };
        let connected = dax.connect().await;
        self.record(connected.is_ok());
        connected
    }

    /// Records whether DAX responded.
    fn record(&self, succeeded: bool) {
        if succeeded {
            *self.breaker() = Breaker::default();
        } else {
            self.breaker().open(Instant::now());
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkReader for Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let Some(dax) = self.dax.as_ref().filter(|_| self.breaker().is_closed(Instant::now())) else {
            return self.dynamodb.read(slug, freshness).await;
        };
        match timeout(self.dax_limit, dax.read(slug, freshness)).await {
            Err(_) | Ok(Err(StoreError::Unavailable { .. })) => {
                self.record(false);
                self.dynamodb.read(slug, freshness).await
            }
            Ok(result) => {
                self.record(true);
                result
            }
        }
    }
}

/// Open after a failure, for a time that doubles with each further one.
#[derive(Debug, Default)]
struct Breaker {
    /// When the pause ends, and how long it is; none while DAX responds.
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

    #[tokio::test]
    async fn a_cluster_that_hangs_is_left_in_time_for_the_table() {
        // It accepts connections and says nothing, and is given far too much time.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = silent.local_addr().unwrap().to_string();
        let config = Config::from_vars(|name| {
            Some(match name {
                "DDB_TABLE" => "links".to_owned(),
                "DDB_ENDPOINT" => "http://127.0.0.1:1".to_owned(),
                "AWS_REGION" => "us-east-1".to_owned(),
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test".to_owned(),
                "DAX_ENDPOINT" => endpoint.clone(),
                "DAX_TIMEOUT_MS" => "60000".to_owned(),
                _ => return None,
            })
        });
        let store = Store::new(&config.unwrap());
        let start = Instant::now();
        store.read(&"launch".parse().unwrap(), Freshness::Cached).await.unwrap_err();
        let took = start.elapsed();
        assert!(DAX_LIMIT <= took && took < Duration::from_secs(30), "{took:?}");
        assert!(store.breaker().pause.is_some(), "the next request does not wait for it");
    }

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
