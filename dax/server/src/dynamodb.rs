//! The DynamoDB behind the cluster.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
};

use super::config::Backend;

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
