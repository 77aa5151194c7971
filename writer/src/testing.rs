//! Links in memory, for the tests of what stands on a store.

use std::{collections::HashMap, sync::Mutex};

use links::{
    Change, Found, Freshness, Link, LinkLister, LinkReader, LinkWriter, Page, Position, Put, Slug, Source, StoreError,
};

/// Links by slug, and what was asked of them.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) links: Mutex<HashMap<String, Link>>,
    /// The slugs of all puts.
    pub(crate) puts: Mutex<Vec<String>>,
    /// How many of the next writes are done, their answers lost, and repeated.
    pub(crate) lost_answers: Mutex<u32>,
    /// How many of the next updates find that someone else was faster.
    pub(crate) races: Mutex<u32>,
}

impl Memory {
    pub(crate) fn link(&self, slug: &str) -> Option<Link> {
        self.links.lock().unwrap().get(slug).cloned()
    }

    fn loses_answer(&self) -> bool {
        let mut left = self.lost_answers.lock().unwrap();
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
        assert_eq!(freshness, Freshness::Strong, "the writer decides on what is");
        Ok(Found { link: self.link(slug.as_str()), source: Source::Dax })
    }
}

impl LinkWriter for Memory {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        self.puts.lock().unwrap().push(link.slug.to_string());
        let mut links = self.links.lock().unwrap();
        if links.contains_key(link.slug.as_str()) {
            return Ok(Put::Taken);
        }
        links.insert(link.slug.to_string(), link.clone());
        match self.loses_answer() {
            true => Ok(Put::Taken),
            false => Ok(Put::Stored),
        }
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
        match self.loses_answer() {
            true => Ok(Change::Outdated),
            false => Ok(Change::Stored),
        }
    }
}

impl LinkLister for Memory {
    async fn list(&self, owner: &str, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        let key = |link: &Link| (link.created_at, link.slug.clone());
        let mut links: Vec<Link> = self.links.lock().unwrap().values().cloned().collect();
        links.retain(|link| link.owner == owner);
        links.sort_by_key(|link| std::cmp::Reverse(key(link)));
        if let Some(after) = after {
            links.retain(|link| key(link) < (Some(after.created_at), after.slug.clone()));
        }
        let has_more = links.len() > limit;
        links.truncate(limit);
        let next = links
            .last()
            .filter(|_| has_more)
            .map(|link| Position { created_at: link.created_at.unwrap(), slug: link.slug.clone() });
        Ok(Page { links, next, malformed: Vec::new() })
    }
}
