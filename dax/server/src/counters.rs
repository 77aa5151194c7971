//! What a node counted.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use dax_protocol::Method;
use serde::Serialize;

use super::operation;

/// Counts of one node since it was made; stopping and starting it does not reset them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Requests by method. Methods that were never called are missing.
    #[serde(serialize_with = "operation::counts")]
    pub requests: BTreeMap<Method, u64>,
    /// Requests answered with an error.
    pub errors: u64,
    /// Items found in the item cache, and keys known to have none.
    pub item_hits: u64,
    /// Items that DynamoDB was asked for.
    pub item_misses: u64,
    /// Queries and scans answered from the query cache.
    pub query_hits: u64,
    /// Queries and scans that DynamoDB was asked for.
    pub query_misses: u64,
    /// Items that DynamoDB returned and answers left out, because they lack their key or hold what cannot be sent.
    pub unreadable_items: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Faults that rules brought about.
    pub faults: u64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// The same, counting.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: [AtomicU64; Method::ALL.len()],
    pub(crate) errors: AtomicU64,
    pub(crate) item_hits: AtomicU64,
    pub(crate) item_misses: AtomicU64,
    pub(crate) query_hits: AtomicU64,
    pub(crate) query_misses: AtomicU64,
    pub(crate) unreadable_items: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) faults: AtomicU64,
}

impl Tally {
    pub(crate) fn request(&self, operation: Method) {
        if let Some(count) = self.requests.get(operation.index()) {
            self::count(count);
        }
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let counted = |operation: Method| {
            let count = self.requests.get(operation.index()).map_or(0, |count| count.load(Relaxed));
            (count > 0).then_some((operation, count))
        };
        Counters {
            requests: Method::ALL.into_iter().filter_map(counted).collect(),
            errors: self.errors.load(Relaxed),
            item_hits: self.item_hits.load(Relaxed),
            item_misses: self.item_misses.load(Relaxed),
            query_hits: self.query_hits.load(Relaxed),
            query_misses: self.query_misses.load(Relaxed),
            unreadable_items: self.unreadable_items.load(Relaxed),
            connections: self.connections.load(Relaxed),
            faults: self.faults.load(Relaxed),
        }
    }
}
