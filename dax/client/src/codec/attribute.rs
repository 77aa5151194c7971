//! Attribute values as CBOR items. The type of a value is the type of the item.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::cbor::{Error, Items, Kind, Reader, Result, Writer};
use dax_protocol::number::{self, NumberError};
use dax_protocol::tag;

/// An item, a key, or any other map of attributes.
pub type Attributes = HashMap<String, AttributeValue>;

/// Deepest nesting of lists and maps, DynamoDB's own limit.
const MAX_NESTING: usize = 32;

/// Why a value cannot be sent. The wording is DynamoDB's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A text that is not a number, or a number out of range.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A set without elements, in words that differ by its type.
    #[error("One or more parameter values were invalid: {0}")]
    EmptySet(&'static str),
    /// `NULL` with the value `false`.
    #[error("One or more parameter values were invalid: Null attribute value types must have the value of true")]
    FalseNull,
    /// Lists and maps nested too deeply.
    #[error(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    )]
    TooDeep,
    /// An attribute whose name is empty.
    #[error("Empty attribute name")]
    EmptyName,
    /// A type of value that this client does not know.
    #[error("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    Unsupported,
}

/// Writes an attribute value. Maps are written in the order of their names' bytes, sets in the order given.
///
/// # Errors
/// [`ValueError`] if DynamoDB would refuse the value.
pub fn write_value(value: &AttributeValue, writer: &mut Writer<'_>) -> std::result::Result<(), ValueError> {
    write_nested(value, writer, MAX_NESTING)
}

fn write_nested(value: &AttributeValue, writer: &mut Writer<'_>, levels: usize) -> std::result::Result<(), ValueError> {
    match value {
        AttributeValue::S(text) => writer.text(text),
        AttributeValue::N(text) => number::write_text(text, writer)?,
        AttributeValue::B(blob) => writer.bytes(blob.as_ref()),
        AttributeValue::Bool(value) => writer.bool(*value),
        AttributeValue::Null(true) => writer.null(),
        AttributeValue::Null(false) => return Err(ValueError::FalseNull),
        AttributeValue::Ss(texts) => {
            open_set(tag::STRING_SET, "An string set  may not be empty", texts.len(), writer)?;
            texts.iter().for_each(|text| writer.text(text));
        }
        AttributeValue::Ns(texts) => {
            open_set(tag::NUMBER_SET, "An number set  may not be empty", texts.len(), writer)?;
            texts.iter().try_for_each(|text| number::write_text(text, writer))?;
        }
        AttributeValue::Bs(blobs) => {
            open_set(tag::BINARY_SET, "Binary sets should not be empty", blobs.len(), writer)?;
            blobs.iter().for_each(|blob| writer.bytes(blob.as_ref()));
        }
        AttributeValue::L(values) => {
            let levels = levels.checked_sub(1).ok_or(ValueError::TooDeep)?;
            writer.array(values.len());
            values.iter().try_for_each(|value| write_nested(value, writer, levels))?;
        }
        AttributeValue::M(attributes) => {
            let levels = levels.checked_sub(1).ok_or(ValueError::TooDeep)?;
            writer.map(attributes.len());
            for (name, value) in sorted(attributes) {
                if name.is_empty() {
                    return Err(ValueError::EmptyName);
                }
                writer.text(name);
                write_nested(value, writer, levels)?;
            }
        }
        _ => return Err(ValueError::Unsupported),
    }
    Ok(())
}

fn open_set(
    tag: u64,
    if_empty: &'static str,
    count: usize,
    writer: &mut Writer<'_>,
) -> std::result::Result<(), ValueError> {
    if count == 0 {
        return Err(ValueError::EmptySet(if_empty));
    }
    writer.tag(tag);
    writer.array(count);
    Ok(())
}

/// The attributes in the order of their names' bytes.
pub(crate) fn sorted(attributes: &Attributes) -> Vec<(&str, &AttributeValue)> {
    let mut sorted: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

/// Reads an attribute value. Numbers come out as canonical text.
///
/// # Errors
/// [`Error::Malformed`] if the item stands for no attribute value or nests too deeply; [`Error::Incomplete`] if it is
/// cut.
pub fn read_value(reader: &mut Reader<'_>) -> Result<AttributeValue> {
    // Twice the limit: what the server stores is its business, but it has to end.
    read_nested(reader, 2 * MAX_NESTING)
}

fn read_nested(reader: &mut Reader<'_>, levels: usize) -> Result<AttributeValue> {
    Ok(match reader.peek()? {
        Kind::Text => AttributeValue::S(reader.text()?.into_owned()),
        Kind::Unsigned | Kind::Negative | Kind::Float => AttributeValue::N(number::read_text(reader)?),
        Kind::Bytes => AttributeValue::B(Blob::new(reader.bytes()?)),
        Kind::Bool => AttributeValue::Bool(reader.bool()?),
        Kind::Null => {
            reader.null()?;
            AttributeValue::Null(true)
        }
        Kind::Tag => return read_tagged(reader),
        Kind::Array => {
            let levels = levels.checked_sub(1).ok_or_else(|| reader.malformed("value nests too deeply"))?;
            let items = reader.array()?;
            AttributeValue::L(read_all(items, reader, |reader| read_nested(reader, levels))?)
        }
        Kind::Map => {
            let levels = levels.checked_sub(1).ok_or_else(|| reader.malformed("value nests too deeply"))?;
            let mut pairs = reader.map()?;
            let mut attributes = Attributes::with_capacity(pairs.reserve());
            while pairs.next(reader)? {
                let name = reader.text()?.into_owned();
                attributes.insert(name, read_nested(reader, levels)?);
            }
            AttributeValue::M(attributes)
        }
        Kind::Break => return Err(reader.malformed("end mark in place of a value")),
    })
}

fn read_tagged(reader: &mut Reader<'_>) -> Result<AttributeValue> {
    let mut ahead = reader.clone();
    let tag = ahead.tag()?;
    if matches!(tag, tag::POSITIVE_BIG | tag::NEGATIVE_BIG | tag::DECIMAL) {
        return Ok(AttributeValue::N(number::read_text(reader)?));
    }
    let unknown = reader.malformed("unknown tag in place of a value");
    *reader = ahead;
    let items = reader.array()?;
    Ok(match tag {
        tag::STRING_SET => AttributeValue::Ss(read_all(items, reader, |reader| Ok(reader.text()?.into_owned()))?),
        tag::NUMBER_SET => AttributeValue::Ns(read_all(items, reader, number::read_text)?),
        tag::BINARY_SET => AttributeValue::Bs(read_all(items, reader, |reader| Ok(Blob::new(reader.bytes()?)))?),
        _ => return Err(unknown),
    })
}

fn read_all<T>(
    mut items: Items,
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut all = Vec::with_capacity(items.reserve());
    while items.next(reader)? {
        all.push(read(reader)?);
    }
    Ok(all)
}

/// Reads a number that counts something, such as capacity units: an integer or a float.
pub(crate) fn read_f64(reader: &mut Reader<'_>) -> Result<f64> {
    if reader.peek()? == Kind::Float {
        return reader.float();
    }
    let start = reader.position();
    match i32::try_from(reader.int()?) {
        Ok(integer) => Ok(f64::from(integer)),
        Err(_) => Err(Error::Malformed { at: start, what: "measure out of range" }),
    }
}
