//! The AWS clients, created once per run for one account and region.

mod profile;
pub(crate) mod signed;
#[cfg(test)]
pub(crate) mod testing;

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpConnector, http_client_fn};

use profile::Profile;
use signed::Signed;

/// Limit of one attempt of a call, including the connection. An upload of a few MB fits within it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// CloudFormation throttles busy accounts as a matter of course.
const ATTEMPTS: u32 = 6;

/// The services the tool calls.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    /// Stacks and change sets.
    pub(crate) cloudformation: aws_sdk_cloudformation::Client,
    /// The tables.
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    /// The bucket of the zips.
    pub(crate) s3: aws_sdk_s3::Client,
    /// Who is calling.
    pub(crate) sts: aws_sdk_sts::Client,
    /// Calls to other services, and plain HTTP.
    pub(crate) signed: Signed,
    /// The region of all of them.
    pub(crate) region: String,
    /// The profile, if profile files count.
    profile: Option<Profile>,
}

/// Who is calling.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Twelve digits.
    pub(crate) account: String,
    /// User or role.
    pub(crate) arn: String,
}

impl Aws {
    /// Loads credentials, region and endpoints as every AWS tool does: from the environment, profile files, `aws login`, SSO,
    /// container and instance roles. `region` and `profile` override them; a profile that is named here counts before keys in
    /// the environment, as `--profile` of the AWS CLI does.
    ///
    /// # Errors
    /// If no region is set anywhere, or the profile does not exist.
    pub(crate) async fn load(region: Option<String>, profile: Option<String>) -> Result<Self> {
        let profile = Profile::load(profile.as_deref()).await?;
        let connector = SharedHttpConnector::new(
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
                .build(),
        );
        let shared = connector.clone();
        let client = http_client_fn(move |_, _| shared.clone());
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build());
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        if profile.is_chosen {
            loader = loader.profile_name(profile.name());
        }
        let config = loader.load().await;
        let config = match credentials(&profile, &config, client)? {
            Some(credentials) => config.into_builder().credentials_provider(credentials).build(),
            None => config,
        };
        Ok(Self { profile: Some(profile), ..Self::from_config(&config, connector)? })
    }

    /// Clients over a configuration made elsewhere, with the connector that its HTTP client uses.
    ///
    /// # Errors
    /// If the configuration has no region.
    pub(crate) fn from_config(config: &SdkConfig, connector: SharedHttpConnector) -> Result<Self> {
        let region = config
            .region()
            .context("no region: set it in infra.toml, with --region, AWS_REGION or the profile")?
            .to_string();
        // An emulator on one address cannot tell buckets by host name.
        let path_style = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style).build();
        Ok(Self {
            cloudformation: aws_sdk_cloudformation::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sts: aws_sdk_sts::Client::new(config),
            signed: Signed::new(config, connector, &region),
            region,
            profile: None,
        })
    }

    /// Asks AWS whose credentials these are, which is also the cheapest proof that they work.
    ///
    /// # Errors
    /// If there are no credentials or AWS refuses them.
    pub(crate) async fn caller(&self) -> Result<Caller> {
        let identity = self.sts.get_caller_identity().send().await.map_err(|error| {
            // Without a service's answer, there were no credentials to ask with.
            let has_answer = error.as_service_error().is_some();
            let error = explain(error).context("cannot determine the AWS caller");
            match &self.profile {
                Some(profile) if !has_answer || is_expired(&error) => {
                    anyhow::anyhow!("{error:#}\n  {}", profile.way_in())
                }
                _ => error,
            }
        })?;
        Ok(Caller {
            account: identity.account().unwrap_or_default().to_owned(),
            arn: identity.arn().unwrap_or_default().to_owned(),
        })
    }
}

/// Credentials that the SDK's default chain would not use: of a profile that was named for this tool, although there are keys
/// in the environment, and of one for which the AWS CLI must be asked.
fn credentials(
    profile: &Profile,
    config: &SdkConfig,
    client: impl HttpClient + 'static,
) -> Result<Option<SharedCredentialsProvider>> {
    if !profile.counts_before_environment() {
        return Ok(None);
    }
    if let Some(command) = profile.process()? {
        return Ok(Some(SharedCredentialsProvider::new(CredentialProcessProvider::new(command))));
    }
    if !profile.is_chosen {
        return Ok(None);
    }
    let settings = ProviderConfig::without_region().with_http_client(client).with_region(config.region().cloned());
    let provider = ProfileFileCredentialsProvider::builder().configure(&settings).profile_name(profile.name());
    Ok(Some(SharedCredentialsProvider::new(provider.build())))
}

fn is_expired(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    ["ExpiredToken", "RequestExpired"].iter().any(|code| text.contains(code))
}

/// An SDK error as a readable chain: the code and message of the service instead of the type's debug text.
pub(crate) fn explain<E, R>(error: aws_smithy_runtime_api::client::result::SdkError<E, R>) -> anyhow::Error
where
    E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let service = error.as_service_error().map(|service| {
        let meta = service.meta();
        let code = meta.code().unwrap_or("unknown error").to_owned();
        (meta.message().unwrap_or_default().to_owned(), code)
    });
    match service {
        Some((message, code)) => {
            let hint = hint(&code);
            anyhow::anyhow!("{code}: {message}{hint}")
        }
        None => anyhow::Error::new(error),
    }
}

fn hint(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => " (log in again, then repeat the command)",
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            " (the deployer policy in infra/README.md lists what is needed)"
        }
        _ => "",
    }
}
