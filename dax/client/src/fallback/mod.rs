//! DynamoDB in place of a cluster that cannot answer.
//!
//! [`Fallback`] is what a program sets; a [`Standby`] is one at work: the [breaker](breaker::Breaker), which decides whether
//! a call asks the cluster, and the [`table`], which is asked instead.

pub(crate) mod breaker;
pub(crate) mod standby;
pub(crate) mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use tokio::sync::OnceCell;

use self::breaker::Rules;
use crate::connector::BoxFuture;

/// DynamoDB in place of a cluster that cannot answer: see [`Config::fallback`](crate::Config::fallback).
///
/// ```
/// # fn example(config: dax_client::Config, dynamodb: aws_sdk_dynamodb::Client) -> dax_client::Config {
/// use std::time::Duration;
/// use dax_client::Fallback;
///
/// config
///     .total_timeout(Duration::from_secs(3))
///     .fallback(Fallback::new(dynamodb).cluster_timeout(Duration::from_secs(1)).open_after(1))
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Fallback {
    client: Arc<Lazy>,
    pub(crate) cluster_timeout: Option<Duration>,
    pub(crate) writes: bool,
    pub(crate) rules: Rules,
}

/// A client, or how to get one.
struct Lazy {
    client: OnceCell<Client>,
    make: Box<dyn Fn() -> BoxFuture<'static, Client> + Send + Sync>,
}

impl Fallback {
    /// Asks with this client. Its region, credentials, endpoint, timeouts and retries apply; it must not be a client that
    /// [`to_sdk_client`](crate::Client::to_sdk_client) made.
    pub fn new(client: Client) -> Self {
        Self {
            client: Arc::new(Lazy {
                client: OnceCell::from(client.clone()),
                make: Box::new(move || Box::pin(std::future::ready(client.clone()))),
            }),
            cluster_timeout: None,
            writes: false,
            rules: Rules::default(),
        }
    }

    /// Asks with a client that is made by the first call to need it, which waits for that; if that call ends before, the
    /// next one tries again.
    ///
    /// For programs whose start-up counts: a client for HTTPS loads the platform's certificates.
    ///
    /// ```
    /// use dax_client::Fallback;
    ///
    /// let fallback = Fallback::lazy(|| async {
    ///     let config = aws_sdk_dynamodb::Config::builder(); // … or `aws_config::load_defaults(BehaviorVersion::latest()).await`
    ///     aws_sdk_dynamodb::Client::from_conf(config.behavior_version_latest().build())
    /// });
    /// ```
    pub fn lazy<F, C>(make: F) -> Self
    where
        F: Fn() -> C + Send + Sync + 'static,
        C: Future<Output = Client> + Send + 'static,
    {
        let make: Box<dyn Fn() -> BoxFuture<'static, Client> + Send + Sync> = Box::new(move || Box::pin(make()));
        Self {
            client: Arc::new(Lazy { client: OnceCell::new(), make }),
            cluster_timeout: None,
            writes: false,
            rules: Rules::default(),
        }
    }

    /// Longest time that a call gives the cluster; the rest of its [`total_timeout`](crate::Config::total_timeout) is for
    /// DynamoDB. Default half of it. A call with [another total](crate::CallOptions::total_timeout) gives the same share.
    ///
    /// It must be less than `total_timeout`.
    pub fn cluster_timeout(mut self, timeout: Duration) -> Self {
        self.cluster_timeout = Some(timeout);
        self
    }

    /// The circuit opens after this many calls in a row that the cluster could not answer. Default 3: one slow query among
    /// calls that succeed never keeps all others from the cache. A call fails after its retries on other nodes.
    pub fn open_after(mut self, failures: u32) -> Self {
        self.rules.failures = failures.max(1);
        self
    }

    /// How long calls go to DynamoDB before the cluster is asked again: `first` after the circuit opened, twice as long
    /// after each failure to come back, at most `longest`. Default 500 ms and 8 s.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.rules.first_pause = first;
        self.rules.longest_pause = longest.max(first);
        self
    }

    /// Whether writes go to DynamoDB as well. Default not: they fail while the cluster does.
    ///
    /// **The cluster never sees such a write.** Its nodes go on serving what they have cached, the old item or its absence,
    /// until the item's time to live ends (5 minutes by default; in AWS, 0 means that it never ends), and so do their cached query
    /// and scan results. Only consistent reads see the write at once. A program that cannot bear that leaves this off.
    ///
    /// A write that may have reached the cluster is not repeated in DynamoDB: it fails with
    /// [`outcome_unknown`](crate::Error::outcome_unknown).
    pub fn writes(mut self, yes: bool) -> Self {
        self.writes = yes;
        self
    }

    /// Whether it is known to lead back to a DAX client.
    pub(crate) fn is_drop_in(&self) -> bool {
        self.client.client.get().is_some_and(is_drop_in)
    }

    /// The client, made now if it was not before.
    async fn client(&self) -> &Client {
        self.client.client.get_or_init(|| (self.client.make)()).await
    }
}

impl From<Client> for Fallback {
    fn from(client: Client) -> Self {
        Self::new(client)
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("made", &self.client.client.initialized())
            .field("cluster_timeout", &self.cluster_timeout)
            .field("writes", &self.writes)
            .field("rules", &self.rules)
            .finish()
    }
}

/// Name of the interceptor by which a client in drop-in mode is recognised.
#[cfg(feature = "sdk")]
pub(crate) const DROP_IN: &str = "DaxRedirect";

/// Whether a client's data operations go to DAX. As a fallback it would ask the cluster that fails.
#[cfg(feature = "sdk")]
fn is_drop_in(client: &Client) -> bool {
    use aws_smithy_runtime_api::client::interceptors::Intercept;

    client.config().interceptors().any(|interceptor| interceptor.name() == DROP_IN)
}

#[cfg(not(feature = "sdk"))]
fn is_drop_in(_client: &Client) -> bool {
    false
}
