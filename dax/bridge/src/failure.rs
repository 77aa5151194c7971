//! Errors as DynamoDB writes them.

use std::any::Any;
use std::error::Error;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use dynamodb_json::{Problem, ToJson as _};
use http::StatusCode;
use serde_json::{Value, json};

/// The error of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// Name of the exception.
    code: String,
    message: String,
    /// Why a transaction was cancelled, by element.
    reasons: Option<Value>,
}

impl Failure {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), reasons: None }
    }

    /// A request that cannot be read.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// No answer, or one that cannot be understood. As with DynamoDB's own answers with this status, a write may or may
    /// not have taken place.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        Self::new("InternalServerError", with_causes(error))
    }

    /// The error of an operation.
    pub(crate) fn of<E: ProvideErrorMetadata + Error + 'static>(error: &E) -> Self {
        let Some(code) = error.code() else {
            return Self::internal(error);
        };
        let mut failure = Self::new(code, error.message().unwrap_or_default());
        failure.reasons = reasons(error).and_then(|reasons| reasons.to_json().ok());
        failure
    }

    /// A request that is JSON, but not the input of its operation.
    pub(crate) fn unreadable(error: &dynamodb_json::Error) -> Self {
        match error.problem() {
            Problem::UnknownType => {
                let what = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
                Self::new("ValidationException", what)
            }
            Problem::Mismatch { expected, found: "an object" } if expected.contains("attribute value") => {
                let what = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the \
                            supported datatypes";
                Self::new("ValidationException", what)
            }
            Problem::Missing => {
                let what = "failed to satisfy constraint: Member must not be null";
                let place = camel_case(error.path());
                Self::new("ValidationException", format!("1 validation error detected: Value null at '{place}' {what}"))
            }
            _ => Self::serialization(error.to_string()),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.code.as_str() {
            "InternalServerError" | "InternalFailure" | "ServiceUnavailable" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let namespace = match self.code.as_str() {
            "ValidationException" => "com.amazon.coral.validate",
            "SerializationException" | "UnknownOperationException" => "com.amazon.coral.service",
            "ThrottlingException" => "com.amazon.coral.availability",
            _ => "com.amazonaws.dynamodb.v20120810",
        };
        let kind = format!("{namespace}#{}", self.code);
        match &self.reasons {
            None if self.message.is_empty() => json!({ "__type": kind }),
            Some(reasons) => json!({ "__type": kind, "Message": self.message, "CancellationReasons": reasons }),
            None if self.code == "SerializationException" => json!({ "__type": kind, "Message": self.message }),
            None => json!({ "__type": kind, "message": self.message }),
        }
    }
}

fn reasons(error: &dyn Any) -> Option<&[CancellationReason]> {
    if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.downcast_ref() {
        return Some(cancelled.cancellation_reasons());
    }
    match error.downcast_ref() {
        Some(TransactGetItemsError::TransactionCanceledException(cancelled)) => Some(cancelled.cancellation_reasons()),
        _ => None,
    }
}

/// The error and what caused it, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A path of members as DynamoDB's model spells it.
fn camel_case(path: &str) -> String {
    let member = |name: &str| {
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    };
    path.split('.').map(member).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::put_item::PutItemInput;
    use dynamodb_json::FromJson as _;

    use super::*;

    #[test]
    fn an_error_is_written_as_dynamodb_does() {
        let check = |code, status, json: Value| {
            let failure = Failure::new(code, "why");
            assert_eq!((failure.status().as_u16(), failure.to_json()), (status, json));
        };
        let of = |namespace: &str, member: &str| json!({ "__type": namespace, member: "why" });
        check("ValidationException", 400, of("com.amazon.coral.validate#ValidationException", "message"));
        check("SerializationException", 400, of("com.amazon.coral.service#SerializationException", "Message"));
        let ours = "com.amazonaws.dynamodb.v20120810";
        check("ResourceNotFoundException", 400, of(&format!("{ours}#ResourceNotFoundException"), "message"));
        let silent = json!({ "__type": "com.amazon.coral.service#SerializationException" });
        assert_eq!(Failure::serialization("").to_json(), silent);
        check("InternalServerError", 500, of(&format!("{ours}#InternalServerError"), "message"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_never_dropped() {
        let check = |input: Value, code: &str, message: &str| {
            let failure = Failure::unreadable(&PutItemInput::from_json(&input).unwrap_err());
            assert_eq!(failure.code, code, "{failure:?}");
            assert!(failure.message.contains(message), "{failure:?}");
        };
        check(json!({ "Itme": {} }), "SerializationException", "Itme: unknown field");
        check(json!({ "TableName": 3 }), "SerializationException", "TableName: expected a string");
        check(json!({ "Item": { "a": { "S": 3 } } }), "SerializationException", "Item.a.S");
        check(json!({ "Item": { "a": { "B": "?" } } }), "SerializationException", "not base64");
        check(json!({ "Item": { "a": { "X": "b" } } }), "ValidationException", "is empty");
        check(json!({ "Item": { "a": { "S": "b", "N": "1" } } }), "ValidationException", "more than one datatypes");
    }
}
