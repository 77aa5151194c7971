//! What the nodes of a cluster have in common.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use aws_sdk_dynamodb::Client;

use super::{
    auth::Verifier,
    config::ClusterConfig,
    dynamodb::{self, Schemas},
    fault::Faults,
    node::Node,
    replication::Replication,
    wire::item::AttributeLists,
};

/// The state of a cluster.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dynamodb: Client,
    pub(crate) schemas: Schemas,
    pub(crate) lists: AttributeLists,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) faults: Faults,
    pub(crate) replication: Replication,
    pub(crate) verifier: Option<Verifier>,
    leader: AtomicUsize,
    /// Changes with the leader, which tells clients that a failover is over.
    leader_session: AtomicU64,
}

/// A node as clients see it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) host_name: String,
    pub(crate) address: SocketAddr,
    pub(crate) leader: bool,
    pub(crate) zone: String,
    pub(crate) leader_session: u64,
}

impl Shared {
    pub(crate) fn new(config: &ClusterConfig, addresses: &[SocketAddr]) -> Self {
        let dynamodb = dynamodb::client(&config.backend, config.dynamodb_timeout);
        let nodes = addresses.iter().enumerate();
        Self {
            schemas: Schemas::new(dynamodb.clone()),
            dynamodb,
            lists: AttributeLists::default(),
            nodes: nodes.map(|(index, address)| Arc::new(Node::new(index, *address, config))).collect(),
            faults: Faults::new(config.seed),
            replication: Replication::new(config.replication_delay),
            verifier: config.secret_access_key.clone().map(Verifier::new),
            leader: AtomicUsize::new(0),
            leader_session: AtomicU64::new(1),
        }
    }

    /// The nodes that run.
    pub(crate) fn members(&self) -> Vec<Member> {
        let leader = self.leader();
        let leader_session = self.leader_session.load(Ordering::Acquire);
        let member = |node: &Arc<Node>| {
            let id = node.index as u64 + 1;
            Member {
                id,
                host_name: format!("node{id}.dax.localhost"),
                address: node.address,
                leader: node.index == leader,
                zone: format!("local-{}", char::from(b"abc".get(node.index % 3).copied().unwrap_or(b'a'))),
                leader_session,
            }
        };
        self.nodes.iter().filter(|node| node.is_running()).map(member).collect()
    }

    /// Position of the leader.
    pub(crate) fn leader(&self) -> usize {
        self.leader.load(Ordering::Acquire)
    }

    pub(crate) fn set_leader(&self, index: usize) {
        if self.leader.swap(index, Ordering::AcqRel) != index {
            self.leader_session.fetch_add(1, Ordering::AcqRel);
        }
    }
}
