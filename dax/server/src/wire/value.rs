//! Attribute values as CBOR. The type of the item carries the type of the attribute.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dax_protocol::{
    cbor::{Error, Kind, Reader, Result, Writer},
    number, tag,
};

/// Deepest nesting of lists and maps, as in DynamoDB.
const MAX_DEPTH: usize = 32;

/// Attribute name → value.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// Reads one value. Numbers come out in canonical text.
///
/// # Errors
/// If the next item is not an attribute value.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<AttributeValue> {
    read_nested(reader, 0)
}

fn read_nested(reader: &mut Reader<'_>, depth: usize) -> Result<AttributeValue> {
    if depth > MAX_DEPTH {
        return Err(reader.malformed("nesting levels have exceeded supported limits"));
    }
    Ok(match reader.peek()? {
        Kind::Text => AttributeValue::S(reader.text()?.into_owned()),
        Kind::Bytes => AttributeValue::B(Blob::new(reader.bytes()?.into_owned())),
        Kind::Bool => AttributeValue::Bool(reader.bool()?),
        Kind::Null => {
            reader.null()?;
            AttributeValue::Null(true)
        }
        Kind::Array => AttributeValue::L(elements(reader, |reader| read_nested(reader, depth + 1))?),
        Kind::Map => {
            let mut pairs = reader.map()?;
            let mut map = HashMap::with_capacity(pairs.reserve());
            while pairs.next(reader)? {
                let name = reader.text()?.into_owned();
                map.insert(name, read_nested(reader, depth + 1)?);
            }
            AttributeValue::M(map)
        }
        Kind::Tag => read_tagged(reader)?,
        _ => AttributeValue::N(number::read_text(reader)?),
    })
}

fn read_tagged(reader: &mut Reader<'_>) -> Result<AttributeValue> {
    let mut ahead = reader.clone();
    match ahead.tag()? {
        tag::STRING_SET => {
            *reader = ahead;
            Ok(AttributeValue::Ss(elements(reader, |reader| Ok(reader.text()?.into_owned()))?))
        }
        tag::NUMBER_SET => {
            *reader = ahead;
            Ok(AttributeValue::Ns(elements(reader, number::read_text)?))
        }
        tag::BINARY_SET => {
            *reader = ahead;
            Ok(AttributeValue::Bs(elements(reader, |reader| Ok(Blob::new(reader.bytes()?.into_owned())))?))
        }
        _ => Ok(AttributeValue::N(number::read_text(reader)?)),
    }
}

fn elements<'a, T>(reader: &mut Reader<'a>, mut read: impl FnMut(&mut Reader<'a>) -> Result<T>) -> Result<Vec<T>> {
    let mut items = reader.array()?;
    let mut elements = Vec::with_capacity(items.reserve());
    while items.next(reader)? {
        elements.push(read(reader)?);
    }
    Ok(elements)
}

/// Writes one value.
///
/// Lengths are definite and numbers never floats: some clients read nothing else. Keys of maps are sorted, so equal
/// values give equal bytes.
///
/// # Errors
/// If the text of a number is not a number, or the SDK has an attribute type that this server does not know.
pub(crate) fn write(value: &AttributeValue, writer: &mut Writer<'_>) -> Result<()> {
    match value {
        AttributeValue::S(text) => writer.text(text),
        AttributeValue::N(text) => number::write_text(text, writer)?,
        AttributeValue::B(bytes) => writer.bytes(bytes.as_ref()),
        AttributeValue::Bool(value) => writer.bool(*value),
        AttributeValue::Null(_) => writer.null(),
        AttributeValue::L(values) => {
            writer.array(values.len());
            values.iter().try_for_each(|value| write(value, writer))?;
        }
        AttributeValue::M(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|entry| entry.0);
            writer.map(entries.len());
            for (name, value) in entries {
                writer.text(name);
                write(value, writer)?;
            }
        }
        AttributeValue::Ss(texts) => {
            writer.tag(tag::STRING_SET);
            writer.array(texts.len());
            texts.iter().for_each(|text| writer.text(text));
        }
        AttributeValue::Ns(numbers) => {
            writer.tag(tag::NUMBER_SET);
            writer.array(numbers.len());
            numbers.iter().try_for_each(|text| number::write_text(text, writer))?;
        }
        AttributeValue::Bs(blobs) => {
            writer.tag(tag::BINARY_SET);
            writer.array(blobs.len());
            blobs.iter().for_each(|blob| writer.bytes(blob.as_ref()));
        }
        _ => {
            return Err(Error::Malformed { at: 0, what: "an attribute of a type that is not known here" });
        }
    }
    Ok(())
}
