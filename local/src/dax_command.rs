//! `local dax`: only the DAX cluster.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use console::{Term, style};
use dynoxide::Database;
use local::dax_server::{Backend, Cluster, ClusterConfig};
use serde_json::json;
use tokio::net::TcpListener;

/// Options of the DAX cluster.
#[derive(Debug, Args)]
#[command(after_help = CONTROL_HELP)]
pub(crate) struct DaxOptions {
    /// Endpoint of the DynamoDB behind the cluster; without it an embedded one, in memory
    #[arg(long, value_name = "URL")]
    dynamodb: Option<String>,

    /// Number of nodes: a leader and replicas
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    nodes: u16,

    /// Port of the first node on 127.0.0.1, the others follow; 0 takes any free ones [default: 8111, with TLS 9111]
    #[arg(long, value_name = "P")]
    port: Option<u16>,

    /// Port of the control endpoint; 0 takes any free one
    #[arg(long, value_name = "P", default_value_t = 8110)]
    control_port: u16,

    /// Speak TLS (daxs://) with a certificate made at start
    #[arg(long)]
    tls: bool,

    /// How long items stay cached, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 300_000)]
    item_ttl: u64,

    /// How long results of queries and scans stay cached, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 300_000)]
    query_ttl: u64,

    /// Size of each of the two caches of a node, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 64)]
    cache_size: usize,

    /// How long a write takes to the caches of the other nodes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    replication_delay: u64,

    /// Secret access key that clients must sign with; without it anybody may connect
    #[arg(long, value_name = "KEY", env = "DAX_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret: Option<String>,

    /// Seed for fault rules with a probability
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Region of the DynamoDB behind the cluster
    #[arg(long, value_name = "REGION", env = "AWS_REGION", default_value = "us-east-1")]
    region: String,

    /// Credentials for the DynamoDB behind the cluster
    #[arg(long, value_name = "ID", env = "AWS_ACCESS_KEY_ID", hide_env_values = true, default_value = "local")]
    access_key_id: String,

    #[arg(long, hide = true, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true, default_value = "local")]
    secret_access_key: String,

    #[arg(long, hide = true, env = "AWS_SESSION_TOKEN", hide_env_values = true)]
    session_token: Option<String>,

    /// Print one line of JSON when ready, and nothing else on standard output
    #[arg(long)]
    json: bool,
}

const CONTROL_HELP: &str = r#"A running cluster is steered over HTTP, with JSON:
  GET    /status                                      nodes, counters, fault rules
  POST   /faults  {"action": {"type": "delay", "milliseconds": 500}}
  DELETE /faults, /faults/ID                          all rules, or one
  POST   /nodes/N/stop|start|freeze|thaw|lead         node N, counted from 0
  POST   /caches/clear
  PUT    /replication-delay  {"milliseconds": 200}
A fault rule has an action and, if wanted, "node", "operation", "times", "probability". Actions:
  {"type": "delay", "milliseconds": 500}              before the request is carried out
  {"type": "close"}                                   instead of an answer
  {"type": "reset"}                                   after half of the answer
  {"type": "error", "code": "ThrottlingException"}    instead of the request
  {"type": "unprocessed", "count": 2}                 the last entries of a batch
  {"type": "staleRead"}                               what was there before the last write"#;

/// Runs the cluster until a signal comes.
pub(crate) fn run(options: &DaxOptions) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    runtime.block_on(serve(options))
}

async fn serve(options: &DaxOptions) -> anyhow::Result<()> {
    // Listening for signals first: one that comes while the cluster starts must stop it cleanly, too.
    let stopped = crate::stop_signal()?;
    let endpoint = match &options.dynamodb {
        Some(endpoint) => endpoint.clone(),
        None => embedded_dynamodb().await?,
    };
    let started = Cluster::start(config(options, endpoint.clone())).await;
    let cluster = started.map_err(explain)?;
    if options.json {
        readiness_line(&cluster, &endpoint)?;
    } else {
        banner(options, &cluster, &endpoint)?;
    }
    stopped.await;
    if !options.json {
        crate::ui::stopping()?;
    }
    cluster.stop().await;
    Ok(())
}

/// Names the option that helps.
fn explain(error: anyhow::Error) -> anyhow::Error {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    if io.is_some_and(|io| io.kind() == std::io::ErrorKind::AddrInUse) {
        return error.context("choose other ports with --port and --control-port; 0 takes any free one");
    }
    error
}

fn config(options: &DaxOptions, endpoint: String) -> ClusterConfig {
    let mut config = ClusterConfig::new(Backend {
        endpoint,
        region: options.region.clone(),
        access_key_id: options.access_key_id.clone(),
        secret_access_key: options.secret_access_key.clone(),
        session_token: options.session_token.clone(),
    });
    config.nodes = usize::from(options.nodes);
    config.host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    config.port = options.port.unwrap_or(if options.tls { 9111 } else { 8111 });
    config.control_port = Some(options.control_port);
    config.tls = options.tls;
    config.item_ttl = Duration::from_millis(options.item_ttl);
    config.query_ttl = Duration::from_millis(options.query_ttl);
    config.cache_bytes = options.cache_size.saturating_mul(1 << 20);
    config.replication_delay = Duration::from_millis(options.replication_delay);
    config.secret_access_key.clone_from(&options.secret);
    config.seed = options.seed;
    config
}

/// A DynamoDB of this process, which ends with it.
async fn embedded_dynamodb() -> anyhow::Result<String> {
    let database = Database::memory().context("cannot open the embedded DynamoDB")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
    Ok(url)
}

/// One line for programs that start this one.
fn readiness_line(cluster: &Cluster, dynamodb: &str) -> std::io::Result<()> {
    let line = json!({
        "dax": cluster.endpoints(),
        "dynamodb": dynamodb,
        "control": cluster.control_url(),
        "ca": cluster.ca_file(),
    });
    Term::stdout().write_line(&line.to_string())
}

fn banner(options: &DaxOptions, cluster: &Cluster, dynamodb: &str) -> std::io::Result<()> {
    let term = Term::stdout();
    term.write_line("")?;
    term.write_line(&format!("  {} is running on this machine", style("DAX").bold().cyan()))?;
    term.write_line("")?;
    let line = |name: &str, value: &str, note: &str| {
        let name = style(format!("{name:<10}")).dim();
        term.write_line(format!("  {name} {value}  {}", style(note).dim()).trim_end())
    };
    for (index, endpoint) in cluster.endpoints().iter().enumerate() {
        let role = if index == cluster.leader() { "leader" } else { "replica" };
        line(if index == 0 { "DAX" } else { "" }, endpoint, role)?;
    }
    let embedded = if options.dynamodb.is_none() { "embedded, in memory" } else { "" };
    line("DynamoDB", dynamodb, embedded)?;
    if let Some(url) = cluster.control_url() {
        line("Control", &url, "see --help")?;
    }
    if let Some(path) = cluster.ca_file() {
        let note = "clients have to trust this certificate authority";
        line("TLS", &path.display().to_string(), note)?;
    }
    let auth = match &options.secret {
        Some(_) => "signatures are checked",
        None => "none: whoever reaches these ports can read and write",
    };
    line("Auth", auth, "")?;
    term.write_line("")?;
    let status = cluster.control_url().unwrap_or_default();
    term.write_line(&format!("    {}", style(format!("curl {status}/status")).green()))?;
    term.write_line("")?;
    term.write_line(&format!("  {}", style("Ctrl-C stops it.").dim()))?;
    term.write_line("")
}
