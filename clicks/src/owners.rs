//! Who owns the links that were clicked.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use links::{CountError, LinkOwners, Slug};
use lru::LruCache;

use crate::count::patiently;

/// How many links are remembered: some 20 MB.
const LINKS: NonZeroUsize = NonZeroUsize::new(200_000).unwrap();

/// The owners of links. An owner never changes, so each is read once.
#[derive(Debug)]
pub(crate) struct Owners {
    table: LinkOwners,
    known: Mutex<LruCache<Slug, Arc<str>>>,
}

impl Owners {
    pub(crate) fn new(table: LinkOwners) -> Self {
        Self { table, known: Mutex::new(LruCache::new(LINKS)) }
    }

    /// The owner of each link, in the order of `slugs`; `None` where there is no such link.
    ///
    /// # Errors
    /// [`CountError`] if the table refuses. While it does not respond this waits.
    pub(crate) async fn of(&self, slugs: &[Slug]) -> Result<Vec<Option<Arc<str>>>, CountError> {
        let unknown = self.unknown(slugs);
        let read = if unknown.is_empty() { HashMap::new() } else { patiently(|| self.table.of(&unknown)).await? };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read first, since more links may have been clicked than are remembered.
        let read: HashMap<Slug, Arc<str>> = read.into_iter().map(|(slug, owner)| (slug, owner.into())).collect();
        let owners = slugs.iter().map(|slug| read.get(slug).or_else(|| known.get(slug)).cloned()).collect();
        for (slug, owner) in read {
            known.put(slug, owner);
        }
        Ok(owners)
    }

    fn unknown(&self, slugs: &[Slug]) -> Vec<Slug> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        slugs.iter().filter(|slug| !known.contains(*slug)).cloned().collect()
    }
}
