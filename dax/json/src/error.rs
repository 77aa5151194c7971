//! Mistakes, with the place where they are.

use base64::DecodeError;
use serde_json::Value;
use thiserror::Error;

/// Why JSON is not the value that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    path: String,
    problem: Problem,
}

/// A mistake, without its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The JSON value is of another type, or of another shape.
    #[error("expected {expected}, found {found}")]
    Mismatch {
        /// What belongs there, with its article: `a string`.
        expected: &'static str,
        /// What is there instead.
        found: &'static str,
    },
    /// The object has a member that does not belong there.
    #[error("unknown field")]
    UnknownField,
    /// The object lacks a member that it must have.
    #[error("missing")]
    Missing,
    /// An attribute value has a type that does not exist, or that this version of the SDK does not know.
    #[error("unknown attribute type")]
    UnknownType,
    /// A binary value is not base64.
    #[error("not base64")]
    Base64(#[source] DecodeError),
}

impl Error {
    /// Where the mistake is: `TransactItems[1].Put.Item.pk.S`. Empty if it is the outermost value.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the mistake is.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    pub(crate) fn mismatch(expected: &'static str, json: &Value) -> Self {
        let found = match json {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(members) if members.len() == 1 => "an object with one member",
            Value::Object(_) => "an object",
        };
        Problem::Mismatch { expected, found }.into()
    }

    /// The same mistake, seen from the object that contains it as this member.
    pub(crate) fn within(mut self, member: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{member}{separator}{}", self.path);
        self
    }

    /// The same mistake, seen from the array that contains it.
    pub(crate) fn at(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { path: String::new(), problem }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_from_the_outside_in() {
        let error = Error::from(Problem::Missing).within("S").at(2).at(0).within("L").within("Item");
        assert_eq!(error.to_string(), "Item.L[0][2].S: missing");
        assert_eq!(Error::from(Problem::UnknownType).to_string(), "unknown attribute type");
    }
}
