//! DynamoDB's HTTP protocol in front of a DAX cluster.
//!
//! A program in any language, with any AWS SDK, goes through DAX once its endpoint URL is that of the bridge. The ten
//! data operations go to the cluster; every other request goes to DynamoDB, byte for byte.
//!
//! ```text
//!                       ┌─ one of the ten ─► operation ─► dax-client, or the SDK client that it makes ─► DAX
//! any SDK ──► listener ─┤
//!                       └─ all others ─────► relay ────────────────────────────────────────────────► DynamoDB
//! ```
//!
//! The bridge checks no signature, so its listener belongs on the loopback interface, behind a [`Guard`].

mod answer;
mod failure;
mod listener;
mod operation;
mod relay;

// What it takes to make a bridge.
pub use aws_sdk_dynamodb;
pub use dax_client;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use loopback_guard::{Guard, Stop};
use tokio::net::TcpListener;

/// How the ten operations reach DAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Through the methods of [`dax_client::Client`].
    #[default]
    Core,
    /// Through the SDK client that [`to_sdk_client`](dax_client::Client::to_sdk_client) makes.
    DropIn,
}

/// An HTTP server that speaks DynamoDB's protocol and asks DAX.
#[derive(Debug, Clone)]
pub struct Bridge {
    mode: Mode,
    core: dax_client::Client,
    /// Sends what DAX does not do to DynamoDB.
    drop_in: aws_sdk_dynamodb::Client,
}

impl Bridge {
    /// A bridge to this cluster. What DAX does not do goes to the DynamoDB of `dynamodb`, signed with its credentials and
    /// without retries, which are the caller's.
    #[must_use]
    pub fn new(dax: dax_client::Client, dynamodb: &aws_sdk_dynamodb::Config, mode: Mode) -> Self {
        let once = dynamodb.to_builder().retry_config(RetryConfig::disabled()).build();
        Self { mode, drop_in: dax.to_sdk_client(&once), core: dax }
    }

    /// Serves the clients that `guard` admits on `listener` until `stop`.
    pub async fn serve(self, listener: TcpListener, guard: Guard, stop: Stop) {
        listener::serve(self, listener, guard, stop).await;
    }
}

/// The example of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
