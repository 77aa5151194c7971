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
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use data_encoding::BASE64;
use dax_client::AMAZON_ROOTS;
use url::Url;

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
    /// Whether the platform's store says whom to trust, for AWS's endpoints too, of the table and of the cluster.
    pub platform_trust: bool,
}

impl DynamoDbSettings {
    fn connect(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new();
        let http = match &self.endpoint_url {
            // No TLS for an emulator.
            Some(url) if url.starts_with("http://") => http.build_http(),
            _ => http.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(self.trust()).build_https(),
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

    /// Whose certificates are accepted: for AWS's endpoints Amazon's authorities only, because parsing the platform's store
    /// takes four times as long as the rest of a start.
    fn trust(&self) -> TlsContext {
        if self.platform_trust || !self.is_aws() {
            return TlsContext::default();
        }
        let mut amazon = TrustStore::empty();
        for certificate in AMAZON_ROOTS {
            amazon.add_pem_certificate(pem(certificate));
        }
        TlsContext::builder().with_trust_store(amazon).build().unwrap_or_default()
    }

    /// Whether the endpoint is one of AWS's main partition, where all certificates are from Amazon's authorities. What is
    /// not known to be there, such as China, a proxy or an emulator, is left to the platform's store.
    fn is_aws(&self) -> bool {
        match &self.endpoint_url {
            Some(url) => {
                let host =
                    Url::parse(url).ok().and_then(|url| url.host_str().map(|host| host.ends_with(".amazonaws.com")));
                host == Some(true)
            }
            None => {
                let area = self.region.split_once('-').map(|(area, _)| area);
                area.is_some_and(|area| AREAS.contains(&area)) && !self.region.contains("-iso")
            }
        }
    }
}

/// How the regions of AWS's main partition begin, and those for the US government.
const AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

fn pem(certificate: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(certificate))
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

/// An SDK client that is created when it is first needed, because creating one takes as long as half of a start. Its clones are one client, with one set of connections.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_authorities_are_for_its_endpoints() {
        let check = |url: Option<&str>, region: &str, expected: bool| {
            let settings = DynamoDbSettings {
                table: String::new(),
                endpoint_url: url.map(str::to_owned),
                region: region.to_owned(),
                credentials: Credentials::for_tests(),
                platform_trust: false,
            };
            assert_eq!(settings.is_aws(), expected, "{url:?} {region}");
            // Certificates that cannot be read would panic here.
            settings.connect();
        };
        check(None, "eu-central-1", true);
        check(None, "us-gov-west-1", true);
        check(None, "mx-central-1", true);
        check(None, "cn-north-1", false);
        check(None, "us-isob-east-1", false);
        check(None, "eusc-de-east-1", false);
        check(None, "x", false);
        check(Some("https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com"), "us-east-1", true);
        check(Some("https://dynamodb.cn-north-1.amazonaws.com.cn"), "cn-north-1", false);
        check(Some("https://localhost:4566"), "us-east-1", false);
    }
}
