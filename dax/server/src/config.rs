//! The settings of a cluster.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    time::Duration,
};

use serde_json::Value;

use super::request_log::RequestLog;

/// Settings of a [`Cluster`](super::Cluster). Start from [`ClusterConfig::default`] and change what differs.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The DynamoDB behind the cluster. `None` = an embedded one, which takes the feature `embedded`.
    pub backend: Option<Backend>,
    /// Directory for the tables of the embedded DynamoDB, which one cluster at a time can use. `None` = they are in memory,
    /// and gone with the cluster.
    pub persist: Option<PathBuf>,
    /// Port of the embedded DynamoDB. 0 = any free port.
    pub dynamodb_port: u16,
    /// Tables that are created at the start unless they exist: `CreateTable` requests in DynamoDB JSON.
    pub create_tables: Vec<Value>,
    /// Items that are put at the start into tables that have none: objects like `RequestItems` of `BatchWriteItem` in
    /// DynamoDB JSON, of any size. A table that has items stays as it is:
    /// [`Cluster::tables_left_alone`](super::Cluster::tables_left_alone).
    pub put_items: Vec<Value>,
    /// The only tables that clients may use; requests for others end with `AccessDeniedException`, as if the cluster's
    /// IAM role did not cover them. Empty = all tables.
    pub tables: Vec<String>,
    /// Number of nodes, at least 1. The first one starts as the leader.
    pub nodes: usize,
    /// Address that the nodes listen on. Every interface is `0.0.0.0` or `::`. Nothing but
    /// [`secret_access_key`](Self::secret_access_key) keeps others out of what is not on the loopback interface.
    pub host: IpAddr,
    /// Address that clients are told to find the nodes at, for instance that of the machine in front of a container.
    /// `None` = `host`, or, if that is every interface, the address that the client connected to.
    pub advertise: Option<IpAddr>,
    /// Address of the control endpoint, and of a DynamoDB that comes with the cluster.
    pub http_host: IpAddr,
    /// Port of the first node; the others follow. 0 = any free ports.
    pub port: u16,
    /// Port of the control endpoint. 0 = any free port, `None` = no control endpoint.
    pub control_port: Option<u16>,
    /// Names of this machine, besides `localhost`, under which the control endpoint may be called. Requests for other
    /// names, and those of web pages, are refused. The certificate of a cluster with TLS is for these names, too.
    pub allowed_hosts: Vec<String>,
    /// Whether clients have to use TLS (`daxs://`).
    pub tls: bool,
    /// How long items stay in the item cache, counted from when they were stored. With 0 none is cached.
    pub item_ttl: Duration,
    /// The same for the items of single tables. AWS has one value for all tables of a cluster.
    pub item_ttls: HashMap<String, Duration>,
    /// How long results of queries and scans stay in the query cache. With 0 none is cached.
    pub query_ttl: Duration,
    /// The same for results from single tables. AWS has one value for all tables of a cluster.
    pub query_ttls: HashMap<String, Duration>,
    /// Approximate maximum size of each of the two caches of a node, in bytes.
    pub cache_bytes: usize,
    /// How long a write takes to reach the caches of the other nodes.
    pub replication_delay: Duration,
    /// Secret access key that connections must prove to know. `None` = anybody may connect.
    pub secret_access_key: Option<String>,
    /// Seed for fault rules with a probability.
    pub seed: u64,
    /// Where each request is reported after it was answered. `None` = nowhere.
    pub request_log: Option<RequestLog>,
    /// Longest wait for an answer of DynamoDB.
    pub dynamodb_timeout: Duration,
    /// Most connections to one node; more are closed at once.
    pub max_connections: usize,
}

/// A DynamoDB: the real one, DynamoDB Local, or anything that answers like it.
#[derive(Clone)]
pub struct Backend {
    /// `http://` or `https://` URL.
    pub endpoint: String,
    /// Region that requests are signed for.
    pub region: String,
    /// Credentials. Local servers take any.
    pub access_key_id: String,
    /// Secret half of the credentials.
    pub secret_access_key: String,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
}

impl ClusterConfig {
    /// The defaults, in front of `backend`.
    pub fn new(backend: Backend) -> Self {
        Self { backend: Some(backend), ..Self::default() }
    }
}

impl Default for ClusterConfig {
    /// One node on any free port of the loopback interface in front of an embedded DynamoDB in memory, with DAX's default
    /// of 5 minutes for both caches, no replication delay, no TLS and no authentication.
    fn default() -> Self {
        Self {
            backend: None,
            persist: None,
            dynamodb_port: 0,
            create_tables: Vec::new(),
            put_items: Vec::new(),
            tables: Vec::new(),
            nodes: 1,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            advertise: None,
            http_host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            control_port: Some(0),
            allowed_hosts: Vec::new(),
            tls: false,
            item_ttl: Duration::from_secs(300),
            item_ttls: HashMap::new(),
            query_ttl: Duration::from_secs(300),
            query_ttls: HashMap::new(),
            cache_bytes: 64 << 20,
            replication_delay: Duration::ZERO,
            secret_access_key: None,
            seed: 0,
            request_log: None,
            dynamodb_timeout: Duration::from_secs(10),
            max_connections: 4096,
        }
    }
}

/// The address at which this machine itself reaches what listens on `address`.
pub(crate) const fn from_here(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        definite => definite,
    }
}

/// The `Host` of requests to what listens on `address`; none for every interface, which nobody connects to by that name.
pub(crate) fn as_host(address: IpAddr) -> Option<String> {
    match address {
        _ if address.is_unspecified() => None,
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => Some(format!("[{address}]")),
    }
}

impl Backend {
    /// What is wrong with the endpoint, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let Self { endpoint, .. } = self;
        let url = endpoint.parse::<http::Uri>();
        let is_url = url.is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some());
        let hint = match endpoint.split_once("://") {
            _ if is_url => return None,
            None if !endpoint.contains("amazonaws.com") => format!(", such as http://{endpoint}"),
            None => format!(", such as https://{endpoint}"),
            Some(_) => String::new(),
        };
        Some(format!("{endpoint:?} is no URL of a DynamoDB: it has to begin with http:// or https://{hint}"))
    }

    /// A DynamoDB on this machine, which takes any credentials.
    pub fn local(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            region: "us-east-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        }
    }
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { endpoint, region, access_key_id, secret_access_key: _, session_token: _ } = self;
        f.debug_struct("Backend")
            .field("endpoint", endpoint)
            .field("region", region)
            .field("access_key_id", access_key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url() {
        let check = |endpoint: &str, hint: Option<&str>| {
            let problem = Backend::local(endpoint).problem();
            let fits = match (&problem, hint) {
                (Some(problem), Some(hint)) => problem.ends_with(hint),
                (problem, hint) => problem.is_none() && hint.is_none(),
            };
            assert!(fits, "{endpoint}: {problem:?}");
        };
        check("http://localhost:8000", None);
        check("https://dynamodb.eu-west-1.amazonaws.com", None);
        check("http://[::1]:8000/", None);
        check("localhost:8000", Some("http:// or https://, such as http://localhost:8000"));
        check("localhost", Some("such as http://localhost"));
        check("dynamodb.eu-west-1.amazonaws.com", Some("such as https://dynamodb.eu-west-1.amazonaws.com"));
        check("dax://localhost:8111", Some("begin with http:// or https://"));
        check("http://", Some("begin with http:// or https://"));
        check("", Some("http://"));
    }
}
