//! The client and its ten operations.

use std::fmt;
use std::sync::Arc;

use dax_protocol::Access;
use tracing::Instrument;

use crate::attempts::Attempts;
use crate::error::Error;
use crate::metrics::Stats;
use crate::net::cluster::Cluster;
use crate::net::context::{Context, deadline_in};
use crate::net::maintenance::Maintenance;
use crate::op::{self, Operation};
use crate::report::Report;
use crate::{Config, ReadRouting};

/// A client for one DAX cluster.
///
/// Clones are cheap and share everything. Make one per program and keep it: a new client has to find the cluster,
/// connect and learn its tables first. The last clone to be dropped closes the connections and ends the background
/// task.
///
/// All methods may be called from any task at any time, and from any runtime: a connection that belongs to a runtime that
/// was shut down is replaced, and so is the background task. A call that is dropped before it is done is cancelled: its
/// connection is closed and no other call is affected; a cancelled write may still take effect.
///
/// ```no_run
/// use aws_sdk_dynamodb::operation::get_item::GetItemInput;
/// use aws_sdk_dynamodb::types::AttributeValue;
/// use dax_client::{Client, Config};
///
/// # async fn example(sdk: aws_types::SdkConfig) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::new("dax://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com")?.aws_config(&sdk);
/// let client = Client::connect(config).await?;
/// let input = GetItemInput::builder()
///     .table_name("links")
///     .key("id", AttributeValue::S("k3".to_owned()))
///     .build()?;
/// let item = client.get_item(input).await?.item;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    cluster: Arc<Cluster>,
    /// Ends when dropped.
    maintenance: Maintenance,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.cluster.stop();
    }
}

impl Client {
    /// Finds the cluster and connects to it.
    ///
    /// Needs a tokio runtime with I/O and time. The connection over which the cluster was found is kept for calls.
    /// Takes no longer than [`total_timeout`](Config::total_timeout), names, credentials and TLS included.
    ///
    /// # Errors
    /// At once, with the reason: [`Error::Config`] (endpoint, region or provider missing), [`Error::Credentials`],
    /// [`Error::Dns`], [`Error::Connect`] (refused, or no answer: often a security group), [`Error::Tls`],
    /// [`Error::Server`] (credentials or permission refused), [`Error::NoRoute`] (no nodes, or no leader).
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let end = deadline_in(config.total_timeout);
        let cluster = Arc::new(Cluster::start(Context::new(config)?, end).await?);
        let maintenance = Maintenance::start(&cluster);
        Ok(Self { shared: Arc::new(Shared { cluster, maintenance }) })
    }

    /// What each node was asked, and how it went.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.cluster.stats()
    }

    /// Learns a table's key ahead of the first call on it, which saves that call a round trip, and shows early
    /// whether the table exists: at the node that reads stay with ([`ReadRouting::StayConnected`]), else at all nodes.
    /// What was learned is good for a minute. Takes no longer than [`total_timeout`](Config::total_timeout).
    ///
    /// # Errors
    /// See [`Error`]; the first error of any node, without retries.
    pub async fn warm_up(&self, table: &str) -> Result<(), Error> {
        let cluster = &self.shared.cluster;
        let end = deadline_in(cluster.context.config.total_timeout);
        let nodes = if cluster.context.config.read_routing == ReadRouting::StayConnected {
            cluster.choose(Access::Read, None).into_iter().collect()
        } else {
            cluster.routes().nodes.iter().map(|routed| Arc::clone(&routed.node)).collect::<Vec<_>>()
        };
        for node in nodes {
            node.learn(&cluster.context, table, end).await?;
        }
        Ok(())
    }

    /// Makes a call, with retries.
    pub(crate) async fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, Error> {
        let span = tracing::debug_span!(
            "dax.call",
            dax.operation = O::METHOD.name(),
            dax.table = tracing::field::Empty,
            dax.attempts = tracing::field::Empty,
            dax.node = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let mut report = Report::begin(self.shared.cluster.context.config.observer.as_ref(), &span, O::METHOD);
        let outcome = self.attempt::<O>(input, &mut report).instrument(span).await;
        report.end(outcome.as_ref().err());
        outcome
    }

    async fn attempt<O: Operation>(&self, input: O::Input, report: &mut Report) -> Result<O::Output, Error> {
        let Shared { cluster, maintenance } = &*self.shared;
        // Runs from here on, whatever the call has to wait for.
        let end = deadline_in(cluster.context.config.total_timeout);
        let operation = O::prepare(input, &mut || cluster.context.with_rng(|rng| rng.u128(..)))?;
        report.prepared(&operation);
        maintenance.ensure(cluster);
        cluster.refresh_on_use(end).await;
        let mut attempts = Attempts::new(cluster, O::METHOD.access(), end);
        loop {
            let node = attempts.next_node().ok_or_else(|| Error::NoRoute {
                method: O::METHOD,
                reason: "the cluster announces no nodes".to_owned(),
                source: None,
            })?;
            report.attempt(&node);
            match node.attempt(&cluster.context, &operation, attempts.patience()).await {
                Ok(output) => return Ok(output),
                Err(failure) => attempts.after(&node, failure).await?,
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.shared.cluster.routes();
        let nodes: Vec<_> = routes.nodes.iter().map(|routed| routed.node.announced).collect();
        f.debug_struct("Client").field("nodes", &nodes).finish_non_exhaustive()
    }
}

/// The named operations.
macro_rules! operations {
    ($($method:ident $operation:ident $input:ident $output:ident $fake:ident;)+) => {
        impl Client {
            $(
                #[doc = concat!("Calls `", stringify!($operation), "`.")]
                ///
                /// # Errors
                /// See [`Error`].
                pub async fn $method(
                    &self,
                    input: aws_sdk_dynamodb::operation::$method::$input,
                ) -> Result<aws_sdk_dynamodb::operation::$method::$output, Error> {
                    self.call::<op::$operation>(input).await
                }
            )+
        }
    };
}

op::each_operation!(operations);
