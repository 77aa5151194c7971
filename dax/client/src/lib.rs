//! A client for Amazon DynamoDB Accelerator (DAX), the write-through cache in front of DynamoDB.
//!
//! [`Client`] has one async method for each of the ten data operations, with the inputs, outputs and errors of
//! [`aws_sdk_dynamodb`]; `Client::to_sdk_client` (feature `sdk`) turns it into a real SDK client, whose other
//! operations go to DynamoDB. [`Config`] holds what can be set, [`Error`] what can go wrong and
//! [what to do about it](Error::retry).
//!
//! ```no_run
//! use aws_sdk_dynamodb::operation::get_item::GetItemInput;
//! use aws_sdk_dynamodb::types::AttributeValue;
//! use dax_client::{Client, Config};
//!
//! # async fn example(sdk: aws_types::SdkConfig) -> Result<(), dax_client::Error> {
//! let config = Config::new("dax://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com")?.aws_config(&sdk);
//! let client = Client::connect(config).await?;
//!
//! let key = AttributeValue::S("k3".into());
//! let input = GetItemInput::builder().table_name("links").key("id", key).build()?;
//! let item = client.get_item(input).await?.item;
//! # Ok(())
//! # }
//! ```
//!
//! # Life of a call
//!
//! ```text
//! Client ── expressions parsed, input checked (nothing was sent if this fails)
//!   │
//!   ├─ attempt 1: a node by role, zone and health ── an idle connection, still open? else a new one
//!   │     handshake, authorizeConnection     on a new connection, or after 225 s; in one write with what follows
//!   │     defineKeySchema, …ListId           what is not yet known of this node
//!   │     getItem  ────────────────────────▶ one write, one read
//!   │     defineAttributeList                a list number met for the first time
//!   │     decoded; the connection goes back to the pool
//!   │
//!   ├─ attempt 2: if the error allows it, on another node, after a wait if throttled, within the total timeout
//!   │
//!   └─ DynamoDB: with a `Fallback`, if the cluster could not answer; at once, while the circuit is open
//! ```
//!
//! # Inside
//!
//! The lower half of the crate is pure: it turns an input into the bytes of a request and the bytes of an answer into an
//! output, and never touches a socket, a clock or a random number generator. The upper half moves those bytes.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `codec` | attribute values, keys, items, answers, and the metadata that they need |
//! | `expression` | expression strings to the trees that are sent |
//! | `op` | the ten operations, one file each |
//! | `session` | one connection's side of the conversation, without a socket and without a clock |
//! | `net` | sockets: connections, pools, the cluster |
//! | `fallback` | the circuit breaker, and DynamoDB in place of the cluster |
//!
//! CBOR, numbers and the tables of the protocol are those of [`dax_protocol`].
//!
//! # More
//!
//! It was proven against recordings of the official clients and local clusters, never against a cluster on AWS.
//!
//! The [README](https://docs.rs/crate/dax-client/latest) has what is not about one type: a quick start without AWS, [errors], [testing], [AWS Lambda][lambda],
//! [outages and the fallback][outages], [settings], [metrics and logs][logs], crate [features] and dependencies.
//!
//! [errors]: https://docs.rs/crate/dax-client/latest#errors
//! [testing]: https://docs.rs/crate/dax-client/latest#testing
//! [lambda]: https://docs.rs/crate/dax-client/latest#aws-lambda
//! [outages]: https://docs.rs/crate/dax-client/latest#when-the-cluster-cannot-answer
//! [settings]: https://docs.rs/crate/dax-client/latest#settings
//! [logs]: https://docs.rs/crate/dax-client/latest#watching-it
//! [features]: https://docs.rs/crate/dax-client/latest#features-and-dependencies

#![cfg_attr(
    not(feature = "internals"),
    allow(unreachable_pub, unused_imports, dead_code, reason = "parts are used only through `internals`")
)]

mod attempts;
mod auth;
mod batch;
mod call;
mod client;
mod codec;
mod config;
mod connector;
mod credentials;
mod dynamodb;
mod endpoint;
mod error;
mod expression;
mod fallback;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod joint;
mod metrics;
mod net;
mod observer;
mod op;
mod options;
mod pages;
mod report;
mod retry;
#[cfg(feature = "sdk")]
mod sdk;
mod sealed;
mod session;
#[cfg(feature = "test-util")]
pub mod test_util;

pub use batch::{Batch, BatchInput, Incomplete};
pub use client::Client;
#[cfg(feature = "tls")]
pub use config::TrustError;
pub use config::{AddressFamily, Config, ReadRouting, Refresh};
pub use dax_protocol::{Access, Exception, Method, Role};
pub use dynamodb::DynamoDb;
pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::{Error, Retry, ServerError};
pub use fallback::Fallback;
pub use metrics::{Circuit, FallbackStats, Latency, NodeStats, Stats};
#[cfg(feature = "tls")]
pub use net::AMAZON_ROOTS;
pub use net::{BoxFuture, Connector, IdleState, Transport};
pub use observer::{CallOutcome, CallReport, Observer, OperationCounters, OperationStats};
pub use options::CallOptions;
pub use pages::{Items, PagedInput, Pages};
pub use retry::RetryPolicy;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
