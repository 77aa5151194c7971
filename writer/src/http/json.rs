//! JSON objects in which every name is there once.
//!
//! JSON leaves open what a repeated name means, and parsers usually keep the last value and drop the others. Here nothing
//! that was given is dropped.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::{BodyProblem, FieldProblem, Origin, Problem};

/// Parses a JSON object, at any depth of which no name is there twice. Names of the caller's own fields may be.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let twice = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let object = deserializer.deserialize_map(Object(Once { twice: &twice }));
    let object = object.and_then(|object| deserializer.end().map(|()| object));
    let error = match object {
        Ok(object) => return Ok(object),
        Err(error) => error,
    };
    Err(match twice.into_inner() {
        Some(field) => FieldProblem::Twice { field, origin: Origin::Json }.into(),
        None => malformed(body, &error).into(),
    })
}

/// Where the body stops being an object, counted from 1.
fn malformed(body: &[u8], error: &serde_json::Error) -> BodyProblem {
    if !error.is_data() {
        // For the parser, a line end is column 0 of the line after it.
        return BodyProblem::MalformedJson { line: error.line(), column: error.column().max(1) };
    }
    // JSON, but no object. The parser notices anywhere behind its first byte.
    let (blanks, _) = body.split_at(body.len() - body.trim_ascii_start().len());
    let mut lines = blanks.split(|byte| *byte == b'\n');
    let line = lines.clone().count();
    BodyProblem::MalformedJson { line, column: lines.next_back().map_or(1, |blanks| blanks.len() + 1) }
}

/// Whether callers may use this name for their own fields and parameters.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with("x_")
}

/// Any value.
#[derive(Clone, Copy)]
struct Once<'a> {
    /// The first name that is there twice, once one was found.
    twice: &'a RefCell<Option<String>>,
}

/// An object, and nothing else.
struct Object<'a>(Once<'a>);

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.0)?;
            if object.contains_key(&name) && !is_own(&name) {
                self.0.twice.replace(Some(name));
                return Err(A::Error::custom("a name is there twice"));
            }
            object.insert(name, value);
        }
        Ok(object)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(self)? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        Object(self).visit_map(members).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_those_of_the_text() {
        let text = r#"{"a":[1,-2,2.5,"x",true,null,{"b":{}}],"c":"\u00fc","x_a":1,"x_a":2}"#;
        let expected = json!({ "a": [1, -2, 2.5, "x", true, null, { "b": {} }], "c": "ü", "x_a": 2 });
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), expected);
    }

    #[test]
    fn a_name_is_there_once() {
        for text in [
            r#"{"url":"a","url":"a"}"#,
            r#"{"url":"a","\u0075rl":"b"}"#,
            r#"{"links":[{"url":"a"},{"url":"a","url":"b"}]}"#,
            r#"{"x_a":{"url":1,"url":2}}"#,
        ] {
            let problem = object(text.as_bytes()).unwrap_err();
            assert!(matches!(&problem, Problem::Field(FieldProblem::Twice { field, .. }) if field == "url"), "{text}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in ["[]", "null", "1", "\"a\"", "{", "{}{}", "{\"a\":1e400}", "{'a':1}", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(object(text.as_bytes()).unwrap_err().code(), "malformed-json", "{text}");
        }
    }

    #[test]
    fn positions_are_counted_from_one() {
        let check = |text: &str, expected: (usize, usize)| match object(text.as_bytes()) {
            Err(Problem::Body(BodyProblem::MalformedJson { line, column })) => {
                assert_eq!((line, column), expected, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        };
        check("[]", (1, 1));
        check("\n [{}]", (2, 2));
        check("\n\n\"text\"", (3, 1));
        check("  12", (1, 3));
        check("!", (1, 1));
        check("{\"a\": \n!}", (2, 1));
        check("{\"a\":\"\nb\"}", (2, 1));
        check("{\n  \"a\" 1}", (2, 7));
    }
}
