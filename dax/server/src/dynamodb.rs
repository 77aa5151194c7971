//! The DynamoDB behind the cluster, and what is remembered of its tables.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
    types::{KeyType as KeyRole, TableDescription},
};
use dax_protocol::KeyType;
use tokio::time::Instant;

use super::{
    config::Backend,
    failure::Failure,
    wire::key::{KeyAttribute, KeySchema},
};

/// How long a key schema is cached. Tables get deleted and created again with other keys, above all in development.
const SCHEMA_TTL: Duration = Duration::from_secs(10);
/// Most schemas remembered.
const MAX_SCHEMAS: usize = 1000;

/// A connection to DynamoDB, without retries: the cluster's client has its own retry policy.
pub(crate) fn client(backend: &Backend, timeout: Duration) -> Client {
    let credentials = Credentials::new(
        &backend.access_key_id,
        &backend.secret_access_key,
        backend.session_token.clone(),
        None,
        "dax-server",
    );
    let timeouts =
        TimeoutConfig::builder().connect_timeout(timeout.min(Duration::from_secs(3))).operation_timeout(timeout);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&backend.endpoint)
        .region(Region::new(backend.region.clone()))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.build())
        .http_client(http_client(&backend.endpoint))
        .build();
    Client::from_conf(config)
}

/// Plain HTTP needs no TLS, so the system's root certificates need not be read.
fn http_client(endpoint: &str) -> aws_sdk_dynamodb::config::SharedHttpClient {
    use aws_smithy_http_client::{
        Builder,
        tls::{Provider, rustls_provider::CryptoMode},
    };
    if endpoint.starts_with("http://") {
        return Builder::new().build_http();
    }
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Key schemas of tables, looked up when first needed.
#[derive(Debug)]
pub(crate) struct Schemas {
    client: Client,
    /// The only tables that may be used, unless there are none.
    allowed: HashSet<String>,
    known: Mutex<HashMap<String, (Arc<KeySchema>, Instant)>>,
}

impl Schemas {
    pub(crate) fn new(client: Client, allowed: HashSet<String>) -> Self {
        Self { client, allowed, known: Mutex::default() }
    }

    /// The key schema of a table.
    ///
    /// # Errors
    /// If there is no such table, it may not be used, or DynamoDB gives no answer.
    pub(crate) async fn get(&self, table: &str) -> Result<Arc<KeySchema>, Failure> {
        if !self.allowed.is_empty() && !self.allowed.contains(table) {
            return Err(Failure::access_denied(table));
        }
        if let Some(schema) = self.known(table) {
            return Ok(schema);
        }
        let described = self.client.describe_table().table_name(table).send().await;
        let described = described.map_err(|error| Failure::from_sdk(error, false))?;
        let schema = described.table().and_then(key_schema).map(Arc::new);
        let schema = schema.ok_or_else(|| Failure::table_not_found(table))?;
        let mut known = self.lock();
        if known.len() >= MAX_SCHEMAS {
            known.clear();
        }
        known.insert(table.to_owned(), (Arc::clone(&schema), Instant::now()));
        Ok(schema)
    }

    /// The only tables that may be used; none if all may.
    pub(crate) fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(String::as_str)
    }

    /// Forgets a table, because DynamoDB said something that does not fit.
    pub(crate) fn forget(&self, table: &str) {
        self.lock().remove(table);
    }

    fn known(&self, table: &str) -> Option<Arc<KeySchema>> {
        let known = self.lock();
        let (schema, since) = known.get(table)?;
        (since.elapsed() < SCHEMA_TTL).then(|| Arc::clone(schema))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Arc<KeySchema>, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key_schema(table: &TableDescription) -> Option<KeySchema> {
    let attribute = |wanted: &KeyRole| {
        let element = table.key_schema().iter().find(|element| element.key_type() == wanted)?;
        let name = element.attribute_name();
        let definition = table.attribute_definitions().iter().find(|definition| definition.attribute_name() == name)?;
        Some(KeyAttribute { name: name.to_owned(), kind: KeyType::from_letter(definition.attribute_type().as_str())? })
    };
    Some(KeySchema { hash: attribute(&KeyRole::Hash)?, range: attribute(&KeyRole::Range) })
}
