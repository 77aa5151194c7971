//! Attribute values.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value};

use crate::{
    FromJson, ToJson,
    error::{Error, Problem},
    shape::sorted,
};

/// Writes an item so that equal items give equal text: as [`ToJson`] does, with the elements of sets sorted too.
///
/// # Errors
/// If an attribute value is of a type that this version of the SDK does not know.
pub fn canonical<'a>(item: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>) -> Result<Value, Error> {
    write_map(item, Sets::Sorted)
}

impl FromJson for AttributeValue {
    fn from_json(json: &Value) -> Result<Self, Error> {
        let mut members = json.as_object().map(Map::iter).into_iter().flatten();
        let (Some((kind, content)), None) = (members.next(), members.next()) else {
            return Err(Error::mismatch("an attribute value, which is an object with one member", json));
        };
        let value = match kind.as_str() {
            "S" => String::from_json(content).map(Self::S),
            "N" => String::from_json(content).map(Self::N),
            "B" => Blob::from_json(content).map(Self::B),
            "BOOL" => bool::from_json(content).map(Self::Bool),
            "NULL" => bool::from_json(content).map(Self::Null),
            "SS" => Vec::from_json(content).map(Self::Ss),
            "NS" => Vec::from_json(content).map(Self::Ns),
            "BS" => Vec::from_json(content).map(Self::Bs),
            "L" => Vec::from_json(content).map(Self::L),
            "M" => HashMap::from_json(content).map(Self::M),
            _ => Err(Problem::UnknownType.into()),
        };
        value.map_err(|error| error.within(kind))
    }
}

impl ToJson for AttributeValue {
    fn to_json(&self) -> Result<Value, Error> {
        write(self, Sets::AsGiven)
    }
}

impl FromJson for Blob {
    fn from_json(json: &Value) -> Result<Self, Error> {
        let text = json.as_str().ok_or_else(|| Error::mismatch("a string of base64", json))?;
        Ok(Self::new(BASE64.decode(text).map_err(Problem::Base64)?))
    }
}

impl ToJson for Blob {
    fn to_json(&self) -> Result<Value, Error> {
        Ok(BASE64.encode(self).into())
    }
}

/// An order for the elements of a set, which is unordered.
#[derive(Clone, Copy)]
enum Sets {
    AsGiven,
    Sorted,
}

impl Sets {
    fn write(self, elements: impl Iterator<Item = String>) -> Value {
        let mut elements: Vec<String> = elements.collect();
        if matches!(self, Self::Sorted) {
            elements.sort_unstable();
        }
        elements.into()
    }
}

fn write(value: &AttributeValue, sets: Sets) -> Result<Value, Error> {
    let (kind, content) = match value {
        AttributeValue::S(text) => ("S", text.clone().into()),
        AttributeValue::N(digits) => ("N", digits.clone().into()),
        AttributeValue::B(bytes) => ("B", BASE64.encode(bytes).into()),
        AttributeValue::Bool(flag) => ("BOOL", (*flag).into()),
        AttributeValue::Null(flag) => ("NULL", (*flag).into()),
        AttributeValue::Ss(texts) => ("SS", sets.write(texts.iter().cloned())),
        AttributeValue::Ns(numbers) => ("NS", sets.write(numbers.iter().cloned())),
        AttributeValue::Bs(blobs) => ("BS", sets.write(blobs.iter().map(|bytes| BASE64.encode(bytes)))),
        AttributeValue::L(values) => ("L", write_list(values, sets).map_err(|error| error.within("L"))?),
        AttributeValue::M(values) => ("M", write_map(values, sets).map_err(|error| error.within("M"))?),
        _ => return Err(Problem::UnknownType.into()),
    };
    Ok(Value::Object(Map::from_iter([(kind.to_owned(), content)])))
}

fn write_list(values: &[AttributeValue], sets: Sets) -> Result<Value, Error> {
    values.iter().enumerate().map(|(index, value)| write(value, sets).map_err(|error| error.at(index))).collect()
}

fn write_map<'a>(
    values: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>,
    sets: Sets,
) -> Result<Value, Error> {
    let member = |(name, value): (&String, &AttributeValue)| {
        write(value, sets).map(|value| (name.clone(), value)).map_err(|error| error.within(name))
    };
    Ok(sorted(values.into_iter().map(member).collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests;
