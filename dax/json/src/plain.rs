//! Texts, numbers of the API (not of attributes), lists and maps.

use std::collections::HashMap;

use serde_json::Value;

use crate::{FromJson, ToJson, error::Error, shape::sorted};

macro_rules! plain {
    ($($plain:ty: $read:expr, $expected:literal;)+) => { $(
        impl FromJson for $plain {
            fn from_json(json: &Value) -> Result<Self, Error> {
                let read: fn(&Value) -> Option<$plain> = $read;
                read(json).ok_or_else(|| Error::mismatch($expected, json))
            }
        }

        impl ToJson for $plain {
            fn to_json(&self) -> Result<Value, Error> {
                Ok(Value::from(self.clone()))
            }
        }
    )+ };
}

plain! {
    String: |json| json.as_str().map(str::to_owned), "a string";
    bool: Value::as_bool, "a boolean";
    i32: |json| json.as_i64().and_then(|number| number.try_into().ok()), "an integer of 32 bits";
    f64: Value::as_f64, "a number";
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Result<Value, Error> {
        self.as_ref().map_or(Ok(Value::Null), T::to_json)
    }

    fn to_member(&self) -> Result<Option<Value>, Error> {
        self.as_ref().map(T::to_json).transpose()
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Value) -> Result<Self, Error> {
        let elements = json.as_array().ok_or_else(|| Error::mismatch("an array", json))?;
        let read = |(index, element)| T::from_json(element).map_err(|error| error.at(index));
        elements.iter().enumerate().map(read).collect()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Result<Value, Error> {
        self.as_slice().to_json()
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Result<Value, Error> {
        let written = |(index, element): (usize, &T)| element.to_json().map_err(|error| error.at(index));
        self.iter().enumerate().map(written).collect()
    }
}

impl<T: FromJson> FromJson for HashMap<String, T> {
    fn from_json(json: &Value) -> Result<Self, Error> {
        let members = json.as_object().ok_or_else(|| Error::mismatch("an object", json))?;
        let read = |(name, member): (&String, &Value)| {
            T::from_json(member).map(|member| (name.clone(), member)).map_err(|error| error.within(name))
        };
        members.iter().map(read).collect()
    }
}

impl<T: ToJson> ToJson for HashMap<String, T> {
    fn to_json(&self) -> Result<Value, Error> {
        let written = |(name, member): (&String, &T)| {
            member.to_json().map(|member| (name.clone(), member)).map_err(|error| error.within(name))
        };
        Ok(sorted(self.iter().map(written).collect::<Result<Vec<_>, _>>()?))
    }
}
