//! What items were found to hold, so that additions stay within their bounds without a read.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use links::clicks::{DayKey, DayState};
use lru::LruCache;

/// How many items are remembered: some 20 MB if all of them are full.
const ITEMS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

/// What is known about an item. It may hold more by now.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownItem {
    /// Hashes of the referrers that have a counter.
    pub(super) referrers: HashSet<u64>,
    /// The level of its visitors.
    pub(super) level: u32,
}

/// The items that were updated of late.
#[derive(Debug)]
pub(super) struct KnownItems {
    items: Mutex<LruCache<DayKey, KnownItem>>,
    hasher: RandomState,
}

impl Default for KnownItems {
    fn default() -> Self {
        Self { items: Mutex::new(LruCache::new(ITEMS)), hasher: RandomState::new() }
    }
}

impl KnownItems {
    pub(super) fn get(&self, key: &DayKey) -> Option<KnownItem> {
        self.items().get(key).cloned()
    }

    /// Whether a referrer has a counter.
    pub(super) fn has(&self, item: &KnownItem, referrer: &str) -> bool {
        item.referrers.contains(&self.hasher.hash_one(referrer))
    }

    /// Notes what a whole item holds.
    pub(super) fn learn(&self, key: &DayKey, state: &DayState) {
        let names = state.referrers.iter().map(|name| self.hasher.hash_one(&**name));
        self.items().put(key.clone(), KnownItem { referrers: names.collect(), level: state.level });
    }

    /// Notes that the level of an item was raised.
    pub(super) fn raise(&self, key: &DayKey, level: u32) {
        if let Some(item) = self.items().get_mut(key) {
            item.level = item.level.max(level);
        }
    }

    fn items(&self) -> MutexGuard<'_, LruCache<DayKey, KnownItem>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
