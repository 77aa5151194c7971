//! The query cache: whole pages of results, by everything that the request says.
//!
//! Writes do not touch it, as in DAX: a page stays until its time is over.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::ttl::{TtlCache, Ttls};

/// The pages that a node knows: encoded answers, without the capacity that they once consumed.
#[derive(Debug)]
pub(crate) struct QueryCache {
    pages: Mutex<TtlCache<Arc<[u8]>>>,
    ttls: Ttls,
}

impl QueryCache {
    /// An empty cache.
    pub(crate) fn new(ttls: Ttls, max_bytes: usize) -> Self {
        Self { pages: Mutex::new(TtlCache::new(max_bytes)), ttls }
    }

    /// The page that answers this request.
    pub(crate) fn get(&self, request: &[u8]) -> Option<Arc<[u8]>> {
        self.lock().get(request, Instant::now()).cloned()
    }

    /// Stores a page of results from a table.
    pub(crate) fn insert(&self, table: &str, request: Vec<u8>, page: Arc<[u8]>) {
        let bytes = page.len();
        let ttl = self.ttls.of(table.as_bytes());
        self.lock().insert(request.into(), page, bytes, ttl, Instant::now());
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// How many pages are known.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, TtlCache<Arc<[u8]>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
