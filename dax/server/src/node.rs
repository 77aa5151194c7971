//! One node: its caches, its counts, and whether it is up.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use super::{
    cache::{ItemCache, ItemKey, Outcome, QueryCache, Ttls},
    config::ClusterConfig,
    counters::Tally,
};

/// Most updates queued for a frozen node; beyond that it drops its cached items instead.
const MAX_BACKLOG: usize = 10_000;

/// One node of a cluster.
#[derive(Debug)]
pub(crate) struct Node {
    /// Position in the cluster, from 0.
    pub(crate) index: usize,
    /// Where it listens, or would if it were running.
    pub(crate) address: SocketAddr,
    pub(crate) items: Arc<ItemCache>,
    pub(crate) queries: QueryCache,
    pub(crate) tally: Tally,
    running: watch::Sender<bool>,
    frozen: watch::Sender<bool>,
    /// Updates that came while it was frozen.
    backlog: Mutex<Vec<(ItemKey, Outcome)>>,
}

impl Node {
    pub(crate) fn new(index: usize, address: SocketAddr, config: &ClusterConfig) -> Self {
        Self {
            index,
            address,
            items: Arc::new(ItemCache::new(Ttls::new(config.item_ttl, &config.item_ttls), config.cache_bytes)),
            queries: QueryCache::new(Ttls::new(config.query_ttl, &config.query_ttls), config.cache_bytes),
            tally: Tally::default(),
            running: watch::Sender::new(true),
            frozen: watch::Sender::new(false),
            backlog: Mutex::default(),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        *self.running.borrow()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    /// Marks the node as running or not. Either way it has cold caches.
    pub(crate) fn set_running(&self, running: bool) {
        self.clear_caches();
        self.running.send_replace(running);
    }

    /// Freezes the node, or resumes it: then it catches up with what happened meanwhile.
    pub(crate) fn set_frozen(&self, frozen: bool) {
        let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
        self.frozen.send_replace(frozen);
        if !frozen {
            backlog.drain(..).for_each(|(key, outcome)| self.items.apply(&key, &outcome));
        }
    }

    /// Waits until the node is stopped.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + use<> {
        let mut running = self.running.subscribe();
        // It fails only if the node is gone, and then it is stopped too.
        async move { _ = running.wait_for(|running| !running).await }
    }

    /// Waits until the node is not frozen.
    pub(crate) async fn thawed(&self) {
        if self.is_frozen() {
            // It fails only if the sender is gone, and the node owns it.
            _ = self.frozen.subscribe().wait_for(|frozen| !frozen).await;
        }
    }

    /// Takes over a write that another node carried out.
    pub(crate) fn apply(&self, key: &ItemKey, outcome: &Outcome) {
        let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_frozen() {
            drop(backlog);
            self.items.apply(key, outcome);
        } else if backlog.len() < MAX_BACKLOG {
            backlog.push((key.clone(), outcome.clone()));
        } else {
            self.items.clear();
        }
    }

    pub(crate) fn clear_caches(&self) {
        self.items.clear();
        self.queries.clear();
    }
}
