//! Items as bytes: the id of a list of attribute names, then the values in the order of that list. The key is not
//! among them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::{
    EMPTY_ATTRIBUTE_LIST,
    cbor::{Reader, Writer},
};
use sha2::{Digest, Sha256};

use super::{
    key::KeySchema,
    value::{self, Attributes},
};
use crate::failure::Failure;

/// [`EMPTY_ATTRIBUTE_LIST`], among the ids of other lists.
const EMPTY_LIST: u64 = EMPTY_ATTRIBUTE_LIST as u64;

/// Most lists that are remembered. Applications have one for each shape of item, so more means an attack or a mistake.
const MAX_LISTS: usize = 1_000_000;

/// Lists of attribute names, and their ids.
///
/// Clients keep ids for as long as they live, beyond a restart of the server. So an id follows from the names: after
/// a restart the same names get the same id, and an id from before never means other names.
#[derive(Debug, Default)]
pub(crate) struct AttributeLists {
    lists: RwLock<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    by_id: HashMap<u64, Arc<[String]>>,
    by_names: HashMap<Arc<[String]>, u64>,
}

impl AttributeLists {
    /// The id of a list of names, in this order.
    ///
    /// # Errors
    /// If there are too many lists.
    pub(crate) fn id(&self, names: &[String]) -> Result<u64, Failure> {
        if names.is_empty() {
            return Ok(EMPTY_LIST);
        }
        if let Some(id) = self.lists.read().unwrap_or_else(PoisonError::into_inner).by_names.get(names) {
            return Ok(*id);
        }
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = lists.by_names.get(names) {
            return Ok(*id);
        }
        if lists.by_names.len() >= MAX_LISTS {
            return Err(Failure::limit_exceeded("too many different lists of attribute names"));
        }
        let mut id = candidate(names);
        while id <= EMPTY_LIST || lists.by_id.contains_key(&id) {
            id = (id + 1) & ID_MASK;
        }
        lists.insert(id, names.into());
        Ok(id)
    }

    /// The names behind an id.
    ///
    /// # Errors
    /// If the id was never given out by this process.
    pub(crate) fn names(&self, id: u64) -> Result<Arc<[String]>, Failure> {
        if id == EMPTY_LIST {
            return Ok(Arc::default());
        }
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = || Failure::validation(format!("unknown attribute list id {id}"));
        lists.by_id.get(&id).cloned().ok_or_else(unknown)
    }

    /// Makes an id mean these names, for tests with recorded bytes.
    #[cfg(test)]
    pub(crate) fn define(&self, id: u64, names: Vec<String>) {
        self.lists.write().unwrap_or_else(PoisonError::into_inner).insert(id, names.into());
    }
}

impl Lists {
    fn insert(&mut self, id: u64, names: Arc<[String]>) {
        self.by_id.insert(id, Arc::clone(&names));
        self.by_names.insert(names, id);
    }
}

/// Ids have 31 bits: every client takes that for a plain integer.
const ID_MASK: u64 = 0x7fff_ffff;

fn candidate(names: &[String]) -> u64 {
    let mut hash = Sha256::new();
    for name in names {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    let head = hash.finalize().iter().take(4).fold(0, |value, byte| value << 8 | u64::from(*byte));
    head & ID_MASK
}

/// An item, with the bytes that stand for it in answers.
#[derive(Debug)]
pub(crate) struct Item {
    attributes: Attributes,
    encoded: Vec<u8>,
}

impl Item {
    /// An item of a table with this key schema.
    ///
    /// # Errors
    /// If it has values that cannot be written.
    pub(crate) fn new(attributes: Attributes, schema: &KeySchema, lists: &AttributeLists) -> Result<Self, Failure> {
        let encoded = encode(&attributes, schema, lists)?;
        Ok(Self { attributes, encoded })
    }

    /// An item made of parts that belong together.
    #[cfg(test)]
    pub(crate) fn from_parts(attributes: Attributes, encoded: Vec<u8>) -> Self {
        Self { attributes, encoded }
    }

    /// All attributes, the key's included.
    pub(crate) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The attributes besides the key, as they travel.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// About how much memory it takes: the attributes are there twice, once encoded and once not.
    pub(crate) fn bytes(&self) -> usize {
        self.encoded.len().saturating_mul(3).saturating_add(self.attributes.len().saturating_mul(128))
    }
}

/// Reads the attributes besides the key.
///
/// # Errors
/// If the list is not known, or the values do not match it.
pub(crate) fn decode(bytes: &[u8], lists: &AttributeLists) -> Result<Attributes, Failure> {
    let malformed = |cause| Failure::validation(format!("malformed item: {cause}"));
    let mut reader = Reader::whole(bytes);
    let names = lists.names(reader.uint().map_err(malformed)?)?;
    let mut attributes = Attributes::with_capacity(names.len() + 2);
    for name in names.iter() {
        attributes.insert(name.clone(), value::read(&mut reader).map_err(malformed)?);
    }
    reader.end().map_err(malformed)?;
    Ok(attributes)
}

/// Writes the attributes besides the key.
///
/// # Errors
/// If a value cannot be written.
pub(crate) fn encode(item: &Attributes, schema: &KeySchema, lists: &AttributeLists) -> Result<Vec<u8>, Failure> {
    let attributes = sorted(item.iter().filter(|(name, _)| !schema.contains(name)));
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    write_list(&attributes, lists, &mut writer)?;
    for (name, attribute) in attributes {
        write_attribute(name, attribute, &mut writer)?;
    }
    Ok(out)
}

/// Writes some attributes of an item: the id of the list of just these names, and a map from positions to values.
///
/// # Errors
/// If a value cannot be written.
pub(crate) fn encode_partial(attributes: &Attributes, lists: &AttributeLists) -> Result<Vec<u8>, Failure> {
    let attributes = sorted(attributes.iter());
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    write_list(&attributes, lists, &mut writer)?;
    writer.map(attributes.len());
    for (position, (name, attribute)) in attributes.into_iter().enumerate() {
        writer.uint(position as u64);
        write_attribute(name, attribute, &mut writer)?;
    }
    Ok(out)
}

type Entries<'a> = Vec<(&'a String, &'a AttributeValue)>;

fn sorted<'a>(attributes: impl Iterator<Item = (&'a String, &'a AttributeValue)>) -> Entries<'a> {
    let mut attributes: Vec<_> = attributes.collect();
    attributes.sort_unstable_by_key(|attribute| attribute.0);
    attributes
}

/// The id of the list of these attributes' names.
fn write_list(attributes: &Entries<'_>, lists: &AttributeLists, writer: &mut Writer<'_>) -> Result<(), Failure> {
    let names: Vec<String> = attributes.iter().map(|attribute| attribute.0.clone()).collect();
    writer.uint(lists.id(&names)?);
    Ok(())
}

fn write_attribute(name: &str, attribute: &AttributeValue, writer: &mut Writer<'_>) -> Result<(), Failure> {
    value::write(attribute, writer)
        .map_err(|cause| Failure::validation(format!("attribute {name} cannot be written: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn ids_follow_from_the_names() {
        let (before, after) = (AttributeLists::default(), AttributeLists::default());
        after.id(&names(&["something", "else"])).unwrap();
        let id = before.id(&names(&["a", "b"])).unwrap();
        assert_eq!(after.id(&names(&["a", "b"])).unwrap(), id, "same id after a restart");
        assert_ne!(before.id(&names(&["ab"])).unwrap(), id);
        assert_ne!(before.id(&names(&["b", "a"])).unwrap(), id, "the order counts");
        assert_eq!(*before.names(id).unwrap(), ["a", "b"]);
        assert_eq!(before.id(&[]).unwrap(), EMPTY_LIST);
        assert!(before.names(EMPTY_LIST).unwrap().is_empty());
        assert!(before.names(2).is_err());
    }

    #[test]
    fn two_lists_never_share_an_id() {
        let lists = AttributeLists::default();
        let taken = candidate(&names(&["a"]));
        lists.define(taken, names(&["z"]));
        assert_eq!(lists.id(&names(&["a"])).unwrap(), (taken + 1) & ID_MASK);
        assert_eq!(*lists.names(taken).unwrap(), ["z"]);
    }
}
