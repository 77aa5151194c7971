//! Values of properties, in the types that their readers need.

use serde_json::Value;

use crate::TemplateError;
use crate::evaluator::{Evaluator, referenced};

/// The type of a Lambda function.
pub(crate) const FUNCTION: &str = "AWS::Lambda::Function";

/// Follows a function's alias or version to the function itself.
pub(crate) fn function_of(stack: &Evaluator<'_>, from: &str, text: &str) -> Result<String, TemplateError> {
    let missing = || TemplateError::Reference { from: from.to_owned(), to: text.to_owned(), expected: FUNCTION };
    let id = referenced(text).ok_or_else(missing)?;
    match stack.resource(id)?.ok_or_else(missing)? {
        (FUNCTION, _) => Ok(id.to_owned()),
        ("AWS::Lambda::Alias" | "AWS::Lambda::Version", properties) => {
            let name = string(stack, id, properties, "FunctionName")?;
            match referenced(&name) {
                Some(target) if stack.resource(target)?.is_some_and(|(kind, _)| kind == FUNCTION) => {
                    Ok(target.to_owned())
                }
                _ => Err(missing()),
            }
        }
        _ => Err(missing()),
    }
}

pub(crate) fn string(
    stack: &Evaluator<'_>,
    resource: &str,
    properties: &Value,
    property: &'static str,
) -> Result<String, TemplateError> {
    match stack.property(properties, property)? {
        Some(Value::String(text)) => Ok(text),
        other => Err(mismatch(resource, property, other, "a string")),
    }
}

/// A whole number, which templates may also write as a string.
pub(crate) fn number(
    stack: &Evaluator<'_>,
    resource: &str,
    properties: &Value,
    property: &'static str,
) -> Result<Option<u64>, TemplateError> {
    let value = stack.property(properties, property)?;
    let number = match &value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
    };
    number.map(Some).ok_or_else(|| mismatch(resource, property, value, "a whole number"))
}

fn mismatch(resource: &str, property: &'static str, found: Option<Value>, expected: &'static str) -> TemplateError {
    TemplateError::Property {
        resource: resource.to_owned(),
        property,
        found: found.map_or_else(|| "absent".to_owned(), |value| value.to_string()),
        expected,
    }
}
