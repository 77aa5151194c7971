//! What the nodes of a cluster have in common.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use aws_sdk_dynamodb::Client;

use super::{
    auth::Verifier,
    config::{Backend, ClusterConfig, from_here},
    dynamodb,
    fault::Faults,
    node::Node,
    replication::Replication,
    request_log::RequestLog,
    schemas::Schemas,
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
    pub(crate) request_log: Option<RequestLog>,
    advertise: Option<IpAddr>,
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
    pub(crate) fn new(config: &ClusterConfig, backend: &Backend, addresses: &[SocketAddr]) -> Self {
        let dynamodb = dynamodb::client(backend, config.dynamodb_timeout);
        let nodes = addresses.iter().enumerate();
        Self {
            schemas: Schemas::new(dynamodb.clone(), config.tables.iter().cloned().collect()),
            dynamodb,
            lists: AttributeLists::default(),
            nodes: nodes.map(|(index, address)| Arc::new(Node::new(index, *address, config))).collect(),
            faults: Faults::new(config.seed),
            replication: Replication::new(config.replication_delay),
            request_log: config.request_log.clone(),
            verifier: config.secret_access_key.clone().map(Verifier::new),
            advertise: config.advertise,
            leader: AtomicUsize::new(0),
            leader_session: AtomicU64::new(1),
        }
    }

    /// Where a client finds a node that it can reach at `reached`, or on this machine if that is not known.
    pub(crate) fn announced(&self, node: &Node, reached: Option<IpAddr>) -> SocketAddr {
        SocketAddr::new(announced(node.address.ip(), self.advertise, reached), node.address.port())
    }

    /// The nodes that run, for a client that connected to `reached`.
    pub(crate) fn members(&self, reached: Option<IpAddr>) -> Vec<Member> {
        let leader = self.leader();
        let leader_session = self.leader_session.load(Ordering::Acquire);
        let member = |node: &Arc<Node>| {
            let id = node.index as u64 + 1;
            Member {
                id,
                host_name: format!("node{id}.dax.localhost"),
                address: self.announced(node, reached),
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

/// The address that is announced of what listens on `listens`, to a client that connected to `reached`.
fn announced(listens: IpAddr, advertise: Option<IpAddr>, reached: Option<IpAddr>) -> IpAddr {
    let reached = reached.filter(|_| listens.is_unspecified());
    advertise.or(reached).unwrap_or_else(|| from_here(listens))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_an_address_that_they_can_reach() {
        let check = |listens: &str, advertise: Option<&str>, reached: Option<&str>, expected: &str| {
            let parse = |text: &str| text.parse::<IpAddr>().unwrap();
            let found = announced(parse(listens), advertise.map(parse), reached.map(parse));
            assert_eq!(found, parse(expected), "{listens} {advertise:?} {reached:?}");
        };
        check("127.0.0.1", None, Some("127.0.0.1"), "127.0.0.1");
        check("127.0.0.1", None, None, "127.0.0.1");
        check("10.0.0.5", None, Some("10.0.0.5"), "10.0.0.5");
        // Whatever interface a client came in by, unless there is something in between.
        check("0.0.0.0", None, Some("172.17.0.2"), "172.17.0.2");
        check("::", None, Some("172.17.0.2"), "172.17.0.2");
        check("0.0.0.0", Some("127.0.0.1"), Some("172.17.0.2"), "127.0.0.1");
        // What this machine shows in its own terminal.
        check("0.0.0.0", None, None, "127.0.0.1");
        check("::", None, None, "::1");
    }
}
