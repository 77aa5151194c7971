//! A write in progress.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{
    cache::{ItemCache, ItemKey, Outcome, Ttls, WriteTicket},
    shared::Shared,
};

/// A write in progress. However it ends, even by being dropped, all nodes are notified.
#[derive(Debug)]
pub(crate) struct PendingWrite {
    shared: Arc<Shared>,
    origin: usize,
    ticket: Option<WriteTicket>,
}

impl PendingWrite {
    /// Announces a write to the cache of the leader, which all writes go through.
    pub(crate) fn begin(shared: &Arc<Shared>, key: ItemKey) -> Self {
        let origin = shared.leader();
        // The leader is one of the nodes. If it ever were not, the write goes through a cache that nobody reads.
        let cache = shared.nodes.get(origin).map(|node| Arc::clone(&node.items));
        let cache = cache.unwrap_or_else(|| Arc::new(ItemCache::new(Ttls::new(Duration::ZERO, &HashMap::new()), 0)));
        Self { shared: Arc::clone(shared), origin, ticket: Some(cache.begin_write(key)) }
    }

    /// Ends the write.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.shared.replication.finish(self.origin, ticket, outcome, &self.shared.nodes);
        }
    }
}

impl Drop for PendingWrite {
    fn drop(&mut self) {
        self.settle(Outcome::Unknown);
    }
}
