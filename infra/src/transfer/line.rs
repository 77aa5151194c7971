//! One line of an export: a JSON object that holds exactly the attributes of one item.
//!
//! Attributes of the schema have the names that the API uses; times are in RFC 3339. An attribute that this version does
//! not know, or whose value does not have the form of the schema, is in `x_item`, in DynamoDB's JSON. Absent names are
//! absent attributes: a link of the AWS sample has `slug` and `url`, and is imported with nothing else. The same item
//! always makes the same text.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context as _, Result, anyhow, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use links::item::{FIELDS, Field, Item, ItemError, Kind, to_link};
use links::{Slug, Timestamp};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::dynamo_json;

/// Holds the attributes that are not fields.
pub(super) const REST: &str = "x_item";

/// The largest number that every reader of JSON keeps exactly. A version above it could not be counted up for long.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Encodes an item, without a line feed.
///
/// # Errors
/// If an attribute has a type that this SDK does not know.
pub(crate) fn encode(item: &Item) -> Result<String> {
    let mut members = Vec::new();
    for field in FIELDS {
        let value = item.get(field.attribute);
        if let Some(json) = value.and_then(|value| to_json(value, field.kind)) {
            members.push((field.name.to_owned(), json));
        }
    }
    let rest: Vec<_> = item.iter().filter(|(name, value)| !is_field(name, value)).collect();
    if !rest.is_empty() {
        members.push((REST.to_owned(), dynamo_json::encode_map(rest)?));
    }
    Ok(serde_json::to_string(&Members(members))?)
}

/// Whether the attribute can be written as a field.
fn is_field(attribute: &str, value: &AttributeValue) -> bool {
    let field = FIELDS.iter().find(|field| field.attribute == attribute);
    field.is_some_and(|field| to_json(value, field.kind).is_some())
}

/// Decodes a line, whose item must be a valid link.
///
/// # Errors
/// What is wrong with the line.
pub(crate) fn decode(line: &str) -> Result<(Slug, Item)> {
    // There is only one line, so its number does not help.
    let Members(members) = serde_json::from_str(line)
        .map_err(|error| anyhow!(error.to_string().replace(" at line 1 column ", " at column ")))?;
    let item = item_of(&members)?;
    let link = to_link(item.clone()).map_err(by_field)?;
    if link.version > MAX_NUMBER {
        bail!("\"version\" is greater than {MAX_NUMBER}");
    }
    let slug = link.slug;
    if item.get(links::item::KEY_ATTRIBUTE) != Some(&AttributeValue::S(slug.to_string())) {
        bail!("the slug is not in lower case, so the link could not be followed");
    }
    Ok((slug, item))
}

fn item_of(members: &[(String, Value)]) -> Result<Item> {
    let mut item = Item::new();
    for (name, json) in members.iter().filter(|(name, _)| name != REST) {
        let field = FIELDS.iter().find(|field| field.name == *name);
        let field = field.with_context(|| format!("there is no field {name:?}"))?;
        item.insert(field.attribute.to_owned(), from_json(json, field)?);
    }
    if let Some((_, rest)) = members.iter().find(|(name, _)| name == REST) {
        for (name, value) in dynamo_json::decode_map(rest).context(REST)? {
            if item.insert(name.clone(), value).is_some() {
                bail!("{REST} repeats {name:?}");
            }
        }
    }
    Ok(item)
}

/// The error with the names of fields instead of attributes.
fn by_field(error: ItemError) -> anyhow::Error {
    let name = |attribute: &str| {
        let field = FIELDS.iter().find(|field| field.attribute == attribute);
        field.map_or_else(|| attribute.to_owned(), |field| field.name.to_owned())
    };
    match error {
        ItemError::Missing { attribute } => anyhow!("{:?} is missing", name(attribute)),
        ItemError::Invalid { attribute } => {
            anyhow!("{:?} is invalid", name(attribute))
        }
        other => other.into(),
    }
}

/// `None` if the value does not have the form of the schema, so that the field could not restore it.
fn to_json(value: &AttributeValue, kind: Kind) -> Option<Value> {
    Some(match (kind, value) {
        (Kind::Text, AttributeValue::S(text)) => json!(text),
        (Kind::Flag, AttributeValue::Bool(flag)) => json!(flag),
        (Kind::Number, AttributeValue::N(digits)) => json!(whole(digits)?),
        (Kind::Time, AttributeValue::N(digits)) => {
            json!(Timestamp::from_unix_seconds(whole(digits)?).rfc3339()?)
        }
        (Kind::Texts, AttributeValue::L(values)) => {
            let texts = values.iter().map(|value| value.as_s().ok());
            json!(texts.collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}

/// A whole number in canonical form.
fn whole(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

fn from_json(json: &Value, field: &Field) -> Result<AttributeValue> {
    let expected = match field.kind {
        Kind::Text => "a string",
        Kind::Number => "a whole number of at most 9007199254740991",
        Kind::Time => "a time such as \"2026-11-23T04:41:05Z\", in whole seconds",
        Kind::Flag => "true or false",
        Kind::Texts => "a list of strings",
    };
    let value = match field.kind {
        Kind::Text => json.as_str().map(|text| AttributeValue::S(text.to_owned())),
        Kind::Flag => json.as_bool().map(AttributeValue::Bool),
        Kind::Number => {
            json.as_u64().filter(|number| *number <= MAX_NUMBER).map(|number| AttributeValue::N(number.to_string()))
        }
        Kind::Time => json.as_str().and_then(|text| {
            let time: jiff::Timestamp = text.parse().ok()?;
            let seconds = u64::try_from(time.as_second()).ok()?;
            (time.subsec_nanosecond() == 0).then(|| AttributeValue::N(seconds.to_string()))
        }),
        Kind::Texts => json.as_array().and_then(|values| {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            let texts: Option<Vec<_>> = texts.map(|text| text.map(AttributeValue::S)).collect();
            texts.map(AttributeValue::L)
        }),
    };
    value.with_context(|| format!("{:?} is not {expected}", field.name))
}

/// The members of an object in order. A repeated name is an error, because one of the values would be lost.
struct Members(Vec<(String, Value)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the fields of a link")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                let mut names = HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if !names.insert(name.clone()) {
                        let repeated = format!("the field {name:?} is repeated");
                        return Err(serde::de::Error::custom(repeated));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(digits: &str) -> AttributeValue {
        AttributeValue::N(digits.to_owned())
    }

    fn s(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    fn check(attributes: &[(&str, AttributeValue)], expected: &str) {
        let item: Item = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let line = encode(&item).unwrap();
        assert_eq!(line, expected);
        assert_eq!(decode(&line).unwrap().1, item, "{line}");
    }

    #[test]
    fn a_link_of_the_aws_sample_has_two_fields() {
        check(
            &[("target", s("https://www.amazon.com")), ("id", s("grqpaeet"))],
            r#"{"slug":"grqpaeet","url":"https://www.amazon.com"}"#,
        );
    }

    #[test]
    fn fields_have_one_order_and_times_are_readable() {
        check(
            &[
                ("id", s("launch")),
                ("target", s("https://example.com/")),
                ("version", n("3")),
                ("owner", s("ann")),
                ("created_at", n("0")),
                ("expires_at", n("1795000000")),
                ("redirect", n("307")),
                ("permanent", AttributeValue::Bool(true)),
                ("tags", AttributeValue::L(vec![s("b"), s("a")])),
                ("note", s("\u{1f600} \"quoted\"\nnext")),
                ("state", s("disabled")),
            ],
            "{\"slug\":\"launch\",\"url\":\"https://example.com/\",\"state\":\"disabled\",\"redirect\":307,\
             \"permanent\":true,\"created_at\":\"1970-01-01T00:00:00Z\",\"expires_at\":\"2026-11-18T11:06:40Z\",\
             \"owner\":\"ann\",\"version\":3,\"tags\":[\"b\",\"a\"],\"note\":\"\u{1f600} \\\"quoted\\\"\\nnext\"}",
        );
    }

    #[test]
    fn unknown_attributes_are_kept() {
        check(
            &[
                ("id", s("a")),
                ("target", s("t")),
                ("zz", AttributeValue::Ns(vec!["1".into(), "2".into()])),
                ("clicks", n("12")),
                // Known names, but not as the schema writes them.
                ("expires_at", n("99999999999999")),
                ("note", AttributeValue::Null(true)),
            ],
            "{\"slug\":\"a\",\"url\":\"t\",\"x_item\":{\"clicks\":{\"N\":\"12\"},\
             \"expires_at\":{\"N\":\"99999999999999\"},\"note\":{\"NULL\":true},\"zz\":{\"NS\":[\"1\",\"2\"]}}}",
        );
    }

    #[test]
    fn an_item_that_is_not_a_link_still_has_a_line() {
        let item = Item::from([("id".to_owned(), s("Robots.txt"))]);
        assert_eq!(encode(&item).unwrap(), r#"{"slug":"Robots.txt"}"#);
    }

    #[test]
    fn bad_lines_say_what_is_wrong() {
        let check = |line: &str, expected: &str| {
            let message = format!("{:#}", decode(line).unwrap_err());
            assert!(message.contains(expected), "{line}: {message}");
        };
        check("", "EOF");
        check("[]", "an object with the fields of a link");
        check(r#"{"slug":"a","url":"u""#, "EOF");
        check(r#"{"slug":"a","url":"u"} x"#, "trailing");
        check(r#"{"slug":"a"}"#, "\"url\" is missing");
        check(r#"{"url":"u"}"#, "\"slug\" is missing");
        check(r#"{"slug":"a.b","url":"u"}"#, "\"slug\" is invalid");
        check(r#"{"slug":"Abc","url":"u"}"#, "lower case");
        check(r#"{"slug":"a","url":"u","slug":"b"}"#, "\"slug\" is repeated");
        check(r#"{"slug":"a","url":"u","expires":"x"}"#, "no field \"expires\"");
        check(r#"{"slug":"a","url":null}"#, "\"url\" is not a string");
        check(r#"{"slug":"a","url":"u","version":-1}"#, "not a whole number");
        check(r#"{"slug":"a","url":"u","version":18446744073709551615}"#, "of at most 9007199254740991");
        let hidden = r#"{"slug":"a","url":"u","x_item":{"version":{"N":"18446744073709551615"}}}"#;
        check(hidden, "\"version\" is greater");
        check(r#"{"slug":"a","url":"u","expires_at":"soon"}"#, "not a time");
        check(r#"{"slug":"a","url":"u","expires_at":"2026-01-01T00:00:00.5Z"}"#, "whole seconds");
        check(r#"{"slug":"a","url":"u","state":"asleep"}"#, "\"state\" is invalid");
        check(r#"{"slug":"a","url":"u","tags":["x",1]}"#, "not a list of strings");
        check(r#"{"slug":"a","url":"u","x_item":[]}"#, "x_item: expected an object");
        check(r#"{"slug":"a","url":"u","x_item":{"id":{"S":"b"}}}"#, "repeats \"id\"");
    }
}
