//! What a node must be asked before requests can be written and answers read: key schemas and attribute lists.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use dax_protocol::cbor::Writer;
use dax_protocol::{EMPTY_ATTRIBUTE_LIST, KeyType};

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
/// Bounded: when full, the oldest entry makes room. An entry that was evicted is simply asked for again.
/// There is no interior mutability; code that shares it chooses the lock.
#[derive(Debug)]
pub struct Metadata {
    schemas: Bounded<Box<str>, Arc<KeySchema>>,
    ids: Bounded<Box<[u8]>, i64>,
    lists: Bounded<i64, Arc<[String]>>,
    empty: Arc<[String]>,
}

impl Metadata {
    /// Tables that are remembered by default.
    pub const DEFAULT_TABLES: usize = 1_000;
    /// Attribute lists that are remembered by default, in each direction. More than the distinct lists in any sane
    /// page of answers, since all lists of one answer must be known at once.
    pub const DEFAULT_LISTS: usize = 10_000;

    /// An empty store for at most `tables` key schemas, and `lists` attribute lists in each direction.
    pub fn with_limits(tables: usize, lists: usize) -> Self {
        Self {
            schemas: Bounded::new(tables),
            ids: Bounded::new(lists),
            lists: Bounded::new(lists),
            empty: Arc::default(),
        }
    }

    /// The key schema of a table.
    pub fn key_schema(&self, table: &str) -> Option<&Arc<KeySchema>> {
        self.schemas.map.get(table)
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

    /// Remembers the key schema of a table.
    pub fn insert_key_schema(&mut self, table: &str, schema: KeySchema) {
        self.schemas.insert(table.into(), Arc::new(schema));
    }

    /// Remembers the number of a list of sorted names.
    pub fn insert_attribute_list_id(&mut self, names: &[impl AsRef<str>], id: i64) {
        let mut key = Vec::new();
        write_names(names, &mut key);
        self.ids.insert(key.into(), id);
    }

    /// Remembers the names of a numbered list.
    pub fn insert_attribute_list(&mut self, id: i64, names: Vec<String>) {
        self.lists.insert(id, names.into());
    }

    /// Forgets the key schema of a table, which may have been deleted and created again.
    pub fn forget_table(&mut self, table: &str) {
        self.schemas.remove(table);
    }

    /// Forgets everything, as is right when the node may have been restarted.
    pub fn clear(&mut self) {
        self.schemas.clear();
        self.ids.clear();
        self.lists.clear();
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
    fn the_empty_list_is_always_known() {
        let metadata = Metadata::default();
        assert_eq!(metadata.attribute_list_id(&[""; 0]), Some(1));
        assert_eq!(metadata.attribute_list(1).map(|names| names.len()), Some(0));
    }
}
