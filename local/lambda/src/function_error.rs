//! A failed invocation as its caller sees it.

use bytes::Bytes;
use serde_json::json;

/// A failure of a function, as its caller sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FunctionError {
    /// `Runtime.ExitError`, `Function.Unknown` and so on.
    pub(crate) kind: String,
    /// JSON with `errorType` and `errorMessage`.
    pub(crate) payload: Bytes,
}

impl FunctionError {
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        let payload = json!({ "errorType": kind, "errorMessage": message });
        Self { kind: kind.to_owned(), payload: Bytes::from(payload.to_string()) }
    }
}
