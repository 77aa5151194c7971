//! Keys as bytes.
//!
//! Without a range key they are the hash key alone: text and bytes as they are, a number as CBOR. With one, the hash
//! key has its CBOR head and the range key follows without any, numbers in an encoding whose bytes sort like the
//! numbers.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dax_protocol::{
    KeyType,
    cbor::{self, Kind, Reader, Writer},
    number,
};

use super::value::{self, Attributes};
use crate::failure::Failure;

/// Names and types of a table's key attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeySchema {
    pub(crate) hash: KeyAttribute,
    pub(crate) range: Option<KeyAttribute>,
}

/// One attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyAttribute {
    pub(crate) name: String,
    pub(crate) kind: KeyType,
}

impl KeySchema {
    /// The key attributes, hash key first.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.hash).chain(&self.range)
    }

    /// Whether this attribute is part of the key.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.attributes().any(|attribute| attribute.name == name)
    }

    /// Reads key bytes.
    ///
    /// # Errors
    /// A validation failure if they are not a key of this schema.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Attributes, Failure> {
        let wrong = |cause: &dyn std::fmt::Display| {
            Failure::validation(format!("The provided key element does not match the schema: {cause}"))
        };
        let mut key = Attributes::with_capacity(2);
        let Some(range) = &self.range else {
            let value = match self.hash.kind {
                KeyType::N => {
                    let mut reader = Reader::whole(bytes);
                    let text = number::read_text(&mut reader).map_err(|cause| wrong(&cause))?;
                    reader.end().map_err(|cause| wrong(&cause))?;
                    AttributeValue::N(text)
                }
                kind => read_bare(kind, bytes).map_err(|cause| wrong(&cause))?,
            };
            key.insert(self.hash.name.clone(), value);
            return Ok(key);
        };
        let mut reader = Reader::whole(bytes);
        let matching = match (self.hash.kind, reader.peek().map_err(|cause| wrong(&cause))?) {
            (KeyType::S, Kind::Text) | (KeyType::B, Kind::Bytes) => true,
            (KeyType::N, kind) => !matches!(kind, Kind::Text | Kind::Bytes),
            _ => false,
        };
        if !matching {
            return Err(wrong(&"the hash key has another type"));
        }
        let hash = value::read(&mut reader).map_err(|cause| wrong(&cause))?;
        if self.hash.kind != KeyType::N && !starts_canonically(bytes, &hash) {
            return Err(wrong(&"the hash key is not in its one encoding"));
        }
        key.insert(self.hash.name.clone(), hash);
        key.insert(range.name.clone(), read_bare(range.kind, reader.take_rest()).map_err(|cause| wrong(&cause))?);
        Ok(key)
    }

    /// Key bytes of an item, numbers in canonical form: equal keys give equal bytes.
    ///
    /// # Errors
    /// A validation failure if the item lacks a key attribute or one has the wrong type.
    pub(crate) fn write(&self, item: &Attributes) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::with_capacity(32);
        match (pick(item, &self.hash)?, &self.range) {
            (AttributeValue::S(text), None) => out.extend_from_slice(text.as_bytes()),
            (AttributeValue::B(bytes), None) => out.extend_from_slice(bytes.as_ref()),
            (hash, _) => {
                value::write(hash, &mut Writer::new(&mut out)).map_err(|cause| mismatch(&self.hash, &cause))?;
            }
        }
        if let Some(range) = &self.range {
            match pick(item, range)? {
                AttributeValue::S(text) => out.extend_from_slice(text.as_bytes()),
                AttributeValue::B(bytes) => out.extend_from_slice(bytes.as_ref()),
                AttributeValue::N(text) => {
                    number::write_lex(&text.parse().map_err(|cause| mismatch(range, &cause))?, &mut out);
                }
                _ => return Err(mismatch(range, &"no type for a key")),
            }
        }
        Ok(out)
    }

    /// The canonical bytes of a key: the same for `1`, `1.0` and `1e0`.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub(crate) fn normalize(&self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        if self.attributes().any(|attribute| attribute.kind == KeyType::N) {
            return self.write(&self.read(bytes)?);
        }
        Ok(bytes.to_vec())
    }
}

/// Whether these bytes start as this text or these bytes are written: other forms are no key of a client that knows the
/// table. Numbers have several forms, and clients use them.
fn starts_canonically(bytes: &[u8], hash: &AttributeValue) -> bool {
    let mut out = Vec::with_capacity(bytes.len());
    value::write(hash, &mut Writer::new(&mut out)).is_ok() && bytes.starts_with(&out)
}

/// A value without a CBOR head.
fn read_bare(kind: KeyType, bytes: &[u8]) -> Result<AttributeValue, cbor::Error> {
    Ok(match kind {
        KeyType::S => {
            let text = std::str::from_utf8(bytes);
            let not_utf8 = |_| cbor::Error::Malformed { at: 0, what: "text is not UTF-8" };
            AttributeValue::S(text.map_err(not_utf8)?.to_owned())
        }
        KeyType::B => AttributeValue::B(Blob::new(bytes)),
        KeyType::N => AttributeValue::N(number::read_lex(bytes)?.to_string()),
    })
}

fn pick<'a>(item: &'a Attributes, attribute: &KeyAttribute) -> Result<&'a AttributeValue, Failure> {
    let value = item.get(&attribute.name).ok_or_else(|| mismatch(attribute, &"it is missing"))?;
    match (attribute.kind, value) {
        (KeyType::S, AttributeValue::S(_))
        | (KeyType::N, AttributeValue::N(_))
        | (KeyType::B, AttributeValue::B(_)) => Ok(value),
        _ => Err(mismatch(attribute, &"it has another type")),
    }
}

fn mismatch(attribute: &KeyAttribute, cause: &dyn std::fmt::Display) -> Failure {
    Failure::validation(format!("The provided key element does not match the schema: {}: {cause}", attribute.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, kind: KeyType) -> KeyAttribute {
        KeyAttribute { name: name.into(), kind }
    }

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.into())
    }

    #[track_caller]
    fn check(hash: AttributeValue, range: Option<AttributeValue>, expected: &[u8]) {
        let kind = |value: &AttributeValue| match value {
            AttributeValue::S(_) => KeyType::S,
            AttributeValue::N(_) => KeyType::N,
            _ => KeyType::B,
        };
        let schema = KeySchema {
            hash: attribute("pk", kind(&hash)),
            range: range.as_ref().map(|range| attribute("sk", kind(range))),
        };
        let mut key = Attributes::from([("pk".into(), hash)]);
        key.extend(range.map(|range| ("sk".into(), range)));
        assert_eq!(schema.write(&key).unwrap(), expected);
        assert_eq!(schema.read(expected).unwrap(), key);
        assert_eq!(schema.normalize(expected).unwrap(), expected);
    }

    #[test]
    fn keys_are_bytes() {
        check(AttributeValue::S("abc".into()), None, b"abc");
        check(AttributeValue::B(Blob::new([1, 2])), None, &[1, 2]);
        check(number("5"), None, &[5]);
        check(AttributeValue::S("p".into()), Some(number("3.14")), &[0x61, 0x70, 0xc1, 0x51, 0x80, 0x20]);
        check(number("5"), Some(number("-5.5")), &[0x05, 0x3e, 0x73, 0x7f, 0xe0]);
        check(AttributeValue::B(Blob::new([9])), Some(AttributeValue::S(String::new())), &[0x41, 9]);
    }

    #[test]
    fn equal_numbers_are_one_key() {
        let schema = KeySchema { hash: attribute("pk", KeyType::N), range: None };
        let one = schema.normalize(&[0x01]).unwrap();
        for (form, bytes) in [
            ("1.0 as a decimal", &[0xc4, 0x82, 0x20, 0x0a][..]),
            ("a big number", &[0xc2, 0x41, 0x01]),
            ("a double", &[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(schema.normalize(bytes).unwrap(), one, "{form}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let schema = KeySchema { hash: attribute("pk", KeyType::S), range: Some(attribute("sk", KeyType::N)) };
        for bytes in [&[][..], &[0x41, 1, 0x80], &[0x61, b'a'], &[0x61, b'a', 0x00]] {
            assert!(schema.read(bytes).is_err(), "{bytes:02x?}");
        }
        // The bare text `xyz` is a head of 25 bytes; and a longer head than needed, and a text in pieces, are none of ours.
        let schema = KeySchema { hash: attribute("pk", KeyType::S), range: Some(attribute("sk", KeyType::S)) };
        for bytes in [&b"xyz"[..], b"\x78\x01ab", b"\x7f\x61a\xffb"] {
            assert!(schema.read(bytes).is_err(), "{bytes:02x?}");
        }
        let schema = KeySchema { hash: attribute("pk", KeyType::S), range: Some(attribute("sk", KeyType::N)) };
        assert!(schema.write(&Attributes::from([("pk".into(), number("1"))])).is_err());
    }
}
