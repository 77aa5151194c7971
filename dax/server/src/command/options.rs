//! The options of the program.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use console::Term;
use loopback_guard::Guard;
use serde_json::Value;

use crate::{
    Backend, ClusterConfig, RequestLog,
    config::{as_host, from_here},
};

/// Options of a cluster.
#[derive(Debug, Args)]
#[command(after_help = CONTROL_HELP)]
pub struct Options {
    /// Endpoint of the DynamoDB behind the cluster, http://… or https://…; without it, an embedded one
    #[arg(long, value_name = "URL")]
    pub(super) dynamodb: Option<String>,

    /// Keep the tables of the embedded DynamoDB in DIR, which one server at a time can use; `none` keeps them in memory
    #[arg(long, value_name = "DIR", default_value = "none")]
    persist: PathBuf,

    /// Create the tables in FILE that are missing: `CreateTable` requests in DynamoDB JSON, alone or in an array
    #[arg(long, value_name = "FILE")]
    create_tables: Vec<PathBuf>,

    /// Put the items in FILE into tables that have none, and leave tables with items alone: `RequestItems` of
    /// `BatchWriteItem` in DynamoDB JSON, of any size
    #[arg(long, value_name = "FILE")]
    put_items: Vec<PathBuf>,

    /// Allow this table, and no others but those allowed likewise
    #[arg(long, value_name = "TABLE")]
    table: Vec<String>,

    /// Number of nodes: a leader and replicas
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) nodes: u16,

    /// Port of the first node, the others follow; 0 picks any free ports [default: 8111, with TLS 9111]
    #[arg(long, value_name = "P")]
    pub(super) port: Option<u16>,

    /// Address that the nodes listen on; 0.0.0.0 is every interface, as in a container. Whoever reaches it can read and
    /// write unless --secret-file is given
    #[arg(long, value_name = "ADDRESS", env = "DAX_LISTEN", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(super) listen: IpAddr,

    /// Address that clients are told to find the nodes at [default: the one that they connected to]
    #[arg(long, value_name = "ADDRESS", env = "DAX_ADVERTISE")]
    advertise: Option<IpAddr>,

    /// Address that the control endpoint and the embedded DynamoDB listen on. Whoever reaches it controls the cluster;
    /// calls must be for this address, localhost, or a name of --allow-host
    #[arg(long, value_name = "ADDRESS", env = "DAX_HTTP_LISTEN", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(super) http_listen: IpAddr,

    /// Port of the embedded DynamoDB; 0 picks any free port
    #[arg(long, value_name = "P", env = "DAX_DYNAMODB_PORT", default_value_t = 0)]
    pub(super) dynamodb_port: u16,

    /// Port of the control endpoint; 0 picks any free port
    #[arg(long, value_name = "P", default_value_t = 8110)]
    control_port: u16,

    /// Answer to this name too, such as one in /etc/hosts; names of other machines are refused
    #[arg(long, value_name = "NAME")]
    pub(super) allow_host: Vec<String>,

    /// Speak TLS (daxs://) with a certificate generated at start-up
    #[arg(long)]
    pub(super) tls: bool,

    /// How long items stay cached, in milliseconds, those of one table or of all others; 0 caches none [default: 300000]
    #[arg(long, value_name = "[TABLE=]MS")]
    pub(super) item_ttl: Vec<Ttl>,

    /// How long results of queries and scans stay cached, likewise [default: 300000]
    #[arg(long, value_name = "[TABLE=]MS")]
    query_ttl: Vec<Ttl>,

    /// Size of each of the two caches of a node, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 64)]
    cache_size: usize,

    /// How long a write takes to reach the caches of the other nodes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    replication_delay: u64,

    /// File with the secret access key that clients must sign with, `-` for standard input; without it anybody may
    /// connect
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    // Hidden, because every user of the machine can read the arguments of its processes.
    /// That key itself
    #[arg(long, value_name = "KEY", env = "DAX_SECRET_ACCESS_KEY", hide = true, hide_env_values = true)]
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

    /// Ask the cluster with this control port whether it is ready, and exit: with 0 if it is
    #[arg(long)]
    check_health: bool,

    /// Print a line about each request on standard error: never keys or values
    #[arg(long)]
    log_requests: bool,

    /// Print one line of JSON when ready, and nothing else on standard output
    #[arg(long)]
    pub(super) json: bool,
}

const CONTROL_HELP: &str = r#"A running cluster is controlled over HTTP, with JSON:
  GET    /health                                      200 when nodes and tables can be used, else 503
  GET    /status                                      nodes, counters, fault rules
  POST   /faults  {"action": {"type": "delay", "milliseconds": 500}}
  DELETE /faults, /faults/ID                          all rules, or one
  POST   /nodes/N/stop|start|freeze|thaw|lead         node N, counted from 0
  POST   /caches/clear
  PUT    /replication-delay  {"milliseconds": 200}
A fault rule has an action and, optionally, "node", "operation" (such as "PutItem"; otherwise all ten), "times",
"probability". Actions:
  {"type": "delay", "milliseconds": 500}              before the request is executed
  {"type": "close"}                                   instead of an answer
  {"type": "reset"}                                   after half of the answer
  {"type": "error", "code": "ThrottlingException"}    instead of the request
  {"type": "unprocessed", "count": 2}                 the last entries of a batch
  {"type": "staleRead"}                               what was there before the last write"#;

/// How long entries stay cached: those of a table, or all others.
#[derive(Debug, Clone)]
pub(super) struct Ttl {
    table: Option<String>,
    ttl: Duration,
}

impl FromStr for Ttl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (table, milliseconds) = match text.rsplit_once('=') {
            Some((table, milliseconds)) => (Some(table.to_owned()), milliseconds),
            None => (None, text),
        };
        match milliseconds.parse() {
            Ok(ttl) => Ok(Self { table, ttl: Duration::from_millis(ttl) }),
            Err(_) => Err(format!("{milliseconds:?} is no number of milliseconds, such as 60000")),
        }
    }
}

impl Ttl {
    /// Sets what the options name.
    fn apply(options: &[Self], default: &mut Duration, by_table: &mut HashMap<String, Duration>) {
        for Self { table, ttl } in options {
            match table {
                Some(table) => _ = by_table.insert(table.clone(), *ttl),
                None => *default = *ttl,
            }
        }
    }
}

impl Options {
    /// The directory of the embedded DynamoDB.
    pub(super) fn directory(&self) -> Option<&Path> {
        Some(self.persist.as_path()).filter(|directory| *directory != Path::new("none"))
    }

    /// Where the cluster is controlled that is only to be asked whether it is ready.
    pub(super) fn control_to_check(&self) -> Option<SocketAddr> {
        self.check_health.then(|| SocketAddr::new(from_here(self.http_listen), self.control_port))
    }

    /// Who may use what speaks HTTP.
    pub(super) fn guard(&self) -> Guard {
        Guard::for_programs().with_hosts(self.allow_host.iter().cloned().chain(as_host(self.http_listen)))
    }

    /// The secret access key that clients must sign with, if any.
    ///
    /// # Errors
    /// If the file cannot be read or is empty.
    pub(super) fn secret(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.secret_file else {
            return Ok(self.secret.clone());
        };
        let text = if file.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())
                .context("cannot read the secret access key from standard input")?
        } else {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        };
        let secret = text.trim();
        anyhow::ensure!(!secret.is_empty(), "there is no secret access key in {}", file.display());
        Ok(Some(secret.to_owned()))
    }

    /// The DynamoDB at this URL, with the credentials for it.
    pub(super) fn backend(&self, endpoint: &str) -> Backend {
        Backend {
            endpoint: endpoint.to_owned(),
            region: self.region.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: self.session_token.clone(),
        }
    }

    /// The settings of a cluster whose clients must know `secret`.
    ///
    /// # Errors
    /// If a file with tables or items cannot be read.
    pub(super) fn config(&self, secret: Option<String>) -> anyhow::Result<ClusterConfig> {
        let mut config = ClusterConfig {
            backend: self.dynamodb.as_deref().map(|endpoint| self.backend(endpoint)),
            dynamodb_port: self.dynamodb_port,
            persist: self.directory().map(Path::to_owned),
            nodes: usize::from(self.nodes),
            host: self.listen,
            advertise: self.advertise,
            http_host: self.http_listen,
            port: self.port.unwrap_or(if self.tls { 9111 } else { 8111 }),
            control_port: Some(self.control_port),
            allowed_hosts: self.allow_host.clone(),
            tables: self.table.clone(),
            tls: self.tls,
            cache_bytes: self.cache_size.saturating_mul(1 << 20),
            replication_delay: Duration::from_millis(self.replication_delay),
            secret_access_key: secret,
            seed: self.seed,
            ..ClusterConfig::default()
        };
        Ttl::apply(&self.item_ttl, &mut config.item_ttl, &mut config.item_ttls);
        Ttl::apply(&self.query_ttl, &mut config.query_ttl, &mut config.query_ttls);
        for file in &self.create_tables {
            match read(file)? {
                Value::Array(tables) => config.create_tables.extend(tables),
                table => config.create_tables.push(table),
            }
        }
        config.put_items = self.put_items.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
        // If nobody reads standard error any more, there is nobody to tell.
        let print = |record: &crate::RequestRecord| _ = Term::stderr().write_line(&record.to_string());
        config.request_log = self.log_requests.then(|| RequestLog::new(print));
        Ok(config)
    }
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", file.display()))
}
