//! Sockets, and what keeps them in order. Nothing outside this module waits for a peer.
//!
//! `cluster` keeps the `routes` of the last roster; a `node` makes attempts over the `connection`s of its `pool`, each of
//! which carries one [session](crate::session). What is public here lets a program bring its own byte streams.

pub(crate) mod cluster;
mod connection;
pub(crate) mod context;
mod health;
pub(crate) mod maintenance;
pub(crate) mod node;
mod pool;
pub(crate) mod routes;
#[cfg(feature = "tls")]
mod tls;

pub use crate::connector::{BoxFuture, Connector, IdleState, Transport};
