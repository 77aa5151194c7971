//! Where links are read: through DAX, and directly while it fails.

use links::{DaxReader, DynamoDbReader, Found, Freshness, LinkReader, SaltTable, Slug, StoreError};

use crate::Config;

/// DAX if there is one, and the table.
///
/// A failure of DAX costs the request its timeout; then a circuit breaker sends reads to the table directly for a
/// while, longer after each failure in a row. After each pause the cluster is asked for a sign of life, for which no
/// request waits, and one request tries DAX again.
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
pub struct Store(Path);

#[derive(Debug)]
enum Path {
    ThroughDax(Box<DaxReader>),
    Direct(DynamoDbReader),
}

impl Store {
    /// The store that the settings describe. Nothing is sent yet.
    pub fn new(config: &Config) -> Self {
        Self(match &config.dax {
            Some(dax) => Path::ThroughDax(Box::new(DaxReader::with_fallback(dax, &config.dynamodb))),
            None => Path::Direct(DynamoDbReader::new(&config.dynamodb)),
        })
    }

    /// The salts of visitor codes, which are in another table and do not go through DAX.
    pub fn salts(&self, table: &str) -> SaltTable {
        match &self.0 {
            Path::ThroughDax(dax) => dax.salts(table),
            Path::Direct(dynamodb) => dynamodb.salts(table),
        }
    }

    /// Connects to DAX, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; requests then go to the table.
    pub async fn connect(&self) -> Result<(), StoreError> {
        match &self.0 {
            Path::ThroughDax(dax) => dax.connect().await,
            Path::Direct(_) => Ok(()),
        }
    }
}

impl LinkReader for Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        match &self.0 {
            Path::ThroughDax(dax) => dax.read(slug, freshness).await,
            Path::Direct(dynamodb) => dynamodb.read(slug, freshness).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

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
        store.connect().await.unwrap_err();
        let took = start.elapsed();
        assert!(Duration::from_secs(2) <= took && took < Duration::from_secs(4), "{took:?}");
        let start = Instant::now();
        let error = store.read(&"launch".parse().unwrap(), Freshness::Cached).await.unwrap_err();
        let took = start.elapsed();
        assert!(took < Duration::from_millis(4_500), "{took:?}");
        let StoreError::Unavailable { source, .. } = error else { panic!("{error:?}") };
        assert!(source.to_string().contains("DynamoDB"), "the table was asked: {source}");
    }
}
