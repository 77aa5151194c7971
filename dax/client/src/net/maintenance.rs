//! What a background task does for a cluster between calls.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::node::Node;
use crate::Refresh;

/// A node with no successful call for this long is asked for a sign of life.
const PROBE_AFTER_SILENCE: Duration = Duration::from_secs(5);

/// A running task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Maintenance(JoinHandle<()>);

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Maintenance {
    /// Starts the task if the configuration asks for one.
    pub(crate) fn start(cluster: &Arc<Cluster>) -> Option<Self> {
        let Refresh::Background(period) = cluster.context.config.refresh else {
            return None;
        };
        Some(Self(tokio::spawn(run(Arc::downgrade(cluster), period))))
    }
}

async fn run(cluster: Weak<Cluster>, period: Duration) {
    if let Some(cluster) = cluster.upgrade() {
        look_after_nodes(&cluster).await;
    }
    loop {
        let Some(wait) = cluster.upgrade().map(|cluster| jittered(&cluster, period)) else {
            return;
        };
        tokio::time::sleep(wait).await;
        let Some(cluster) = cluster.upgrade() else {
            return;
        };
        // A failure was logged and counted; the next round tries again.
        let _refreshed = cluster.refresh(Duration::ZERO).await;
        look_after_nodes(&cluster).await;
    }
}

/// The period, up to a tenth longer or shorter, so that the clients of a fleet do not ask in step.
fn jittered(cluster: &Cluster, period: Duration) -> Duration {
    let factor = cluster.context.with_rng(|rng| 0.9 + 0.2 * rng.f64());
    Duration::try_from_secs_f64(period.as_secs_f64() * factor).unwrap_or(period)
}

/// Probes silent and evicted nodes, closes idle connections, opens spare ones; all nodes at the same time.
async fn look_after_nodes(cluster: &Arc<Cluster>) {
    let mut nodes = JoinSet::new();
    for routed in &cluster.routes().nodes {
        nodes.spawn(look_after(Arc::clone(cluster), Arc::clone(&routed.node)));
    }
    while nodes.join_next().await.is_some() {}
}

async fn look_after(cluster: Arc<Cluster>, node: Arc<Node>) {
    let config = &cluster.context.config;
    node.pool.reap(Instant::now(), config.idle_timeout, config.min_idle);
    let evicted = node.is_evicted();
    if evicted || node.is_silent_for(PROBE_AFTER_SILENCE) {
        let answered = cluster.probe(&node).await.is_ok();
        if evicted && answered {
            tracing::info!(dax.node = %node.endpoint(), "DAX node is back");
        }
    }
    if !node.is_evicted() {
        node.warm(&cluster.context, config.min_idle.min(config.max_connections)).await;
    }
}
