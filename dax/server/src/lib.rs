//! A DAX cluster on this machine, in front of any DynamoDB.
//!
//! It speaks the DAX protocol to any client, answers from caches like DAX's, and can be made to fail.
//!
//! ```text
//! client ── session ── request ── operations ─┬─ cache        per node: items, query results
//!           framing,   arguments  one file     ├─ dynamodb     whatever is behind
//!           sign-in    to meaning for each     └─ replication  writes on their way to the other nodes
//! ```
//!
//! # What is modelled
//!
//! * Items are cached when they are read or written, and so is their absence. Results of queries and scans are
//!   cached separately, and writes do not touch them. Entries expire after a time to live; a full cache evicts the
//!   least recently used ones.
//! * Strongly consistent reads and transactional reads go to DynamoDB and leave the caches alone.
//! * Writes go to DynamoDB first, then through the leader's cache, and after the replication delay into the caches of
//!   the other nodes. Every node takes writes.
//! * `1`, `1.0` and `1e0` are one key.
//!
//! # The control endpoint
//!
//! A cluster is controlled through [`Cluster`], or over HTTP with JSON:
//!
//! | request | body | effect |
//! | --- | --- | --- |
//! | `GET /health` | | status 200 if a node runs and the tables can be reached, else 503 with the reason |
//! | `GET /status` | | nodes with role, state and counters; fault rules |
//! | `POST /faults` | a [`FaultRule`] | adds a rule and returns its id |
//! | `GET /faults`, `DELETE /faults`, `DELETE /faults/{id}` | | lists and removes rules |
//! | `POST /nodes/{n}/stop`, `start`, `freeze`, `thaw`, `lead` | | changes node n, counted from 0 |
//! | `POST /caches/clear` | | empties all caches |
//! | `PUT /replication-delay` | `{"milliseconds": 200}` | |
//!
//! Three throttled writes, then business as usual:
//!
//! ```text
//! curl localhost:8110/faults -d '{"operation": "PutItem", "times": 3,
//!                                 "action": {"type": "error", "code": "ThrottlingException"}}'
//! ```
//!
//! Actions: `{"type": "delay", "milliseconds": 500}`, `{"type": "close"}`, `{"type": "reset"}`,
//! `{"type": "error", "code": …, "message": …, "codes": […]}`, `{"type": "unprocessed", "count": 2}`,
//! `{"type": "staleRead"}`. Conditions, all optional: `node`, `operation`, `times`, `probability`. Without `operation`, a rule
//! is for the ten operations.

// They watch signals and file modes.
#[cfg(all(not(unix), any(feature = "embedded", feature = "command")))]
compile_error!(
    "dax-server runs on Linux, macOS and other Unix systems; on Windows, use its container image or the Windows \
     Subsystem for Linux"
);

mod auth;
mod behind;
mod cache;
mod cluster;
#[cfg(feature = "command")]
pub mod command;
mod config;
mod control;
mod counters;
mod dynamodb;
// Public for the packages that embed the same store; not part of the documented API.
#[cfg(feature = "embedded")]
#[doc(hidden)]
pub mod embedded;
mod failure;
mod fault;
mod health;
mod host;
mod known;
mod machine;
mod node;
mod operation;
mod operations;
mod pending_write;
mod replication;
mod request;
mod request_log;
mod schemas;
mod seed;
mod session;
mod shared;
mod tls;
mod wire;

#[cfg(test)]
mod targets;
#[cfg(test)]
mod tests;

pub use dax_protocol::Method;

pub use self::{
    cluster::Cluster,
    config::{Backend, ClusterConfig},
    counters::Counters,
    fault::{ActiveFault, FaultAction, FaultRule},
    request_log::{RequestLog, RequestRecord},
};

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
