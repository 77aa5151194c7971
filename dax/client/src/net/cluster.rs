//! The cluster: finding its nodes, keeping the list of them fresh, and routing calls to one of them.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dax_protocol::{Access, Method};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::context::{Context, deadline_in};
use super::node::Node;
use super::routes::{Routes, wanted};
use crate::codec::Metadata;
use crate::codec::control;
use crate::error::Error;
use crate::metrics::{Counter, NodeStats, Stats};
use crate::session::{Call, Endpoints};
use crate::{Endpoint, Refresh};

/// How often a start-up that meets a cluster without a leader asks again, and how long it waits in between.
const LEADER_ATTEMPTS: u32 = 5;
const LEADER_WAIT: Duration = Duration::from_millis(200);

/// Rosters come from a node over a warm connection, but once in this many refreshes from the discovery endpoint: a
/// node that was cut off from its cluster would keep announcing the old roster.
const REFRESHES_PER_DISCOVERY: u64 = 15;

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) context: Context,
    routes: RwLock<Arc<Routes>>,
    /// Held while a roster is being fetched.
    refreshing: tokio::sync::Mutex<()>,
    refreshes: Counter,
    refresh_failures: Counter,
}

/// A roster, and the connection over which discovery got it.
struct Found {
    roster: Vec<control::Member>,
    connection: Option<(SocketAddr, Connection)>,
}

impl Cluster {
    /// Finds the cluster.
    pub(crate) async fn start(context: Context) -> Result<Self, Error> {
        let cluster = Self {
            context,
            routes: RwLock::new(Arc::new(Routes::empty())),
            refreshing: tokio::sync::Mutex::default(),
            refreshes: Counter::default(),
            refresh_failures: Counter::default(),
        };
        // Asked for first, so that their absence is reported as such, and before any name is resolved.
        cluster.context.prove().await?;
        for attempt in 1.. {
            let found = cluster.discover().await?;
            let routes = cluster.apply(found)?;
            if routes.has_leader() {
                break;
            }
            if attempt == LEADER_ATTEMPTS {
                let nodes = routes.nodes.len();
                return Err(no_route(format!("the cluster announces {nodes} nodes and no leader"), None));
            }
            tokio::time::sleep(LEADER_WAIT).await;
        }
        Ok(cluster)
    }

    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The node for a call of this kind, other than `avoid` if there is another.
    pub(crate) fn choose(&self, access: Access, avoid: Option<&Arc<Node>>) -> Option<Arc<Node>> {
        self.routes().choose(access, avoid, &self.context)
    }

    /// Fetches a roster if the present one is older than `max_age`. Of several callers one does, the others wait.
    ///
    /// # Errors
    /// If no roster could be fetched; the old one stays in use.
    pub(crate) async fn refresh(&self, max_age: Duration) -> Result<(), Error> {
        let _one_at_a_time = self.refreshing.lock().await;
        if self.routes().fetched_at.elapsed() < max_age {
            return Ok(());
        }
        self.refreshed().await
    }

    /// Without a background task: ensures that the roster is no older than configured. One caller pays for it with
    /// a round trip; the others continue with the roster they have.
    pub(crate) async fn refresh_on_use(&self) {
        let Refresh::OnUse(max_age) = self.context.config.refresh else {
            return;
        };
        if self.routes().fetched_at.elapsed() < max_age {
            return;
        }
        let Ok(_one_at_a_time) = self.refreshing.try_lock() else {
            return;
        };
        if self.refreshed().await.is_err() {
            self.postpone_refresh();
        }
        let config = &self.context.config;
        for routed in &self.routes().nodes {
            routed.node.pool.reap(Instant::now(), config.idle_timeout, config.min_idle);
        }
    }

    async fn refreshed(&self) -> Result<(), Error> {
        let found = match self.ask_a_node().await {
            Some(roster) => Ok(Found { roster, connection: None }),
            None => self.discover().await,
        };
        match found.and_then(|found| self.apply(found)) {
            Ok(_routes) => {
                self.refreshes.add(1);
                Ok(())
            }
            Err(error) => {
                self.refresh_failures.add(1);
                tracing::warn!(error = %error, "cannot refresh the list of DAX nodes; the last one stays in use");
                Err(error)
            }
        }
    }

    /// The roster as a node of the present one has it; `None` when it is time for discovery, or the node fails.
    async fn ask_a_node(&self) -> Option<Vec<control::Member>> {
        if self.refreshes.get() % REFRESHES_PER_DISCOVERY == REFRESHES_PER_DISCOVERY - 1 {
            return None;
        }
        let node = self.choose(Access::Read, None)?;
        let roster = self.probe(&node).await.ok()?;
        (!roster.is_empty()).then_some(roster)
    }

    /// Asks a node for the roster, within the lookup timeout.
    pub(crate) async fn probe(&self, node: &Node) -> Result<Vec<control::Member>, Error> {
        let deadline = deadline_in(self.context.config.lookup_timeout);
        node.attempt(&self.context, &Endpoints, deadline).await.map_err(|failure| failure.error)
    }

    /// The roster from the configured endpoints: each is resolved again, and its addresses are tried in random
    /// order until one answers.
    async fn discover(&self) -> Result<Found, Error> {
        let mut last = None;
        for endpoint in &self.context.config.endpoints {
            match self.discover_at(endpoint).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    tracing::debug!(dax.endpoint = %endpoint, error = %error, "no roster from this endpoint");
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| no_route("no endpoint is configured".to_owned(), None)))
    }

    async fn discover_at(&self, endpoint: &Endpoint) -> Result<Found, Error> {
        let mut addresses = self.context.resolve(endpoint).await?;
        let any_v4 = addresses.iter().any(SocketAddr::is_ipv4);
        addresses.retain(|address| wanted(address.ip(), self.context.config.address_family, any_v4));
        self.context.with_rng(|rng| rng.shuffle(&mut addresses));
        let mut last = None;
        for address in addresses {
            match self.ask_address(address).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    tracing::debug!(dax.node = %address, error = %error, "no roster from this address");
                    last = Some(error);
                }
            }
        }
        let family = self.context.config.address_family;
        Err(last.unwrap_or_else(|| no_route(format!("{} has no address of family {family:?}", endpoint.host()), None)))
    }

    async fn ask_address(&self, address: SocketAddr) -> Result<Found, Error> {
        // Counted where it belongs once the roster tells which node this is.
        let nowhere = Arc::default();
        let mut connection = Connection::open(&self.context, address, &nowhere).await?;
        let metadata = RwLock::new(Metadata::with_limits(1, 1));
        let mut call = Call::new(&Endpoints);
        let after = self.context.config.lookup_timeout;
        let roster = timeout(after, connection.call(&self.context, &mut call, &metadata))
            .await
            .map_err(|_elapsed| Error::Timeout { method: Method::Endpoints, after, sent: true })??;
        if roster.is_empty() {
            return Err(no_route(format!("{address} announces no nodes"), None));
        }
        Ok(Found { roster, connection: Some((address, connection)) })
    }

    fn apply(&self, found: Found) -> Result<Arc<Routes>, Error> {
        let routes = Arc::new(self.routes().updated(&found.roster, &self.context));
        if routes.nodes.is_empty() {
            let family = self.context.config.address_family;
            let reason = format!("none of {} announced nodes has an address of family {family:?}", found.roster.len());
            return Err(no_route(reason, None));
        }
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&routes);
        if let Some((address, connection)) = found.connection
            && let Some(known) = routes.nodes.iter().find(|known| known.node.endpoint() == address)
            && connection.is_reusable()
        {
            known.node.adopt(connection);
        }
        Ok(routes)
    }

    /// Treats the present roster as just fetched, so that a cluster that cannot be asked does not slow every call.
    fn postpone_refresh(&self) {
        let routes = Routes { nodes: self.routes().nodes.clone(), fetched_at: Instant::now() };
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
    }

    pub(crate) fn stats(&self) -> Stats {
        let routes = self.routes();
        let nodes = routes.nodes.iter().map(|routed| {
            let (node, counters) = (&routed.node, &routed.node.counters);
            NodeStats {
                address: node.announced,
                role: routed.role,
                availability_zone: routed.zone.clone(),
                routed: !node.is_evicted(),
                requests: counters.requests.get(),
                io_errors: counters.io_errors.get(),
                service_errors: counters.service_errors.get(),
                retries: counters.retries.get(),
                cancelled: counters.cancelled.get(),
                connects: counters.connects.get(),
                connect_failures: counters.connect_failures.get(),
                open_connections: node.open_connections(),
                idle_connections: u64::try_from(node.pool.idle()).unwrap_or(u64::MAX),
                latency: counters.latency(),
            }
        });
        Stats { nodes: nodes.collect(), refreshes: self.refreshes.get(), refresh_failures: self.refresh_failures.get() }
    }
}

pub(crate) fn no_route(reason: String, source: Option<Box<Error>>) -> Error {
    Error::NoRoute { method: Method::Endpoints, reason, source }
}
