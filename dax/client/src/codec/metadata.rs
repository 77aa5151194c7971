//! What a node must be asked before requests can be written and answers read: key schemas and attribute lists.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use dax_protocol::cbor::Writer;
use dax_protocol::{EMPTY_ATTRIBUTE_LIST, KeyType};
use tokio::time::Instant;

/// A question for the node that a call goes to; its answer belongs in that node's [`Metadata`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lookup {
    /// Which attributes form the key of a table (method `defineKeySchema`).
    KeySchema {
        /// Name of the table.
        table: String,
    },
    /// Which number stands for a list of attribute names (`defineAttributeListId`).
    AttributeListId {
        /// The names, sorted by their UTF-8 bytes. Never empty: the empty list is number 1 everywhere.
        names: Vec<String>,
    },
    /// Which attribute names a number stands for (`defineAttributeList`).
    AttributeList {
        /// The number. Never 1.
        id: i64,
    },
}

/// An attribute that is part of a table's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KeyAttribute {
    /// Name of the attribute.
    pub name: String,
    /// Type of the attribute.
    pub kind: KeyType,
}

impl KeyAttribute {
    /// The key attribute `name` of type `kind`.
    pub fn new(name: impl Into<String>, kind: KeyType) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KeySchema {
    /// Partition key.
    pub hash: KeyAttribute,
    /// Sort key.
    pub range: Option<KeyAttribute>,
}

impl KeySchema {
    /// The key made of `hash` and, if the table has a sort key, `range`.
    pub const fn new(hash: KeyAttribute, range: Option<KeyAttribute>) -> Self {
        Self { hash, range }
    }

    /// Whether an attribute belongs to the key.
    pub fn contains(&self, name: &str) -> bool {
        self.hash.name == name || self.range.as_ref().is_some_and(|range| range.name == name)
    }

    /// The key attributes, partition key first.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.hash).chain(&self.range)
    }
}

/// [`EMPTY_ATTRIBUTE_LIST`], as answers carry it.
const EMPTY_LIST: i64 = EMPTY_ATTRIBUTE_LIST as i64;

/// What is known about the tables and attribute lists of **one node**.
///
/// Bounded: when full, the oldest entry makes room. An entry that was evicted is simply asked for again. Key schemas that
/// were [learned](Self::insert) are outdated after [`SCHEMA_LIFE`], since a table may be made anew with another key.
/// There is no interior mutability; code that shares it chooses the lock.
#[derive(Debug)]
pub struct Metadata {
    schemas: Bounded<Box<str>, KnownSchema>,
    /// When the first of the schemas is outdated, or before.
    outdated_at: Option<Instant>,
    ids: Bounded<Box<[u8]>, i64>,
    lists: Bounded<i64, Arc<[String]>>,
    empty: Arc<[String]>,
}

/// How long a key schema is believed. The official JavaScript and Python clients believe it as long.
pub(crate) const SCHEMA_LIFE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct KnownSchema {
    schema: Arc<KeySchema>,
    outdated_at: Option<Instant>,
}

impl Metadata {
    /// Tables that are remembered by default.
    pub const DEFAULT_TABLES: usize = 1_000;
    /// Attribute lists that are remembered by default, in each direction.
    pub const DEFAULT_LISTS: usize = 10_000;

    /// An empty store for at most `tables` key schemas, and `lists` attribute lists in each direction.
    pub fn with_limits(tables: usize, lists: usize) -> Self {
        Self {
            schemas: Bounded::new(tables),
            outdated_at: None,
            ids: Bounded::new(lists),
            lists: Bounded::new(lists),
            empty: Arc::default(),
        }
    }

    /// The key schema of a table.
    pub fn key_schema(&self, table: &str) -> Option<&Arc<KeySchema>> {
        self.schemas.map.get(table).map(|known| &known.schema)
    }

    /// The number of a list of sorted names.
    pub fn attribute_list_id(&self, names: &[impl AsRef<str>]) -> Option<i64> {
        if names.is_empty() {
            return Some(EMPTY_LIST);
        }
        let mut key = Vec::with_capacity(256);
        write_names(names, &mut key);
        self.ids.map.get(key.as_slice()).copied()
    }

    /// The names of a numbered list.
    pub fn attribute_list(&self, id: i64) -> Option<&Arc<[String]>> {
        if id == EMPTY_LIST { Some(&self.empty) } else { self.lists.map.get(&id) }
    }

    /// Remembers the key schema of a table for ever.
    pub fn insert_key_schema(&mut self, table: &str, schema: KeySchema) {
        self.schemas.insert(table.into(), KnownSchema { schema: Arc::new(schema), outdated_at: None });
    }

    /// Remembers the key schema of a table that was learned at `now`.
    pub(super) fn learn_key_schema(&mut self, table: &str, schema: KeySchema, now: Instant) {
        let outdated_at = now + SCHEMA_LIFE;
        self.outdated_at = self.outdated_at.or(Some(outdated_at));
        self.schemas.insert(table.into(), KnownSchema { schema: Arc::new(schema), outdated_at: Some(outdated_at) });
    }

    /// Whether there may be an outdated key schema.
    pub(crate) fn is_outdated(&self, now: Instant) -> bool {
        self.outdated_at.is_some_and(|at| at <= now)
    }

    /// Forgets outdated key schemas.
    pub(crate) fn forget_outdated(&mut self, now: Instant) {
        self.schemas.retain(|known| known.outdated_at.is_none_or(|at| now < at));
        self.outdated_at = self.schemas.map.values().filter_map(|known| known.outdated_at).min();
    }

    /// Remembers the number of a list of sorted names.
    pub fn insert_attribute_list_id(&mut self, names: &[impl AsRef<str>], id: i64) {
        let mut key = Vec::new();
        write_names(names, &mut key);
        self.ids.insert(key.into(), id);
    }

    /// Remembers the names of a numbered list.
    pub fn insert_attribute_list(&mut self, id: i64, names: impl Into<Arc<[String]>>) {
        self.lists.insert(id, names.into());
    }

    /// What is known of schemas and lists, and these lists too, without a limit.
    pub(crate) fn with_lists(&self, lists: &[(i64, Arc<[String]>)]) -> Self {
        let mut all = Self::with_limits(usize::MAX, usize::MAX);
        for (table, known) in &self.schemas.map {
            all.schemas.insert(table.clone(), KnownSchema { schema: Arc::clone(&known.schema), outdated_at: None });
        }
        for (id, names) in
            self.lists.map.iter().map(|(id, names)| (*id, names)).chain(lists.iter().map(|(id, names)| (*id, names)))
        {
            all.lists.insert(id, Arc::clone(names));
        }
        all
    }

    /// Forgets the key schema of a table, which may have been deleted and created again.
    pub fn forget_table(&mut self, table: &str) {
        self.schemas.remove(table);
    }

    /// Forgets which numbers stand for which lists, as is right when the node may have been restarted.
    pub(crate) fn forget_lists(&mut self) {
        self.ids.clear();
        self.lists.clear();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.schemas.clear();
        self.forget_lists();
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self::with_limits(Self::DEFAULT_TABLES, Self::DEFAULT_LISTS)
    }
}

/// A map that drops its oldest entry when full.
#[derive(Debug)]
struct Bounded<K, V> {
    limit: usize,
    map: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), map: HashMap::new(), order: VecDeque::new() }
    }

    fn insert(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
    }

    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if self.map.remove(key).is_some() {
            self.order.retain(|known| known.borrow() != key);
        }
    }

    fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.map.retain(|_, value| keep(value));
        self.order.retain(|key| self.map.contains_key(key));
    }

    fn clear(&mut self) {
        self.map.clear();
        self.order.clear();
    }
}

/// Appends an array of attribute names.
pub(super) fn write_names(names: &[impl AsRef<str>], out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    writer.array(names.len());
    for name in names {
        writer.text(name.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_makes_room() {
        let mut metadata = Metadata::with_limits(2, 2);
        for table in ["a", "b", "a", "c"] {
            metadata.insert_key_schema(table, KeySchema::new(KeyAttribute::new("pk", KeyType::S), None));
        }
        assert!(metadata.key_schema("a").is_none());
        assert!(metadata.key_schema("b").is_some());
        metadata.forget_table("b");
        assert!(metadata.key_schema("b").is_none());
        assert!(metadata.key_schema("c").is_some());
    }

    #[test]
    fn a_learned_key_schema_is_outdated_after_a_minute() {
        let schema = || KeySchema::new(KeyAttribute::new("pk", KeyType::S), None);
        let start = Instant::now();
        let mut metadata = Metadata::default();
        metadata.insert_key_schema("given", schema());
        assert!(!metadata.is_outdated(start + 100 * SCHEMA_LIFE));
        metadata.learn_key_schema("first", schema(), start);
        metadata.learn_key_schema("second", schema(), start + SCHEMA_LIFE / 2);
        assert!(!metadata.is_outdated(start + SCHEMA_LIFE * 99 / 100));
        assert!(metadata.is_outdated(start + SCHEMA_LIFE));
        metadata.forget_outdated(start + SCHEMA_LIFE);
        let known =
            |metadata: &Metadata| ["given", "first", "second"].map(|table| metadata.key_schema(table).is_some());
        assert_eq!(known(&metadata), [true, false, true]);
        assert!(!metadata.is_outdated(start + SCHEMA_LIFE));
        metadata.learn_key_schema("first", schema(), start + SCHEMA_LIFE);
        metadata.forget_outdated(start + SCHEMA_LIFE * 3 / 2);
        assert_eq!(known(&metadata), [true, true, false]);
    }

    #[test]
    fn the_empty_list_is_always_known() {
        let metadata = Metadata::default();
        assert_eq!(metadata.attribute_list_id(&[""; 0]), Some(1));
        assert_eq!(metadata.attribute_list(1).map(|names| names.len()), Some(0));
    }
}
