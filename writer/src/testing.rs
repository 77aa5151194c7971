//! Test doubles: links and keys in memory.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::civil::Date;
use links::{
    ApiKey, Change, ClickFolder, ClickReader, Found, Freshness, HostChange, HostRules, HostStore, HostsChanged,
    KeyHash, KeyReader, KeyRecord, KeyUsage, KeysError, Link, LinkLister, LinkReader, LinkWriter, Page, Position, Put,
    ScopeSet, Slug, Source, StoreError, Timestamp, Whose,
    clicks::{DayCounts, Fold, Total},
};

/// Links by slug, and a record of the writes.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) links: Mutex<HashMap<String, Link>>,
    /// The slugs of all puts.
    pub(crate) puts: Mutex<Vec<String>>,
    /// How many of the next writes succeed but lose their response and are repeated.
    pub(crate) lost_responses: Mutex<u32>,
    /// How many of the next updates lose against another update.
    pub(crate) races: Mutex<u32>,
    /// The lists of hosts; `None` if they cannot be read.
    pub(crate) hosts: Mutex<Option<HostRules>>,
    pub(crate) counts: Counts,
    /// How long the lists of hosts take; then puts take for ever. Unset: nothing takes time.
    pub(crate) slow: Mutex<Option<Duration>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            links: Mutex::default(),
            puts: Mutex::default(),
            lost_responses: Mutex::default(),
            races: Mutex::default(),
            hosts: Mutex::new(Some(HostRules::default())),
            counts: Counts::default(),
            slow: Mutex::default(),
        }
    }
}

impl Memory {
    pub(crate) fn link(&self, slug: &str) -> Option<Link> {
        self.links.lock().unwrap().get(slug).cloned()
    }

    fn loses_response(&self) -> bool {
        let mut left = self.lost_responses.lock().unwrap();
        let loses = *left > 0;
        *left = left.saturating_sub(1);
        loses
    }

    pub(crate) fn insert(&self, link: Link) {
        self.links.lock().unwrap().insert(link.slug.to_string(), link);
    }
}

impl LinkReader for Memory {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        assert_eq!(freshness, Freshness::Strong, "the writer never decides on a cached link");
        Ok(Found { link: self.link(slug.as_str()), source: Source::Dax })
    }
}

impl LinkWriter for Memory {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        let is_slow = self.slow.lock().unwrap().is_some();
        if is_slow {
            std::future::pending::<()>().await;
        }
        self.puts.lock().unwrap().push(link.slug.to_string());
        let mut links = self.links.lock().unwrap();
        if links.contains_key(link.slug.as_str()) {
            return Ok(Put::Taken);
        }
        links.insert(link.slug.to_string(), link.clone());
        Ok(if self.loses_response() { Put::Taken } else { Put::Stored })
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        let mut links = self.links.lock().unwrap();
        let mut races = self.races.lock().unwrap();
        let Some(link) = links.get_mut(before.slug.as_str()) else {
            return Ok(Change::Outdated);
        };
        if *races > 0 {
            *races -= 1;
            link.version += 1;
            link.tags.push("someone else's".into());
        }
        if link.version != before.version {
            return Ok(Change::Outdated);
        }
        *link = after.clone();
        Ok(if self.loses_response() { Change::Outdated } else { Change::Stored })
    }
}

impl LinkLister for Memory {
    /// Newest first, also the list of all links.
    async fn list(&self, whose: Whose<'_>, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        let key = |link: &Link| (Position::of(link).created_at, link.slug.to_string());
        let mut links: Vec<Link> = self.links.lock().unwrap().values().cloned().collect();
        links.retain(|link| matches!(whose, Whose::Everyone) || whose == Whose::Owner(&link.owner));
        links.sort_by_key(|link| std::cmp::Reverse(key(link)));
        if let Some(after) = after {
            links.retain(|link| key(link) < (after.created_at, after.key.clone()));
        }
        let has_more = links.len() > limit;
        links.truncate(limit);
        let next = links.last().filter(|_| has_more).map(Position::of);
        Ok(Page { links, next, malformed: Vec::new() })
    }
}

impl HostStore for Memory {
    async fn host_rules(&self) -> Result<HostRules, KeysError> {
        let slow = *self.slow.lock().unwrap();
        if let Some(time) = slow {
            tokio::time::sleep(time).await;
        }
        self.hosts.lock().unwrap().clone().ok_or_else(store_failure)
    }

    async fn change_hosts(&self, change: &HostChange) -> Result<HostsChanged, KeysError> {
        let rules = HostRules::new(change.forbid.clone(), change.allow.clone());
        *self.hosts.lock().unwrap() = Some(rules.clone());
        Ok(HostsChanged::Done(rules))
    }
}

impl ClickReader for Memory {
    async fn days(&self, of: &str, first: Date, last: Date) -> Result<Vec<DayCounts>, StoreError> {
        self.counts.days(of, first, last).await
    }

    async fn totals(&self, of: &[String]) -> Result<HashMap<String, Total>, StoreError> {
        self.counts.totals(of).await
    }
}

impl ClickFolder for Memory {
    async fn fold(&self, of: &str, fold: &Fold) -> Result<Change, StoreError> {
        self.counts.fold(of, fold).await
    }
}

/// Days and sums by hash key, and how often days were read.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    days: Mutex<HashMap<String, Vec<DayCounts>>>,
    totals: Mutex<HashMap<String, Total>>,
    reads: AtomicUsize,
    fails: AtomicBool,
    refuses_folds: AtomicBool,
}

impl Counts {
    /// Stores days, in order, and a sum.
    pub(crate) fn insert(&self, of: &str, days: &[DayCounts], total: Option<Total>) {
        self.days.lock().unwrap().insert(of.to_owned(), days.to_vec());
        self.totals.lock().unwrap().extend(total.map(|total| (of.to_owned(), total)));
    }

    pub(crate) fn total(&self, of: &str) -> Option<Total> {
        self.totals.lock().unwrap().get(of).copied()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    /// From now on nothing can be read.
    pub(crate) fn fail(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }

    /// From now on no sum can be stored.
    pub(crate) fn refuse_folds(&self) {
        self.refuses_folds.store(true, Ordering::Relaxed);
    }

    fn failure(is_set: &AtomicBool, operation: &'static str) -> Result<(), StoreError> {
        match is_set.load(Ordering::Relaxed) {
            true => Err(StoreError::Unavailable { operation, source: "refused".into() }),
            false => Ok(()),
        }
    }
}

impl ClickReader for Counts {
    async fn days(&self, of: &str, first: Date, last: Date) -> Result<Vec<DayCounts>, StoreError> {
        Self::failure(&self.fails, "Query")?;
        self.reads.fetch_add(1, Ordering::Relaxed);
        let days = self.days.lock().unwrap();
        let days = days.get(of).into_iter().flatten();
        Ok(days.filter(|day| first <= day.date && day.date <= last).cloned().collect())
    }

    async fn totals(&self, of: &[String]) -> Result<HashMap<String, Total>, StoreError> {
        Self::failure(&self.fails, "BatchGetItem")?;
        Ok(of.iter().filter_map(|of| Some((of.clone(), self.total(of)?))).collect())
    }
}

impl ClickFolder for Counts {
    async fn fold(&self, of: &str, fold: &Fold) -> Result<Change, StoreError> {
        Self::failure(&self.refuses_folds, "UpdateItem")?;
        let mut totals = self.totals.lock().unwrap();
        let stored = totals.get(of).copied().unwrap_or_default();
        if stored.through != fold.before {
            return Ok(Change::Outdated);
        }
        let imported = if fold.starts_anew { 0 } else { stored.imported };
        totals.insert(of.to_owned(), Total { imported, ..fold.after });
        Ok(Change::Stored)
    }
}

/// Keys by hash, and a record of the reads and notes.
#[derive(Debug, Default)]
pub(crate) struct MemoryKeys {
    pub(crate) keys: Mutex<HashMap<KeyHash, KeyRecord>>,
    pub(crate) reads: AtomicUsize,
    pub(crate) notes: Mutex<Vec<u64>>,
    pub(crate) hangs: AtomicBool,
    pub(crate) notes_fail: AtomicBool,
}

impl MemoryKeys {
    pub(crate) fn with(records: impl IntoIterator<Item = (KeyHash, KeyRecord)>) -> Self {
        Self { keys: Mutex::new(records.into_iter().collect()), ..Self::default() }
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl KeyReader for &MemoryKeys {
    async fn find(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, KeysError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Ok(self.keys.lock().unwrap().get(hash).cloned())
    }
}

impl KeyUsage for &MemoryKeys {
    async fn note_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), KeysError> {
        if self.notes_fail.load(Ordering::Relaxed) {
            return Err(store_failure());
        }
        self.notes.lock().unwrap().push(day.unix_seconds());
        if let Some(record) = self.keys.lock().unwrap().get_mut(hash) {
            record.last_used_on = Some(day);
        }
        Ok(())
    }
}

fn store_failure() -> KeysError {
    KeysError::Unavailable { operation: "GetItem", source: "refused".into() }
}

/// A key of `owner` whose bytes are all `seed`.
pub(crate) fn key(seed: u8, owner: &str, scopes: ScopeSet) -> (ApiKey, KeyRecord) {
    let key = ApiKey::from_random(&[seed; ApiKey::RANDOM_BYTES]);
    let made = Timestamp::from_unix_seconds(0);
    let record = KeyRecord::new(key.id().clone(), owner, scopes, made);
    (key, record)
}
