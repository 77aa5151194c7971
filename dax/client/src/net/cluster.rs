//! The cluster: keeping the list of its nodes fresh, and routing calls to one of them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use dax_protocol::{Access, Method};
use tokio::time::Instant;

use super::context::{Context, deadline_in};
use super::discovery::{Found, discover, discovery_time, no_route};
use super::node::Node;
use super::patience::Patience;
use super::routes::Routes;
use crate::codec::control;
use crate::error::Error;
use crate::joint::{Joint, Run, Waited};
use crate::metrics::{Counter, NodeStats, Stats};
use crate::session::Endpoints;
use crate::{ReadRouting, Refresh};

/// How often a start-up that meets a cluster without a leader asks again, and how long it waits in between.
const LEADER_ATTEMPTS: u32 = 5;
const LEADER_WAIT: Duration = Duration::from_millis(200);

/// Rosters come from a node over a warm connection, but once in this many refreshes from the discovery endpoint: a
/// node that was cut off from its cluster would keep announcing the old roster.
const REFRESHES_PER_DISCOVERY: u64 = 15;

/// A failed fetch is not repeated within this time, whoever asks.
const FAILURE_BELIEVED_FOR: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) context: Context,
    routes: RwLock<Arc<Routes>>,
    /// A roster is fetched once for all who want it.
    refreshing: Joint<bool>,
    /// When a roster was last fetched, or could not be.
    tried: Mutex<Tried>,
    refreshes: Counter,
    refresh_failures: Counter,
}

#[derive(Debug, Clone)]
struct Tried {
    at: Instant,
    failure: Option<Arc<Error>>,
}

impl Cluster {
    /// A cluster that is still to be found.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            routes: RwLock::new(Arc::new(Routes::default())),
            refreshing: Joint::default(),
            tried: Mutex::new(Tried { at: Instant::now(), failure: None }),
            refreshes: Counter::default(),
            refresh_failures: Counter::default(),
        }
    }

    /// Finds it before `end`.
    pub(crate) async fn find(&self, end: Instant) -> Result<(), Error> {
        // Asked for first, so that their absence is reported as such, and before any name is resolved.
        self.context.prove(end).await?;
        for attempt in 1.. {
            let found = discover(&self.context, end).await?;
            let routes = self.apply(found)?;
            if routes.has_leader() {
                break;
            }
            if attempt == LEADER_ATTEMPTS || Instant::now() + LEADER_WAIT >= end {
                let nodes = routes.nodes.len();
                return Err(no_route(format!("the cluster announces {nodes} nodes and no leader"), None));
            }
            tokio::time::sleep(LEADER_WAIT).await;
        }
        self.note_try(None);
        Ok(())
    }

    /// The error of a call that no known node can take.
    pub(crate) fn nowhere(&self, method: Method) -> Error {
        Error::NoRoute { method, reason: "no node of the cluster is known".to_owned(), source: self.tried().failure }
    }

    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The node for a call of this kind, other than `avoid` if there is another.
    pub(crate) fn choose(&self, access: Access, reads: &ReadRouting, avoid: Option<&Arc<Node>>) -> Option<Arc<Node>> {
        let routes = self.routes();
        let node = routes.choose(access, reads, avoid, &self.context)?;
        let moves = access == Access::Read && *reads == ReadRouting::StayConnected;
        if moves && routes.home.is_some_and(|home| home != node.announced) {
            // The old home failed, and this one is about to get a connection: stay here from now on.
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            *routes = Arc::new(Routes { nodes: routes.nodes.clone(), home: Some(node.announced) });
        }
        Some(node)
    }

    /// Fetches a roster if the present one is older than `max_age`, and waits for it until `by`. However many callers
    /// want one, it is fetched once; and a fetch that failed a moment ago is as good as one that fails now.
    ///
    /// Returns whether the roster is fresh. If not, the old one stays in use, and a fetch may still be under way.
    pub(crate) async fn refresh(self: &Arc<Self>, max_age: Duration, by: Instant) -> bool {
        match self.join_refresh(max_age) {
            Ok(run) => matches!(run.wait(by).await, Waited::Done(true)),
            Err(succeeded) => succeeded,
        }
    }

    /// Without a background task: the age of which the roster has to be fetched again, if it is as old as that at `now`.
    pub(crate) fn age_of_refresh(&self, now: Instant) -> Option<Duration> {
        let Refresh::OnUse(max_age) = self.context.config.refresh else { return None };
        let tried_at = self.tried.lock().unwrap_or_else(PoisonError::into_inner).at;
        (max_age <= now.saturating_duration_since(tried_at)).then_some(max_age)
    }

    /// Without a background task: ensures that the roster is no older than `max_age`. The caller that finds it too old
    /// waits for the next, but not for long; the others continue with the roster they have.
    pub(crate) async fn refresh_on_use(self: &Arc<Self>, max_age: Duration, end: Instant) {
        let config = &self.context.config;
        let Ok(run) = self.join_refresh(max_age) else { return };
        if run.mine {
            let by = end.min(deadline_in(config.lookup_timeout));
            run.wait(by).await;
            for routed in &self.routes().nodes {
                routed.node.pool.reap(Instant::now(), config.idle_timeout);
            }
        }
    }

    /// Whether any node answers just now: fetches a roster, however fresh the last one is.
    pub(crate) async fn is_alive(self: &Arc<Self>) -> bool {
        let cluster = Arc::clone(self);
        let run = self.refreshing.join(|| Ok::<_, Infallible>(async move { cluster.refreshed().await }));
        let Ok(run) = run;
        matches!(run.wait(deadline_in(self.sign_of_life_time())).await, Waited::Done(true))
    }

    /// How long it takes at most to learn whether any node answers.
    pub(crate) fn sign_of_life_time(&self) -> Duration {
        let config = &self.context.config;
        discovery_time(config).saturating_add(config.lookup_timeout)
    }

    /// A fetch to wait for, or whether the last one succeeded, if that is still to be believed.
    fn join_refresh(self: &Arc<Self>, max_age: Duration) -> Result<Run<bool>, bool> {
        self.refreshing.join(|| {
            let Tried { at, failure } = self.tried();
            let succeeded = failure.is_none();
            let believed_for = if succeeded { max_age } else { max_age.max(self.believed_for()) };
            if at.elapsed() < believed_for {
                return Err(succeeded);
            }
            let cluster = Arc::clone(self);
            Ok(async move { cluster.refreshed().await })
        })
    }

    /// How long the outcome of a fetch is believed, whatever happens to calls.
    pub(crate) fn believed_for(&self) -> Duration {
        let (Refresh::Background(period) | Refresh::OnUse(period)) = self.context.config.refresh;
        period.min(FAILURE_BELIEVED_FOR)
    }

    async fn refreshed(&self) -> bool {
        let found = match self.ask_a_node().await {
            Some(roster) => Ok(Found { roster, connection: None }),
            None => discover(&self.context, deadline_in(discovery_time(&self.context.config))).await,
        };
        let applied = found.and_then(|found| self.apply(found));
        match applied {
            Ok(_routes) => {
                self.note_try(None);
                self.refreshes.add(1);
                true
            }
            Err(error) => {
                self.refresh_failures.add(1);
                tracing::warn!(error = %error.with_causes(), "cannot refresh the list of DAX nodes; the last one stays in use");
                self.note_try(Some(error));
                false
            }
        }
    }

    /// The roster as a node of the present one has it; `None` when it is time for discovery, or the node fails.
    async fn ask_a_node(&self) -> Option<Vec<control::Member>> {
        if self.refreshes.get() % REFRESHES_PER_DISCOVERY == REFRESHES_PER_DISCOVERY - 1 {
            return None;
        }
        let node = self.choose(Access::Read, &self.context.config.read_routing, None)?;
        let roster = self.probe(&node).await.ok()?;
        (!roster.is_empty()).then_some(roster)
    }

    /// Asks a node for the roster, within the lookup timeout.
    pub(crate) async fn probe(&self, node: &Node) -> Result<Vec<control::Member>, Error> {
        let (now, time) = (Instant::now(), self.context.config.lookup_timeout);
        let patience = Patience::new(now, time, deadline_in(time));
        node.attempt(&self.context, &Endpoints, patience).await.map_err(|failure| failure.error)
    }

    /// Whether spare connections to a node are kept: not to all of them by a client that stays with one.
    pub(crate) fn keeps_warm(&self, node: &Node) -> bool {
        self.routes().home.is_none_or(|home| home == node.announced)
    }

    fn apply(&self, found: Found) -> Result<Arc<Routes>, Error> {
        let discovered = found.connection.as_ref().map(|(address, _)| *address);
        let routes = Arc::new(self.routes().updated(&found.roster, discovered, &self.context));
        if routes.nodes.is_empty() {
            let family = self.context.config.address_family;
            let reason = format!("none of {} announced nodes has an address of family {family:?}", found.roster.len());
            return Err(no_route(reason, None));
        }
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&routes);
        if let Some((address, connection)) = found.connection
            && let Some(known) = routes.nodes.iter().find(|known| known.node.endpoint() == address)
            && self.keeps_warm(&known.node)
            && connection.is_reusable()
        {
            known.node.adopt(connection);
        }
        Ok(routes)
    }

    fn tried(&self) -> Tried {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The cluster was asked for its roster just now.
    pub(crate) fn note_try(&self, failure: Option<Error>) {
        let tried = Tried { at: Instant::now(), failure: failure.map(Arc::new) };
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = tried;
    }

    /// Ends what goes on in the background.
    pub(crate) fn stop(&self) {
        self.refreshing.abort();
        self.context.credentials.stop();
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
                latency: counters.latency.snapshot(),
            }
        });
        Stats {
            nodes: nodes.collect(),
            refreshes: self.refreshes.get(),
            refresh_failures: self.refresh_failures.get(),
            fallback: None,
        }
    }
}
