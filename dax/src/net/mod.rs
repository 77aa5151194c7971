//! Sockets, and what keeps them in order. Nothing outside this module waits for a peer.
//!
//! A [`Cluster`](cluster::Cluster) holds the [`Routes`](routes::Routes) of the last roster; a
//! [`Node`](node::Node) makes attempts over the [`Connection`](connection::Connection)s of its [`Pool`](pool::Pool).

pub(crate) mod cluster;
mod connection;
mod connector;
pub(crate) mod context;
pub(crate) mod maintenance;
pub(crate) mod node;
mod pool;
pub(crate) mod routes;
#[cfg(feature = "tls")]
mod tls;

pub use connector::{BoxFuture, Connector, IdleState, Transport};
