//! Starts, stops and steers the nodes.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};

use super::{
    config::ClusterConfig,
    control::{Control, NodeStatus},
    counters::Counters,
    fault::{ActiveFault, FaultRule},
    host::{Acceptor, Host},
    node::Node,
    shared::Shared,
    tls::{self, Tls},
};

/// A DAX cluster on this machine. Stops when dropped; [`stop`](Self::stop) waits for it.
#[derive(Debug)]
pub struct Cluster {
    machine: Arc<Machine>,
    control: Option<Control>,
    tls: Option<Tls>,
    replication: JoinHandle<()>,
}

/// The part that the control endpoint steers too.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) shared: Arc<Shared>,
    config: ClusterConfig,
    acceptor: Option<Acceptor>,
    /// The task of each node that runs. Held while one is started or stopped.
    tasks: Mutex<Vec<Option<JoinHandle<()>>>>,
}

impl Cluster {
    /// Starts the nodes, the first one as the leader. DynamoDB is not called before a client calls.
    ///
    /// # Errors
    /// If there are no nodes, a port is taken, or the certificate cannot be written to a temporary file.
    pub async fn start(config: ClusterConfig) -> anyhow::Result<Self> {
        if config.nodes == 0 {
            bail!("a DAX cluster has at least one node");
        }
        if config.host.is_unspecified() {
            bail!("clients are told where the nodes are, so the nodes need a definite address, not {}", config.host);
        }
        let mut listeners = Vec::with_capacity(config.nodes);
        for index in 0..config.nodes {
            let port = match config.port {
                0 => 0,
                first => {
                    u16::try_from(index).ok().and_then(|index| first.checked_add(index)).context("no port left")?
                }
            };
            let address = SocketAddr::new(config.host, port);
            let listener = TcpListener::bind(address).await;
            listeners.push(listener.with_context(|| format!("DAX node {index} cannot listen on {address}"))?);
        }
        let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
        let tls = config.tls.then(|| tls::generate(config.host)).transpose().context("no certificate for TLS")?;
        let shared = Arc::new(Shared::new(&config, &addresses));
        let control_port = config.control_port;
        let host = config.host;
        let machine = Arc::new(Machine {
            shared: Arc::clone(&shared),
            config,
            acceptor: tls.as_ref().map(|tls| Acceptor(tls.acceptor.clone())),
            tasks: Mutex::new(Vec::new()),
        });
        let control = match control_port {
            Some(port) => Some(Control::start(SocketAddr::new(host, port), Arc::clone(&machine)).await?),
            None => None,
        };
        let mut tasks = machine.tasks.lock().await;
        for (node, listener) in shared.nodes.iter().zip(listeners) {
            tasks.push(Some(machine.spawn(node, listener)));
        }
        drop(tasks);
        let replication = tokio::spawn(async move { shared.replication.run(&shared.nodes).await });
        Ok(Self { machine, control, tls, replication })
    }

    /// Where the nodes are, running or not: `dax://127.0.0.1:8111`, or `daxs://…` with TLS.
    pub fn endpoints(&self) -> Vec<String> {
        self.machine.shared.nodes.iter().map(|node| self.machine.endpoint(node)).collect()
    }

    /// Where the control endpoint is, if there is one: `http://127.0.0.1:…`.
    pub fn control_url(&self) -> Option<String> {
        self.control.as_ref().map(Control::url)
    }

    /// Certificate authority that clients have to trust, as a PEM file. It goes away with the cluster.
    pub fn ca_file(&self) -> Option<&Path> {
        self.tls.as_ref().map(|tls| tls.authority.path())
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

    /// Freezes a node, as if its process were suspended: connections stay open and nothing moves. Or lets it go on.
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

    /// Removes a fault rule; `false` if there is none of this number (any more).
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
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.replication.abort();
        self.machine.shared.nodes.iter().for_each(|node| node.set_running(false));
    }
}

impl Machine {
    pub(super) fn node(&self, index: usize) -> anyhow::Result<&Arc<Node>> {
        let nodes = self.shared.nodes.len();
        self.shared.nodes.get(index).with_context(|| format!("there is no node {index}, only 0 to {}", nodes - 1))
    }

    fn endpoint(&self, node: &Node) -> String {
        format!("{}://{}", if self.acceptor.is_some() { "daxs" } else { "dax" }, node.address)
    }

    pub(super) async fn stop_node(&self, index: usize) -> anyhow::Result<()> {
        let node = self.node(index)?;
        let mut tasks = self.tasks.lock().await;
        node.set_running(false);
        if self.shared.leader() == index
            && let Some(next) = self.shared.nodes.iter().find(|node| node.is_running())
        {
            self.shared.set_leader(next.index);
        }
        if let Some(task) = tasks.get_mut(index).and_then(Option::take) {
            task.await.context("the node's task failed")?;
        }
        Ok(())
    }

    pub(super) async fn start_node(&self, index: usize) -> anyhow::Result<()> {
        let node = self.node(index)?;
        let mut tasks = self.tasks.lock().await;
        if node.is_running() {
            return Ok(());
        }
        let listener = TcpListener::bind(node.address).await;
        let listener = listener.with_context(|| format!("DAX node {index} cannot listen on {}", node.address))?;
        node.set_frozen(false);
        node.set_running(true);
        if !self.node(self.shared.leader())?.is_running() {
            self.shared.set_leader(index);
        }
        if let Some(place) = tasks.get_mut(index) {
            *place = Some(self.spawn(node, listener));
        }
        Ok(())
    }

    pub(super) fn move_leader(&self, index: usize) -> anyhow::Result<()> {
        if !self.node(index)?.is_running() {
            bail!("node {index} does not run");
        }
        self.shared.set_leader(index);
        Ok(())
    }

    pub(super) fn add_fault(&self, rule: FaultRule) -> anyhow::Result<u64> {
        if let Some(problem) = rule.problem() {
            bail!("{problem}");
        }
        if let Some(index) = rule.node {
            self.node(index)?;
        }
        Ok(self.shared.faults.add(rule))
    }

    pub(super) fn status(&self) -> Vec<NodeStatus> {
        let leader = self.shared.leader();
        let status = |node: &Arc<Node>| NodeStatus {
            node: node.index,
            endpoint: self.endpoint(node),
            role: if node.index == leader { "leader" } else { "replica" },
            running: node.is_running(),
            frozen: node.is_frozen(),
            cached_items: node.items.len(),
            cached_queries: node.queries.len(),
            counters: node.tally.snapshot(),
        };
        self.shared.nodes.iter().map(status).collect()
    }

    fn spawn(&self, node: &Arc<Node>, listener: TcpListener) -> JoinHandle<()> {
        let host = Host {
            shared: Arc::clone(&self.shared),
            node: Arc::clone(node),
            acceptor: self.acceptor.clone(),
            max_connections: self.config.max_connections,
        };
        tokio::spawn(host.run(listener))
    }
}
