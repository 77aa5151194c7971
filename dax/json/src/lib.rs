//! DynamoDB JSON to and from the types of `aws-sdk-dynamodb`.
//!
//! DynamoDB JSON is how requests, responses and items are written on the wire, in exports and for the AWS CLI: every
//! attribute value is an object with one member, whose name is its type. The SDK's types cannot be read from it or
//! written to it. This crate does both, for attribute values, items, and the inputs and outputs of the ten data
//! operations.
//!
//! ```
//! use std::collections::HashMap;
//!
//! use aws_sdk_dynamodb::{operation::get_item::GetItemOutput, types::AttributeValue};
//! use dynamodb_json::{FromJson as _, ToJson as _};
//! use serde_json::json;
//!
//! let item = HashMap::<String, AttributeValue>::from_json(&json!({ "id": { "S": "ann" }, "age": { "N": "30" } }))?;
//! assert_eq!(item["age"], AttributeValue::N("30".to_owned()));
//!
//! let output = GetItemOutput::builder().set_item(Some(item)).build();
//! assert_eq!(output.to_json()?, json!({ "Item": { "id": { "S": "ann" }, "age": { "N": "30" } } }));
//! # Ok::<(), dynamodb_json::Error>(())
//! ```
//!
//! Reading is strict: an unknown field is an [`Error`], which names the path of the field and what was expected there.
//! Fields that are not set are left out of what is written. Numbers are never interpreted: they stay text.

#[macro_use]
mod shape;

mod attribute;
mod error;
mod operation;
mod part;
mod plain;

pub use attribute::canonical;
pub use error::{Error, Problem};
use serde_json::Value;

/// A type of the SDK that can be read from DynamoDB JSON.
pub trait FromJson: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// If the JSON does not describe such a value: the first mistake found, with its path.
    fn from_json(json: &Value) -> Result<Self, Error>;
}

/// A type of the SDK that can be written as DynamoDB JSON.
pub trait ToJson {
    /// Writes a value. The members of objects are in alphabetical order.
    ///
    /// # Errors
    /// If the value contains an attribute value of a type that this version of the SDK does not know.
    fn to_json(&self) -> Result<Value, Error>;

    /// The value as a member of an object; `None` leaves it out.
    #[doc(hidden)]
    fn to_member(&self) -> Result<Option<Value>, Error> {
        self.to_json().map(Some)
    }
}

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
