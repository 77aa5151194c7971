//! What a setting can be, where it is one of several.

use std::time::Duration;

/// Which node a read goes to. Writes go to the leader whenever there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadRouting {
    /// Any node, uniformly at random.
    #[default]
    AnyNode,
    /// A random node in this availability zone, for example `us-east-1a`; any other while the zone has none.
    PreferZone(String),
    /// A node that this client has a connection to already; any other while that one fails.
    ///
    /// For many small clients, such as the execution environments of AWS Lambda: start-up connects each to a random
    /// node, so as a fleet they spread over the cluster, while each opens one connection and learns its tables once. If
    /// the node fails, another takes its place.
    StayConnected,
    /// The leader, to which writes go; any other while that one fails. It sees writes before the other nodes do, so an
    /// eventually consistent read that follows a write through the cluster finds it. All load is on one node.
    Leader,
}

/// Which of a cluster's addresses are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressFamily {
    /// IPv4 if the cluster has any, else IPv6.
    #[default]
    Any,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

/// When the list of nodes is fetched again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refresh {
    /// By a task, about once per this interval (up to 10 % sooner or later). The task also probes nodes, keeps
    /// connections warm and closes idle ones. It stops when the last clone of the client is dropped.
    Background(Duration),
    /// Without a lasting task: a call that finds the list older than this has a new one fetched first, over the connection
    /// that it uses anyway, and waits for it at most [`lookup_timeout`](crate::Config::lookup_timeout). For AWS Lambda, where
    /// nothing runs between requests.
    OnUse(Duration),
}
