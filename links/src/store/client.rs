//! The SDK's client, and what it is made from.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Longest wait for a connection. Table and function are in one region.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest wait for one response.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(700);
/// Longest wait for one operation with its retries. Two of them fit into the timeout of either function.
pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_000);

/// Where a table is, and the credentials to use it.
#[derive(Clone)]
pub struct DynamoDbSettings {
    /// The table's name.
    pub table: String,
    /// An endpoint other than the region's, such as an emulator's.
    pub endpoint_url: Option<String>,
    /// The table's region.
    pub region: String,
    /// Credentials that outlive the process.
    pub credentials: Credentials,
}

impl DynamoDbSettings {
    fn connect(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new();
        let http = match &self.endpoint_url {
            // No TLS for an emulator: reading the root certificates would be the largest part of a cold start.
            Some(url) if url.starts_with("http://") => http.build_http(),
            _ => http.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
        };
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(http)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        config.set_endpoint_url(self.endpoint_url.clone());
        Client::from_conf(config.build())
    }
}

impl fmt::Debug for DynamoDbSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbSettings")
            .field("table", &self.table)
            .field("endpoint_url", &self.endpoint_url)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// An SDK client that is created when it is first needed, because creating one for HTTPS costs three times the rest of a
/// cold start. Its clones are one client, with one set of connections.
#[derive(Debug, Clone)]
pub(super) struct LazyClient(Arc<LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>>);

impl LazyClient {
    pub(super) fn new(settings: &DynamoDbSettings) -> Self {
        let settings = settings.clone();
        Self(Arc::new(LazyLock::new(Box::new(move || settings.connect()))))
    }

    /// Wraps a client that exists already.
    pub(super) fn from_client(client: Client) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(move || client))))
    }

    pub(super) fn get(&self) -> &Client {
        &self.0
    }
}

/// Whether a write failed because its condition does not hold.
pub(super) fn is_condition_failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ConditionalCheckFailedException")
}
