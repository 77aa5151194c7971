//! The option `--bridge`: DynamoDB's HTTP protocol in front of the cluster.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use dax_bridge::aws_sdk_dynamodb::config::{self, BehaviorVersion, Credentials, Region};
use dax_bridge::{Bridge, Mode, dax_client};
use dax_server::command::Running;

/// Below the ports of the cluster itself.
const DEFAULT_PORT: &str = "8109";

/// Options of the bridge.
#[derive(Debug, Args)]
pub(crate) struct BridgeOptions {
    /// Take DynamoDB's HTTP protocol too, from any AWS SDK, on this port; 0 picks any free port [default port: 8109]
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = DEFAULT_PORT)]
    bridge: Option<u16>,

    /// The form of the DAX client that the bridge uses
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Core, requires = "bridge")]
    bridge_client: Form,
}

/// The two forms of dax-client.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// Its own methods
    Core,
    /// The AWS SDK's client, made to go through DAX
    DropIn,
}

/// Starts the bridge, if it is wanted, and returns its URL.
///
/// # Errors
/// If the port is taken, or the cluster cannot be reached.
pub(crate) async fn start(options: &BridgeOptions, running: Running) -> anyhow::Result<Option<String>> {
    let Some(port) = options.bridge else {
        return Ok(None);
    };
    let mode = match options.bridge_client {
        Form::Core => Mode::Core,
        Form::DropIn => Mode::DropIn,
    };
    let dax = client(&running).await.context("the bridge cannot reach the cluster")?;
    let bound = running.bind(port).await;
    let (listener, url) = bound.with_context(|| format!("the bridge cannot listen on port {port}: try --bridge 0"))?;
    let bridge = Bridge::new(dax, &dynamodb(&running), mode);
    tokio::spawn(bridge.serve(listener, running.guard, running.stop));
    Ok(Some(url))
}

async fn client(running: &Running) -> anyhow::Result<dax_client::Client> {
    let endpoint = running.endpoints.first().context("the cluster has no nodes")?;
    let secret = running.secret.as_deref().unwrap_or("local");
    let mut config = dax_client::Config::new(endpoint)?
        .region(running.backend.region.clone())
        .credentials_provider(Credentials::new("local", secret, None, None, "dax-server"));
    if let Some(file) = &running.ca_file {
        config = config.trust_pem(&std::fs::read(file)?)?;
    }
    Ok(dax_client::Client::connect(config).await?)
}

fn dynamodb(running: &Running) -> config::Config {
    let backend = &running.backend;
    let (id, secret) = (&backend.access_key_id, &backend.secret_access_key);
    config::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&backend.endpoint)
        .region(Region::new(backend.region.clone()))
        .credentials_provider(Credentials::new(id, secret, backend.session_token.clone(), None, "dax-server"))
        .build()
}
