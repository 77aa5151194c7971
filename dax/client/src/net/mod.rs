//! Sockets, and what keeps them in order. Nothing outside this module waits for a peer.
//!
//! `cluster` keeps the `routes` of the last roster; a `node` makes attempts over the `connection`s of its `pool`, each of
//! which carries one [session](crate::session). Every wait has an end: an `alarm` bounds an attempt by its `patience`, `race`
//! asks several peers at once, `lookups` and `learning` let one call ask for many, and `opening` lets few calls connect for
//! many. What is public here lets a program bring its own byte streams.

mod alarm;
pub(crate) mod cluster;
mod connection;
pub(crate) mod context;
mod discovery;
pub(crate) mod failure;
mod health;
mod learning;
mod lookups;
pub(crate) mod maintenance;
pub(crate) mod node;
mod opening;
pub(crate) mod patience;
mod pool;
mod race;
#[cfg(feature = "tls")]
mod roots;
pub(crate) mod routes;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod trust;

#[cfg(feature = "tls")]
pub use self::roots::AMAZON_ROOTS;
#[cfg(feature = "tls")]
pub(crate) use self::trust::Untrusted;
pub use crate::connector::{BoxFuture, Connector, IdleState, Transport};
