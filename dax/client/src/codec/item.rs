//! Items as bytes: the number of an attribute list, then the values of those attributes in the order of the list.
//! Key attributes are encoded separately.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::cbor::{Reader, Result, Writer};

use super::attribute::{ValueError, read_value, write_value};
use super::{Attributes, DecodeStop, KeySchema, Lookup, Metadata};

/// Why the attributes of an item cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ItemError(#[from] ValueError);

/// Writes the content of an item: all attributes but those of the key, in the order of their names' bytes.
///
/// If the number of their list is not known, it adds the lookup to `missing`, and what it writes is of no use.
pub(crate) fn write_item(
    schema: &KeySchema,
    attributes: &Attributes,
    metadata: &Metadata,
    missing: &mut Vec<Lookup>,
    writer: &mut Writer<'_>,
) -> std::result::Result<(), ItemError> {
    let mut plain: Vec<(&str, &AttributeValue)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| !schema.contains(name))
        .collect();
    plain.sort_unstable_by_key(|(name, _)| *name);
    let names: Vec<&str> = plain.iter().map(|(name, _)| *name).collect();
    match metadata.attribute_list_id(&names) {
        Some(id) => writer.int(id),
        // The values are written all the same: if one is wrong, nobody has to be asked anything.
        None => push_once(missing, Lookup::AttributeListId { names: names.into_iter().map(str::to_owned).collect() }),
    }
    for (name, value) in plain {
        if name.is_empty() {
            return Err(ValueError::EmptyName.into());
        }
        write_value(value, writer)?;
    }
    Ok(())
}

/// Adds a lookup unless it is already asked for.
pub(crate) fn push_once(lookups: &mut Vec<Lookup>, lookup: Lookup) {
    if !lookups.contains(&lookup) {
        lookups.push(lookup);
    }
}

/// Reads what is in an answer, collecting the lookups that it turns out to need.
///
/// An item whose list is unknown reads as empty; [`finish`](Self::finish) then refuses the whole. So one pass finds
/// all lists of an answer.
#[derive(Debug)]
pub(crate) struct ItemReader<'m> {
    metadata: &'m Metadata,
    missing: Vec<Lookup>,
    /// The lists among the missing: there may be thousands.
    missing_lists: HashSet<i64>,
}

impl<'m> ItemReader<'m> {
    pub(crate) fn new(metadata: &'m Metadata) -> Self {
        Self { metadata, missing: Vec::new(), missing_lists: HashSet::new() }
    }

    /// The key schema of a table, if it is known.
    pub(crate) fn key_schema(&mut self, table: &str) -> Option<&'m KeySchema> {
        let schema = self.metadata.key_schema(table);
        if schema.is_none() {
            push_once(&mut self.missing, Lookup::KeySchema { table: table.to_owned() });
        }
        schema.map(AsRef::as_ref)
    }

    /// Reads a byte string holding an item, with room for `extra` more attributes.
    pub(crate) fn item(&mut self, reader: &mut Reader<'_>, extra: usize) -> Result<Attributes> {
        let bytes = reader.bytes()?;
        self.item_content(&bytes, extra)
    }

    /// Reads the content of an item.
    pub(crate) fn item_content(&mut self, bytes: &[u8], extra: usize) -> Result<Attributes> {
        let mut reader = Reader::whole(bytes);
        let Some(names) = self.names(reader.int()?) else {
            return Ok(Attributes::new());
        };
        let mut attributes = Attributes::with_capacity(names.len() + extra);
        for name in names {
            attributes.insert(name.clone(), read_value(&mut reader)?);
        }
        reader.end()?;
        Ok(attributes)
    }

    /// Reads a byte string holding some attributes of a list, each with its position in the list.
    pub(crate) fn partial_item(&mut self, reader: &mut Reader<'_>) -> Result<Attributes> {
        let bytes = reader.bytes()?;
        let mut reader = Reader::whole(&bytes);
        let Some(names) = self.names(reader.int()?) else {
            return Ok(Attributes::new());
        };
        let mut pairs = reader.map()?;
        let mut attributes = Attributes::with_capacity(pairs.reserve());
        while pairs.next(&mut reader)? {
            let ordinal = reader.uint()?;
            let name = usize::try_from(ordinal).ok().and_then(|ordinal| names.get(ordinal));
            let name = name.ok_or_else(|| reader.malformed("position outside of the attribute list"))?;
            attributes.insert(name.clone(), read_value(&mut reader)?);
        }
        reader.end()?;
        Ok(attributes)
    }

    /// Succeeds if every lookup that was needed was answered.
    pub(crate) fn finish<T>(self, output: T) -> std::result::Result<T, DecodeStop> {
        if self.missing.is_empty() { Ok(output) } else { Err(DecodeStop::Need(self.missing)) }
    }

    fn names(&mut self, id: i64) -> Option<&'m [String]> {
        let names = self.metadata.attribute_list(id);
        if names.is_none() && self.missing_lists.insert(id) {
            self.missing.push(Lookup::AttributeList { id });
        }
        names.map(AsRef::as_ref)
    }
}
