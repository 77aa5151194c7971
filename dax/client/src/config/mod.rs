//! The settings of a client.

mod choices;
#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};

pub use self::choices::{AddressFamily, ReadRouting, Refresh};
#[cfg(feature = "tls")]
pub(crate) use self::tls::TlsSettings;
#[cfg(feature = "tls")]
pub use self::tls::TrustError;
use crate::connector::Connector;
use crate::fallback::Fallback;
use crate::{Endpoint, EndpointError, Observer, RetryPolicy};

/// Settings of a [`Client`](crate::Client). Everything but the endpoint has a default.
///
/// ```
/// use dax_client::Config;
///
/// let config = Config::new("dax://my-cluster.l6fzcv.dax-clusters.us-east-1.amazonaws.com")?
///     .request_timeout(std::time::Duration::from_millis(500));
/// # Ok::<(), dax_client::EndpointError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Config {
    pub(crate) endpoints: Vec<Endpoint>,
    region: Option<String>,
    /// The region of the SDK's configuration.
    sdk_region: Option<String>,
    pub(crate) credentials: Option<SharedCredentialsProvider>,
    pub(crate) connect_timeout: Duration,
    pub(crate) lookup_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) max_connections: usize,
    pub(crate) max_waiting: usize,
    pub(crate) max_opening: usize,
    pub(crate) min_idle: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_answer_bytes: usize,
    pub(crate) retry: RetryPolicy,
    pub(crate) read_routing: ReadRouting,
    pub(crate) address_family: AddressFamily,
    pub(crate) refresh: Refresh,
    pub(crate) evict_after_errors: u32,
    pub(crate) address_map: Option<AddressMap>,
    #[cfg(feature = "tls")]
    pub(crate) tls: TlsSettings,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) connector: Option<Arc<dyn Connector>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) time_source: SharedTimeSource,
    pub(crate) seed: Option<u64>,
}

/// See [`Config::address_map`].
pub(crate) type AddressMap = Arc<dyn Fn(SocketAddr) -> SocketAddr + Send + Sync>;

impl Config {
    /// Settings for the cluster with this discovery endpoint: `dax://host[:port]`, `daxs://host[:port]` or `host:port`.
    ///
    /// # Errors
    /// If the text is not an endpoint.
    pub fn new(endpoint: &str) -> Result<Self, EndpointError> {
        Ok(Self::for_endpoint(endpoint.parse()?))
    }

    /// Settings for the cluster with this discovery endpoint.
    pub fn for_endpoint(endpoint: Endpoint) -> Self {
        Self {
            endpoints: vec![endpoint],
            region: None,
            sdk_region: None,
            credentials: None,
            connect_timeout: Duration::from_secs(1),
            lookup_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            max_connections: 64,
            max_waiting: 1_000,
            max_opening: 10,
            min_idle: 1,
            idle_timeout: Duration::from_secs(60),
            max_answer_bytes: 64 << 20,
            retry: RetryPolicy::new(),
            read_routing: ReadRouting::AnyNode,
            address_family: AddressFamily::Any,
            refresh: Refresh::Background(Duration::from_secs(4)),
            evict_after_errors: 5,
            address_map: None,
            #[cfg(feature = "tls")]
            tls: TlsSettings::default(),
            fallback: None,
            connector: None,
            observer: None,
            time_source: SharedTimeSource::default(),
            seed: None,
        }
    }

    /// A further address at which the same cluster can be discovered. It must have the scheme of the first.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// The cluster's AWS region, for signing. Unset, it is the one in the endpoint's host name, which contains it on AWS,
    /// else the one of [`aws_config`](Self::aws_config).
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Where credentials come from: any provider of the AWS SDK, or fixed
    /// [`Credentials`](aws_credential_types::Credentials). They are asked for again in the background before they expire; no
    /// call waits for the provider while the last credentials are valid.
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(SharedCredentialsProvider::new(provider));
        self
    }

    /// Takes credentials, clock and region from the configuration that AWS SDK clients are made of. The region counts only
    /// if [`region`](Self::region) is not set and the endpoint's host name has none: the cluster may be in another.
    pub fn aws_config(mut self, config: &aws_types::SdkConfig) -> Self {
        if let Some(region) = config.region() {
            self.sdk_region = Some(region.as_ref().to_owned());
        }
        if let Some(provider) = config.credentials_provider() {
            self.credentials = Some(provider);
        }
        if let Some(time_source) = config.time_source() {
            self.time_source = time_source;
        }
        self
    }

    /// Longest time for resolving a name, and for opening a connection (TLS included). Default 1 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Longest time for one control request: the node list, a key schema, an attribute list. Default 1 s.
    pub fn lookup_timeout(mut self, timeout: Duration) -> Self {
        self.lookup_timeout = timeout;
        self
    }

    /// Longest time for one attempt, from taking a connection to the whole answer. Default 5 s. An answer with many new
    /// attribute lists has this time again after each of them is known.
    ///
    /// An attempt that exceeds it closes the connection, so a very short time makes an overloaded cluster slower.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Longest time for a call with all its attempts and waits: for names, connections, credentials, what has to be asked
    /// first, and a place in line. No call takes longer, whatever hangs, and neither does
    /// [`Client::connect`](crate::Client::connect). Default 15 s.
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = timeout;
        self
    }

    /// Most connections open to one node; a connection carries one request at a time. Default 64.
    pub fn max_connections_per_node(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Most calls that may wait for a connection to one node; further ones fail at once. Default 1000.
    pub fn max_waiting_per_node(mut self, calls: usize) -> Self {
        self.max_waiting = calls;
        self
    }

    /// Most new connections to one node on which it has not answered yet. Other calls wait for one of them, or for a
    /// connection that becomes idle. A node that comes back, or is slow, is not flooded by all callers at once. If it
    /// cannot be connected to, the calls that wait share that failure. Default 10.
    pub fn max_opening_per_node(mut self, connections: usize) -> Self {
        self.max_opening = connections.max(1);
        self
    }

    /// Idle connections kept open for each node, or with [`ReadRouting::StayConnected`] for the one node. Default 1. With
    /// [`Refresh::OnUse`] nothing is opened ahead of need.
    pub fn min_idle_per_node(mut self, connections: usize) -> Self {
        self.min_idle = connections;
        self
    }

    /// Idle connections are closed after this time, and never used after it: their peer may have vanished without a word.
    /// Default 60 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Answers longer than this are refused and their connection closed. Default 64 MiB; the largest answer DynamoDB
    /// gives is a batch of 16 MiB.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// How failed calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Which node a read goes to. Default any.
    pub fn read_routing(mut self, routing: ReadRouting) -> Self {
        self.read_routing = routing;
        self
    }

    /// Which of the cluster's addresses are used. Default IPv4 if there is any.
    pub fn address_family(mut self, family: AddressFamily) -> Self {
        self.address_family = family;
        self
    }

    /// When the list of nodes is fetched again. Default by a background task about every 4 s.
    pub fn refresh(mut self, refresh: Refresh) -> Self {
        self.refresh = refresh;
        self
    }

    /// A node gets no requests after this many I/O errors in a row, until it answers a probe. Default 5.
    pub fn evict_after_errors(mut self, errors: u32) -> Self {
        self.evict_after_errors = errors.max(1);
        self
    }

    /// Translates addresses before they are connected to: those that the cluster announces for its nodes, and those to
    /// which the endpoint's name resolves. For tunnels and port forwards from outside the cluster's network.
    ///
    /// What the name resolves to is tried untranslated as well: the endpoint may be the tunnel itself. With the cluster's own
    /// endpoint, TLS needs no [`server_name`](Self::server_name).
    pub fn address_map(mut self, map: impl Fn(SocketAddr) -> SocketAddr + Send + Sync + 'static) -> Self {
        self.address_map = Some(Arc::new(map));
        self
    }

    /// Asks DynamoDB while the cluster cannot answer: an SDK client, or a [`Fallback`] with settings of its own.
    ///
    /// Reads go there when the cluster could not answer them, after their retries, within
    /// [`total_timeout`](Self::total_timeout); and at once while the circuit is open, which it is after
    /// [a few](Fallback::open_after) such failures in a row. Then a node is asked for a sign of life now and then, one call
    /// tries the cluster, and when that is answered all do. With a fallback,
    /// [`Client::connect`](crate::Client::connect) succeeds although the cluster cannot be reached.
    ///
    /// A failure to answer is one on the way to the cluster, or of the cluster; never an answer, such as a failed condition,
    /// a validation error, an error of permission, or a table without capacity, which more load on it would not cure. That a
    /// node throttles a read is a failure to answer. What the table answers is the outcome of the call, be it an error
    /// ([`ServerError::fallback`](crate::ServerError::fallback)).
    ///
    /// Writes go to DynamoDB only [on request](Fallback::writes).
    pub fn fallback(mut self, fallback: impl Into<Fallback>) -> Self {
        self.fallback = Some(fallback.into());
        self
    }

    /// Where byte streams come from, instead of the system's resolver and TCP.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.connector = Some(Arc::new(connector));
        self
    }

    /// Gets a report of each call: operation, tables, duration, attempts, node and outcome, for metrics. Any
    /// `Fn(&CallReport<'_>)` will do, and an [`OperationCounters`](crate::OperationCounters). Unset, nothing is measured.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The wall clock, used for signing and for credentials' expiry only.
    pub fn time_source(mut self, source: impl TimeSource + 'static) -> Self {
        self.time_source = SharedTimeSource::new(source);
        self
    }

    /// Makes routing and waits reproducible.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The set region, or the one in the host name of an AWS cluster
    /// (`<name>.<id>.dax-clusters.<region>.amazonaws.com`), or the SDK's.
    pub(crate) fn signing_region(&self) -> Option<String> {
        let from_host = || {
            let mut labels = self.endpoints.first()?.host().split('.');
            labels.find(|label| *label == "dax-clusters")?;
            labels.next().map(str::to_owned)
        };
        self.region.clone().or_else(from_host).or_else(|| self.sdk_region.clone())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints: Vec<_> = self.endpoints.iter().map(ToString::to_string).collect();
        f.debug_struct("Config")
            .field("endpoints", &endpoints)
            .field("region", &self.signing_region())
            .field("connect_timeout", &self.connect_timeout)
            .field("lookup_timeout", &self.lookup_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_connections_per_node", &self.max_connections)
            .field("retry", &self.retry)
            .field("read_routing", &self.read_routing)
            .field("refresh", &self.refresh)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_the_set_one_or_the_clusters_or_the_sdks() {
        let (us, eu) = (Some("us-east-1"), Some("eu-west-1"));
        for (endpoint, set, sdk, expected) in [
            ("dax://my.l6fzcv.dax-clusters.us-east-1.amazonaws.com", None, None, us),
            ("daxs://my.l6fzcv.dax-clusters.cn-north-1.amazonaws.com.cn", None, None, Some("cn-north-1")),
            ("dax://my.l6fzcv.dax-clusters.us-east-1.amazonaws.com", eu, None, eu),
            ("dax://my.l6fzcv.dax-clusters.us-east-1.amazonaws.com", None, eu, us),
            ("dax://my.l6fzcv.dax-clusters.us-east-1.amazonaws.com", eu, us, eu),
            ("dax://127.0.0.1", None, eu, eu),
            ("dax://127.0.0.1", us, eu, us),
            ("dax://127.0.0.1", None, None, None),
        ] {
            let sdk_config = aws_types::SdkConfig::builder().region(sdk.map(aws_types::region::Region::new)).build();
            for sdk_first in [true, false] {
                let mut config = Config::new(endpoint).unwrap();
                if sdk_first {
                    config = config.aws_config(&sdk_config);
                }
                if let Some(region) = set {
                    config = config.region(region);
                }
                if !sdk_first {
                    config = config.aws_config(&sdk_config);
                }
                assert_eq!(config.signing_region().as_deref(), expected, "{endpoint}, {set:?}, {sdk:?}");
            }
        }
    }

    #[test]
    fn credentials_are_not_printed() {
        let credentials = aws_credential_types::Credentials::new("AKID", "TOP-SECRET", None, None, "test");
        let config = Config::new("dax://127.0.0.1").unwrap().credentials_provider(credentials);
        assert!(!format!("{config:?}").contains("TOP-SECRET"));
    }
}
