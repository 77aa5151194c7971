//! The client and its ten operations.

use std::fmt;
use std::sync::Arc;

use dax_protocol::{Access, Method};
use tracing::Instrument;

use crate::call::Core;
use crate::error::Error;
use crate::fallback::table::InTable;
use crate::metrics::Stats;
use crate::net::context::deadline_in;
use crate::op;
use crate::options::CallOptions;
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
    core: Arc<Core>,
    options: Option<Arc<CallOptions>>,
}

impl Client {
    /// Finds the cluster and connects to it.
    ///
    /// Needs a tokio runtime with I/O and time. The connection over which the cluster was found is kept for calls.
    /// Takes no longer than [`total_timeout`](Config::total_timeout), names, credentials and TLS included.
    ///
    /// # Errors
    /// At once, with the reason: [`Error::Config`] (region or provider missing, no tokio runtime), [`Error::Credentials`],
    /// [`Error::Dns`], [`Error::Connect`] (refused, or no answer: often a security group), [`Error::Tls`],
    /// [`Error::Server`] (credentials or permission refused), [`Error::NoRoute`] (no nodes, or no leader).
    ///
    /// With a [fallback](Config::fallback), a cluster that cannot be reached is no error: the circuit is open at first, and
    /// [`stats`](Self::stats) and a `tracing` event say why.
    pub async fn connect(config: Config) -> Result<Self, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::Config { message: "Client::connect was not called within a tokio runtime".to_owned() });
        }
        Ok(Self { core: Arc::new(Core::start(config).await?), options: None })
    }

    /// A client whose calls have these options. It shares everything else with this one: connections, what was learned,
    /// counters. Options that are not set stay as they are here.
    ///
    /// ```no_run
    /// # async fn example(client: dax_client::Client, input: aws_sdk_dynamodb::operation::get_item::GetItemInput)
    /// # -> Result<(), dax_client::Error> {
    /// use std::time::Duration;
    /// use dax_client::{CallOptions, ReadRouting, RetryPolicy};
    ///
    /// let hasty = CallOptions::new().total_timeout(Duration::from_millis(50)).retry(RetryPolicy::never());
    /// let output = client.with(hasty).get_item(input).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with(&self, options: CallOptions) -> Self {
        let options = options.over(self.options.as_deref());
        Self { core: Arc::clone(&self.core), options: Some(Arc::new(options)) }
    }

    /// What each node was asked, and how it went.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core.stats()
    }

    /// Learns a table's key ahead of the first call on it, which saves that call a round trip, and shows early
    /// whether the table exists: at the node that reads stay with ([`ReadRouting::StayConnected`]), else at all nodes.
    /// What was learned is good for a minute. Takes no longer than [`total_timeout`](Config::total_timeout).
    ///
    /// # Errors
    /// See [`Error`]; the first error of any node, without retries. [`Error::NoRoute`] if no node is known yet: a client
    /// with a [fallback](Config::fallback) has not found the cluster.
    pub async fn warm_up(&self, table: &str) -> Result<(), Error> {
        let (cluster, terms) = (&self.core.cluster, self.core.terms(self.options.as_deref()));
        let end = deadline_in(terms.total_timeout());
        let nodes = if *terms.read_routing() == ReadRouting::StayConnected {
            cluster.choose(Access::Read, terms.read_routing(), None).into_iter().collect()
        } else {
            cluster.routes().nodes.iter().map(|routed| Arc::clone(&routed.node)).collect::<Vec<_>>()
        };
        if nodes.is_empty() {
            return Err(cluster.nowhere(Method::DefineKeySchema));
        }
        for node in nodes {
            node.learn(&cluster.context, table, end).await?;
        }
        Ok(())
    }

    /// A client whose calls leave part of `limit`, when they are going to be dropped, to the fallback.
    #[cfg(feature = "sdk")]
    pub(crate) fn within(&self, limit: Option<std::time::Duration>) -> Self {
        let total = self.core.terms(self.options.as_deref()).total_timeout();
        match limit.filter(|limit| *limit < total && self.core.has_fallback()) {
            Some(limit) => self.with(CallOptions::new().total_timeout(limit)),
            None => self.clone(),
        }
    }

    /// Makes a call, with retries.
    pub(crate) async fn call<O: InTable>(&self, input: O::Input) -> Result<O::Output, Error> {
        let span = tracing::debug_span!(
            "dax.call",
            dax.operation = O::METHOD.name(),
            dax.table = tracing::field::Empty,
            dax.attempts = tracing::field::Empty,
            dax.node = tracing::field::Empty,
            dax.fallback = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let terms = self.core.terms(self.options.as_deref());
        let mut report = Report::begin(terms.config.observer.as_ref(), &span, O::METHOD);
        let outcome = if span.is_disabled() {
            self.core.call::<O>(input, terms, &mut report).await
        } else {
            Box::pin(self.core.call::<O>(input, terms, &mut report).instrument(span)).await
        };
        report.end(outcome.as_ref().err());
        outcome
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.core.cluster.routes();
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
