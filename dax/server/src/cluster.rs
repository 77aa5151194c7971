//! Starts, stops and controls the nodes.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    behind::{self, Behind},
    config::ClusterConfig,
    control::{self, Control},
    counters::Counters,
    fault::{ActiveFault, FaultRule},
    host::Acceptor,
    machine::Machine,
    seed,
    shared::Shared,
    tls::{self, Tls},
};

/// A DAX cluster on this machine. Stops when dropped; [`stop`](Self::stop) waits for it.
///
/// It runs on the tokio runtime that it was started on, with one thread or many. In a test, a line starts one:
///
/// ```
/// # #[cfg(feature = "embedded")] {
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use dax_server::{Cluster, ClusterConfig, FaultRule, Method};
/// use serde_json::json;
///
/// let cluster = Cluster::start().await?;
/// assert!(cluster.url().starts_with("dax://127.0.0.1:")); // for the client under test
/// cluster.dynamodb().list_tables().send().await?; // the tables behind it, past the caches
///
/// // Or with other settings, tables and data.
/// let table = json!({
///     "TableName": "links",
///     "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
///     "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
///     "BillingMode": "PAY_PER_REQUEST",
/// });
/// let links = json!({ "links": [{ "PutRequest": { "Item": { "id": { "S": "k3" }, "hits": { "N": "0" } } } }] });
/// let cluster = ClusterConfig {
///     nodes: 3,
///     create_tables: vec![table],
///     put_items: vec![links],
///     ..ClusterConfig::default()
/// };
/// let cluster = cluster.start().await?;
/// assert_eq!(cluster.endpoints().len(), 3);
///
/// // And it fails when it is told to.
/// cluster.add_fault(FaultRule::error("ThrottlingException").on(Method::PutItem).times(3))?;
/// cluster.stop_node(0).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap() }
/// ```
#[derive(Debug)]
pub struct Cluster {
    machine: Arc<Machine>,
    control: Option<Control>,
    tls: Option<Tls>,
    replication: JoinHandle<()>,
    behind: Behind,
    tables_left_alone: Vec<String>,
}

impl ClusterConfig {
    /// Starts a cluster, the first node as the leader.
    ///
    /// # Errors
    /// If there are no nodes, a port is taken, a table cannot be created, or a file cannot be written.
    pub async fn start(self) -> anyhow::Result<Cluster> {
        Cluster::launch(self).await
    }
}

impl Cluster {
    /// Starts a cluster of one node in front of an embedded DynamoDB, all of it in memory and on free ports.
    /// [`ClusterConfig::start`] starts others.
    ///
    /// # Errors
    /// If it cannot listen on the loopback interface.
    #[cfg(feature = "embedded")]
    pub async fn start() -> anyhow::Result<Self> {
        ClusterConfig::default().start().await
    }

    async fn launch(config: ClusterConfig) -> anyhow::Result<Self> {
        if config.nodes == 0 {
            bail!("a DAX cluster has at least one node");
        }
        if config.advertise.is_some_and(|address| address.is_unspecified()) {
            bail!("clients connect to the address that is announced to them, so it cannot be 0.0.0.0 or ::");
        }
        let listeners = listen(&config).await?;
        let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
        let tls =
            config.tls.then(|| tls::generate(&tls::names(&config))).transpose().context("no certificate for TLS")?;
        let behind = behind::start(&config).await?;
        let shared = Arc::new(Shared::new(&config, &behind.backend, &addresses));
        let tables_left_alone = seed::sow(&shared.dynamodb, &config).await?;
        let control = match config.control_port {
            Some(port) => Some(control::listen(SocketAddr::new(config.http_host, port)).await?),
            None => None,
        };
        // Nothing fails from here on, so no task is left behind.
        let acceptor = tls.as_ref().map(|tls| Acceptor(tls.acceptor.clone()));
        let machine = Machine::start(Arc::clone(&shared), listeners, acceptor, config.max_connections);
        let machine = Arc::new(machine);
        let control = control.map(|(listener, address)| {
            Control::start(listener, address, control::guard(&config), Arc::clone(&machine))
        });
        let replication = tokio::spawn(async move { shared.replication.run(&shared.nodes).await });
        Ok(Self { machine, control, tls, replication, behind, tables_left_alone })
    }

    /// Where the first node is. Clients find the others from there.
    pub fn url(&self) -> String {
        self.machine.shared.nodes.first().map(|node| self.machine.endpoint(node)).unwrap_or_default()
    }

    /// Where the nodes are, running or not: `dax://127.0.0.1:8111`, or `daxs://…` with TLS.
    pub fn endpoints(&self) -> Vec<String> {
        self.machine.shared.nodes.iter().map(|node| self.machine.endpoint(node)).collect()
    }

    /// Where the DynamoDB behind the cluster is: `http://127.0.0.1:…`.
    pub fn dynamodb_url(&self) -> &str {
        &self.behind.backend.endpoint
    }

    /// A client for the DynamoDB behind the cluster, which creates tables and goes past the caches. It does not retry.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.machine.shared.dynamodb.clone()
    }

    /// Where the control endpoint is, if there is one: `http://127.0.0.1:…`.
    pub fn control_url(&self) -> Option<String> {
        self.control.as_ref().map(Control::url)
    }

    /// Certificate authority that clients have to trust, as a PEM file. It goes away with the cluster.
    pub fn ca_file(&self) -> Option<&Path> {
        self.tls.as_ref().map(|tls| tls.authority.path())
    }

    /// The tables of [`put_items`](ClusterConfig::put_items) that had items already, so that nothing was put into them.
    pub fn tables_left_alone(&self) -> &[String] {
        &self.tables_left_alone
    }

    /// Stops a node: its connections break, `endpoints` of the others leaves it out, its caches are lost. If it was
    /// the leader, the first other node that runs becomes it.
    ///
    /// # Errors
    /// If there is no such node.
    pub async fn stop_node(&self, index: usize) -> anyhow::Result<()> {
        self.machine.stop_node(index).await
    }

    /// Starts a stopped node on its old address, with cold caches.
    ///
    /// # Errors
    /// If there is no such node, or something else took its port.
    pub async fn start_node(&self, index: usize) -> anyhow::Result<()> {
        self.machine.start_node(index).await
    }

    /// Freezes a node, as if its process were suspended: connections stay open and nothing moves. Or resumes it.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn freeze_node(&self, index: usize, frozen: bool) -> anyhow::Result<()> {
        self.machine.node(index)?.set_frozen(frozen);
        Ok(())
    }

    /// Makes a node the leader.
    ///
    /// # Errors
    /// If there is no such node, or it does not run.
    pub fn move_leader(&self, index: usize) -> anyhow::Result<()> {
        self.machine.move_leader(index)
    }

    /// Position of the leader, from 0.
    pub fn leader(&self) -> usize {
        self.machine.shared.leader()
    }

    /// Adds a fault rule and returns its number.
    ///
    /// # Errors
    /// If the rule makes no sense.
    pub fn add_fault(&self, rule: FaultRule) -> anyhow::Result<u64> {
        self.machine.add_fault(rule)
    }

    /// Removes a fault rule; `false` if there is none with this number (any more).
    pub fn remove_fault(&self, id: u64) -> bool {
        self.machine.shared.faults.remove(id)
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.machine.shared.faults.clear();
    }

    /// The fault rules in force.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.machine.shared.faults.list()
    }

    /// Changes how long writes take to the other nodes' caches, from the next write on.
    pub fn set_replication_delay(&self, delay: Duration) {
        self.machine.shared.replication.set_delay(delay);
    }

    /// Empties both caches of all nodes.
    pub fn clear_caches(&self) {
        self.machine.shared.nodes.iter().for_each(|node| node.clear_caches());
    }

    /// What a node counted.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn counters(&self, index: usize) -> anyhow::Result<Counters> {
        Ok(self.machine.node(index)?.tally.snapshot())
    }

    /// Stops all nodes and the control endpoint, and waits until their ports are free.
    pub async fn stop(mut self) {
        if let Some(control) = self.control.take() {
            control.stop().await;
        }
        for index in 0..self.machine.shared.nodes.len() {
            // There is such a node.
            _ = self.machine.stop_node(index).await;
        }
        self.behind.stop().await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.replication.abort();
        self.machine.shared.nodes.iter().for_each(|node| node.set_running(false));
    }
}

/// Listens for all nodes, on consecutive ports or any free ones.
async fn listen(config: &ClusterConfig) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(config.nodes);
    for index in 0..config.nodes {
        let port = match config.port {
            0 => 0,
            first => u16::try_from(index).ok().and_then(|index| first.checked_add(index)).context("no port left")?,
        };
        let address = SocketAddr::new(config.host, port);
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("DAX node {index} cannot listen on {address}"))?);
    }
    Ok(listeners)
}
