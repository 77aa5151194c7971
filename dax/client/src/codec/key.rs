//! Primary keys as bytes. They carry no names: the table's key schema says what they are.
//!
//! Without a sort key: the value bare (S and B) or as a CBOR number (N). With one: the partition key as a CBOR item, then
//! the sort key bare, numbers as `LexDecimal`, to the end.

use std::borrow::Cow;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::KeyType;
use dax_protocol::cbor::{Reader, Result, Writer};
use dax_protocol::number::{self, Decimal, NumberError};

use super::{Attributes, KeyAttribute, KeySchema};

/// Why attributes do not form a key of the table. The wording is DynamoDB's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum KeyError {
    /// A key attribute is missing.
    #[error("The provided key element does not match the schema")]
    Missing {
        /// Name of the attribute.
        name: String,
    },
    /// A key attribute has another type than the schema says.
    #[error(
        "One or more parameter values were invalid: Type mismatch for key {name} expected: {expected} actual: {actual}"
    )]
    Type {
        /// Name of the attribute.
        name: String,
        /// The schema's type.
        expected: &'static str,
        /// The value's type.
        actual: &'static str,
    },
    /// An attribute that is not part of the key.
    #[error("The provided key element does not match the schema")]
    Surplus,
    /// A key attribute without content.
    #[error(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         {kind} value. Key: {name}"
    )]
    Empty {
        /// Name of the attribute.
        name: String,
        /// `string` or `binary`.
        kind: &'static str,
    },
    /// The text of a key attribute of type N is not a valid number.
    #[error(transparent)]
    Number(#[from] NumberError),
}

/// Writes the content of a key: the part of `attributes` that the schema names.
///
/// # Errors
/// [`KeyError`] if a key attribute is missing, empty or of another type.
pub(crate) fn write_key(
    schema: &KeySchema,
    attributes: &Attributes,
    writer: &mut Writer<'_>,
) -> std::result::Result<(), KeyError> {
    let hash = part(&schema.hash, attributes)?;
    let Some(range) = &schema.range else {
        match hash {
            Part::Text(text) => writer.raw(text.as_bytes()),
            Part::Bytes(bytes) => writer.raw(bytes),
            Part::Number(number) => number::write(&number, writer),
        }
        return Ok(());
    };
    match hash {
        Part::Text(text) => writer.text(text),
        Part::Bytes(bytes) => writer.bytes(bytes),
        Part::Number(number) => number::write(&number, writer),
    }
    match part(range, attributes)? {
        Part::Text(text) => writer.raw(text.as_bytes()),
        Part::Bytes(bytes) => writer.raw(bytes),
        Part::Number(number) => number::write_lex(&number, writer.buffer()),
    }
    Ok(())
}

/// As [`write_key`], for attributes that must be a key and nothing else.
///
/// # Errors
/// [`KeyError`]; also if there is an attribute that the schema does not name.
pub(crate) fn write_exact_key(
    schema: &KeySchema,
    attributes: &Attributes,
    writer: &mut Writer<'_>,
) -> std::result::Result<(), KeyError> {
    write_key(schema, attributes, writer)?;
    if attributes.len() > schema.attributes().count() && attributes.keys().any(|name| !schema.contains(name)) {
        return Err(KeyError::Surplus);
    }
    Ok(())
}

enum Part<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(Decimal),
}

fn part<'a>(key: &KeyAttribute, attributes: &'a Attributes) -> std::result::Result<Part<'a>, KeyError> {
    let name = || key.name.clone();
    let value = attributes.get(&key.name).ok_or_else(|| KeyError::Missing { name: name() })?;
    match (key.kind, value) {
        (KeyType::S, AttributeValue::S(text)) if text.is_empty() => {
            Err(KeyError::Empty { name: name(), kind: "string" })
        }
        (KeyType::S, AttributeValue::S(text)) => Ok(Part::Text(text)),
        (KeyType::B, AttributeValue::B(blob)) if blob.as_ref().is_empty() => {
            Err(KeyError::Empty { name: name(), kind: "binary" })
        }
        (KeyType::B, AttributeValue::B(blob)) => Ok(Part::Bytes(blob.as_ref())),
        (KeyType::N, AttributeValue::N(text)) => text.parse().map(Part::Number).map_err(KeyError::Number),
        (expected, actual) => {
            Err(KeyError::Type { name: name(), expected: expected.letter(), actual: type_name(actual) })
        }
    }
}

/// The letters that stand for a value's type in DynamoDB's JSON.
pub(crate) const fn type_name(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(_) => "S",
        AttributeValue::N(_) => "N",
        AttributeValue::B(_) => "B",
        AttributeValue::Ss(_) => "SS",
        AttributeValue::Ns(_) => "NS",
        AttributeValue::Bs(_) => "BS",
        AttributeValue::L(_) => "L",
        AttributeValue::M(_) => "M",
        AttributeValue::Bool(_) => "BOOL",
        AttributeValue::Null(_) => "NULL",
        _ => "unknown",
    }
}

/// Reads the content of a key and adds its attributes to `attributes`.
///
/// # Errors
/// [`Malformed`](dax_protocol::cbor::Error::Malformed) if the bytes are not a key of this schema.
pub fn read_key(schema: &KeySchema, bytes: &[u8], attributes: &mut Attributes) -> Result<()> {
    let mut reader = Reader::whole(bytes);
    let hash = match (schema.hash.kind, schema.range.is_some()) {
        (KeyType::N, _) => AttributeValue::N(number::read_text(&mut reader)?),
        (KeyType::S, true) => AttributeValue::S(reader.text()?.into_owned()),
        (KeyType::S, false) => AttributeValue::S(text(&mut reader)?),
        (KeyType::B, true) => AttributeValue::B(Blob::new(reader.bytes()?)),
        (KeyType::B, false) => AttributeValue::B(Blob::new(reader.take_rest())),
    };
    attributes.insert(schema.hash.name.clone(), hash);
    if let Some(range) = &schema.range {
        let value = match range.kind {
            KeyType::S => AttributeValue::S(text(&mut reader)?),
            KeyType::B => AttributeValue::B(Blob::new(reader.take_rest())),
            KeyType::N => AttributeValue::N(number::read_lex(reader.take_rest())?.to_string()),
        };
        attributes.insert(range.name.clone(), value);
    }
    reader.end()
}

fn text(reader: &mut Reader<'_>) -> Result<String> {
    let invalid = reader.malformed("text is not UTF-8");
    String::from_utf8(reader.take_rest().to_vec()).or(Err(invalid))
}

/// Copies the key attributes of `from`, numbers in canonical form, as the server would send them.
///
/// The server leaves out what the client knows from its own request.
pub(crate) fn copy_key<'a>(names: impl Iterator<Item = &'a str>, from: &Attributes, attributes: &mut Attributes) {
    for name in names {
        if let Some(value) = from.get(name) {
            attributes.insert(name.to_owned(), canonical(value).into_owned());
        }
    }
}

fn canonical(value: &AttributeValue) -> Cow<'_, AttributeValue> {
    match value {
        AttributeValue::N(text) => match text.parse::<Decimal>() {
            Ok(number) => Cow::Owned(AttributeValue::N(number.to_string())),
            Err(_) => Cow::Borrowed(value),
        },
        _ => Cow::Borrowed(value),
    }
}
