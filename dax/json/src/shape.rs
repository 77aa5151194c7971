//! Structures of the SDK as JSON objects: one table of fields for both directions.

use serde_json::{Map, Value};

use crate::{
    FromJson, ToJson,
    error::{Error, Problem},
};

/// An object whose members all have known names.
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(json: &'a Value, known: &[&str]) -> Result<Self, Error> {
        let members = json.as_object().ok_or_else(|| Error::mismatch("an object", json))?;
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(Error::from(Problem::UnknownField).within(unknown)),
            None => Ok(Self(members)),
        }
    }

    /// A member that may be absent. `null` is absent.
    pub(crate) fn optional<T: FromJson>(&self, name: &str) -> Result<Option<T>, Error> {
        let member = self.0.get(name).filter(|member| !member.is_null());
        member.map(T::from_json).transpose().map_err(|error| error.within(name))
    }

    /// A member that the SDK's type cannot be without.
    pub(crate) fn required<T: FromJson>(&self, name: &str) -> Result<Option<T>, Error> {
        match self.optional(name)? {
            None => Err(Error::from(Problem::Missing).within(name)),
            present => Ok(present),
        }
    }
}

/// An object that is being written.
#[derive(Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn add(&mut self, name: &str, value: &impl ToJson) -> Result<(), Error> {
        if let Some(member) = value.to_member().map_err(|error| error.within(name))? {
            self.0.insert(name.to_owned(), member);
        }
        Ok(())
    }

    /// The members in alphabetical order, whether or not `serde_json` keeps the order of insertion.
    pub(crate) fn finish(self) -> Value {
        sorted(self.0)
    }
}

pub(crate) fn sorted(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Value::Object(members.into_iter().collect())
}

/// Implements both directions for structures: JSON name, presence, field and setter of each member. `complete` marks a
/// builder that checks for required members, which `required` has already done.
macro_rules! shapes {
    ($($shape:ident $($complete:ident)? {
        $($name:literal $presence:ident $field:ident $setter:ident,)+
    })+) => { $(
        impl $crate::FromJson for $shape {
            fn from_json(json: &serde_json::Value) -> Result<Self, $crate::Error> {
                let fields = $crate::shape::Fields::of(json, &[$($name),+])?;
                let built = Self::builder()$(.$setter(fields.$presence($name)?))+.build();
                shapes!(@built built $($complete)?)
            }
        }

        impl $crate::ToJson for $shape {
            fn to_json(&self) -> Result<serde_json::Value, $crate::Error> {
                let mut object = $crate::shape::Object::default();
                $(object.add($name, &self.$field)?;)+
                Ok(object.finish())
            }
        }
    )+ };
    (@built $built:ident) => { Ok($built) };
    (@built $built:ident complete) => { $built.map_err(|_| $crate::Problem::Missing.into()) };
}

/// Implements both directions for enumerations, which take any text.
macro_rules! choices {
    ($($choice:ident)+) => { $(
        impl $crate::FromJson for $choice {
            fn from_json(json: &serde_json::Value) -> Result<Self, $crate::Error> {
                json.as_str().map(Self::from).ok_or_else(|| $crate::Error::mismatch("a string", json))
            }
        }

        impl $crate::ToJson for $choice {
            fn to_json(&self) -> Result<serde_json::Value, $crate::Error> {
                Ok(self.as_str().into())
            }
        }
    )+ };
}
