//! What can be wrong with an input, whatever the operation. The wording is DynamoDB's.

use dax_protocol::Method;

use crate::codec::item::ItemError;
use crate::codec::{EncodeStop, KeyError};
use crate::error::Error;
use crate::expression::ExpressionError;

/// What precedes most messages about values beyond the model, and all about single writes.
const ENVELOPE: &str = "1 validation error detected: ";

/// What is wrong with an input.
#[derive(Debug)]
pub(super) struct Refusal {
    message: String,
    /// Whether a key does not fit the key schema of its table.
    unfit: bool,
}

pub(super) type Checked<T> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), unfit: false }
    }

    /// As [`new`](Self::new), for a key that does not fit its table.
    pub(super) fn unfit(message: impl Into<String>) -> Self {
        Self { message: message.into(), unfit: true }
    }

    /// As DynamoDB reports what is wrong with the request for a single write before it looks at the table.
    pub(super) fn enveloped(self) -> Self {
        if self.unfit || self.message.starts_with(ENVELOPE) || self.message.contains("contains invalid key") {
            return self;
        }
        Self::new(format!("{ENVELOPE}{}", self.message))
    }

    pub(super) fn of(self, method: Method) -> Error {
        Error::validation(method, self.message)
    }

    /// Why a request with something for this table could not be written.
    pub(super) fn at_table(self, table: &str, method: Method) -> EncodeStop {
        match self.unfit {
            true => EncodeStop::Unfit { table: table.to_owned(), error: self.of(method) },
            false => EncodeStop::Invalid(self.of(method)),
        }
    }
}

impl From<ExpressionError> for Refusal {
    fn from(error: ExpressionError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::unfit(error.to_string())
    }
}

impl From<ItemError> for Refusal {
    fn from(error: ItemError) -> Self {
        Self::new(error.to_string())
    }
}

/// A parameter that the operation cannot do without.
pub(super) fn required<'a, T: ?Sized>(parameter: &str, value: Option<&'a T>) -> Checked<&'a T> {
    let what = "parameter is required but was not present in the request";
    value.ok_or_else(|| Refusal::new(format!("The {parameter} {what}")))
}

/// A value beyond those that DynamoDB's model allows.
pub(super) fn out_of_model(value: impl std::fmt::Display, parameter: &str, constraint: &str) -> Refusal {
    Refusal::new(format!("{ENVELOPE}Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"))
}

/// Fails unless between `at_least` and `at_most` elements are there.
pub(super) fn check_count(parameter: &str, count: usize, at_least: usize, at_most: usize) -> Checked<()> {
    let (relation, bound) = match count {
        _ if count < at_least => ("greater", at_least),
        _ if count > at_most => ("less", at_most),
        _ => return Ok(()),
    };
    let constraint = format!("Member must have length {relation} than or equal to {bound}");
    Err(out_of_model(format_args!("[{count} members]"), parameter, &constraint))
}
