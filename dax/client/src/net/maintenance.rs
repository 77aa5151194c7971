//! What a background task does for a cluster between calls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::cluster::Cluster;
use super::context::deadline_in;
use super::node::Node;
use crate::Refresh;

/// A node with no successful call for this long is asked for a sign of life.
const PROBE_AFTER_SILENCE: Duration = Duration::from_secs(5);

/// A task that ends with its owner, if the configuration asks for one.
#[derive(Debug)]
pub(crate) struct Maintenance {
    period: Option<Duration>,
    /// Whether the task runs. It ends with the runtime in which it was started.
    runs: Arc<AtomicBool>,
    task: Mutex<Option<AbortHandle>>,
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        if let Some(task) = self.task().take() {
            task.abort();
        }
    }
}

impl Maintenance {
    pub(crate) fn start(cluster: &Arc<Cluster>) -> Self {
        let period = match cluster.context.config.refresh {
            Refresh::Background(period) => Some(period),
            Refresh::OnUse(_) => None,
        };
        let maintenance = Self { period, runs: Arc::default(), task: Mutex::default() };
        maintenance.ensure(cluster);
        maintenance
    }

    /// Starts the task in the caller's runtime if it should run and does not: that of an earlier caller was shut down.
    pub(crate) fn ensure(&self, cluster: &Arc<Cluster>) {
        let Some(period) = self.period else { return };
        if self.runs.load(Ordering::Relaxed) {
            return;
        }
        let mut task = self.task();
        if !self.runs.swap(true, Ordering::Relaxed) {
            let (running, cluster) = (Running(Arc::clone(&self.runs)), Arc::downgrade(cluster));
            let started = tokio::spawn(async move {
                let _running = running;
                run(cluster, period).await;
            });
            *task = Some(started.abort_handle());
        }
    }

    fn task(&self) -> MutexGuard<'_, Option<AbortHandle>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Part of the running task; dropped with it, whatever ends it.
struct Running(Arc<AtomicBool>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
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
        cluster.refresh(Duration::ZERO, deadline_in(period)).await;
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
    node.pool.reap(Instant::now(), config.idle_timeout);
    let evicted = node.is_evicted();
    let kept_warm = cluster.keeps_warm(&node);
    if evicted || kept_warm && node.is_silent_for(PROBE_AFTER_SILENCE) {
        let answered = cluster.probe(&node).await.is_ok();
        if evicted && answered {
            tracing::info!(dax.node = %node.endpoint(), "DAX node is back");
        }
    }
    if kept_warm && !node.is_evicted() {
        node.warm(&cluster.context, config.min_idle.min(config.max_connections)).await;
    }
}
