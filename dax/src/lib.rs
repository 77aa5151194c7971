//! A client for Amazon DynamoDB Accelerator (DAX), the write-through cache in front of DynamoDB.
//!
//! Requests, results and errors are those of [`aws_sdk_dynamodb`]. The lower half of the crate is pure: it turns an
//! input into the bytes of a request and the bytes of an answer into an output, and never touches a socket, a clock
//! or a random number generator. The upper half moves those bytes.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`cbor`] | bounded reader and writer for the subset of CBOR that DAX speaks |
//! | [`number`] | 38-digit decimals: parse, normalise, print; CBOR and order-preserving encodings |
//! | [`codec`] | attribute values, keys, items, answers, and the [`Metadata`](codec::Metadata) they need |
//! | [`expression`] | expression strings to the trees that travel |
//! | [`op`] | the ten operations, one file each |
//! | [`session`] | one connection's side of the conversation, without a socket and without a clock |
//! | [`net`] | sockets: connections, pools, the cluster |

pub mod cbor;
pub mod codec;
pub mod error;
pub mod expression;
pub mod net;
pub mod number;
pub mod op;
pub mod session;

mod auth;
mod client;
mod config;
mod credentials;
mod endpoint;
mod metrics;
mod retry;
#[cfg(feature = "sdk")]
mod sdk;

pub use client::Client;
#[cfg(feature = "tls")]
pub use config::TrustError;
pub use config::{AddressFamily, Config, ReadRouting, Refresh};
pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::{Error, Retry, ServerError};
pub use metrics::{Latency, NodeStats, Stats};
pub use retry::RetryPolicy;
