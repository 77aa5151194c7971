//! The part of a cluster that both [`Cluster`](super::Cluster) and the control endpoint act on.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::Serialize;
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};

use super::{
    counters::Counters,
    fault::FaultRule,
    host::{Acceptor, Host},
    node::Node,
    shared::Shared,
};

/// The nodes and the tasks that serve them.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) shared: Arc<Shared>,
    acceptor: Option<Acceptor>,
    max_connections: usize,
    /// The task of each node that runs. Held while one is started or stopped.
    tasks: Mutex<Vec<Option<JoinHandle<()>>>>,
}

/// What the control endpoint reports about a node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeStatus {
    pub(crate) node: usize,
    pub(crate) endpoint: String,
    pub(crate) role: &'static str,
    pub(crate) running: bool,
    pub(crate) frozen: bool,
    pub(crate) cached_items: usize,
    pub(crate) cached_queries: usize,
    pub(crate) counters: Counters,
}

impl Machine {
    /// Starts to serve the nodes, each on its listener.
    pub(crate) fn start(
        shared: Arc<Shared>,
        listeners: Vec<TcpListener>,
        acceptor: Option<Acceptor>,
        max_connections: usize,
    ) -> Self {
        let mut machine = Self { shared, acceptor, max_connections, tasks: Mutex::default() };
        let nodes = machine.shared.nodes.iter().zip(listeners);
        let tasks = nodes.map(|(node, listener)| Some(machine.spawn(node, listener))).collect();
        *machine.tasks.get_mut() = tasks;
        machine
    }

    pub(crate) fn node(&self, index: usize) -> anyhow::Result<&Arc<Node>> {
        let nodes = self.shared.nodes.len();
        self.shared.nodes.get(index).with_context(|| format!("there is no node {index}, only 0 to {}", nodes - 1))
    }

    /// Where programs on this machine, or wherever `advertise` says, find a node.
    pub(crate) fn endpoint(&self, node: &Node) -> String {
        format!("{}://{}", if self.acceptor.is_some() { "daxs" } else { "dax" }, self.shared.announced(node, None))
    }

    pub(crate) async fn stop_node(&self, index: usize) -> anyhow::Result<()> {
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

    pub(crate) async fn start_node(&self, index: usize) -> anyhow::Result<()> {
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

    pub(crate) fn move_leader(&self, index: usize) -> anyhow::Result<()> {
        if !self.node(index)?.is_running() {
            bail!("node {index} does not run");
        }
        self.shared.set_leader(index);
        Ok(())
    }

    pub(crate) fn add_fault(&self, rule: FaultRule) -> anyhow::Result<u64> {
        if let Some(problem) = rule.problem() {
            bail!("{problem}");
        }
        if let Some(index) = rule.node {
            self.node(index)?;
        }
        Ok(self.shared.faults.add(rule))
    }

    pub(crate) fn status(&self) -> Vec<NodeStatus> {
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
            max_connections: self.max_connections,
        };
        tokio::spawn(host.run(listener))
    }
}
