//! What the parameters from before there were expressions may hold. The wording is DynamoDB's.

use std::cmp::Ordering;
use std::mem::discriminant;

use aws_sdk_dynamodb::types::{
    AttributeAction, AttributeValue, AttributeValueUpdate, ComparisonOperator, ConditionalOperator,
};
use dax_protocol::number::{Decimal, write_lex};

use super::super::{EMPTY_NAME, ExpressionError, Result};
use super::invalid;
use crate::codec::type_name;

/// Operators are written in capitals; `eq` is none.
pub(super) const UNKNOWN_OPERATOR: &str = "Invalid comparison operator";

/// `AttributesToGet`: at least one name, and each only once.
pub(super) fn attributes(attributes: &[String]) -> Result<()> {
    if attributes.is_empty() {
        let what = "Value '[]' at 'attributesToGet' failed to satisfy constraint";
        let constraint = "Member must have length greater than or equal to 1";
        return Err(ExpressionError::new(format!("1 validation error detected: {what}: {constraint}")));
    }
    names(attributes)?;
    let twice =
        attributes.iter().enumerate().find(|(at, name)| attributes.iter().take(*at).any(|before| before == *name));
    match twice {
        None => Ok(()),
        Some((_, name)) => Err(invalid(format_args!("Duplicate value in attribute name: {name}"))),
    }
}

/// Names of attributes.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<()> {
    if names.into_iter().any(String::is_empty) { Err(ExpressionError::new(EMPTY_NAME)) } else { Ok(()) }
}

/// `ConditionalOperator`, which joins this many conditions.
pub(crate) fn joined_by(operator: Option<&ConditionalOperator>, conditions: usize) -> Result<()> {
    let what = match (operator, conditions) {
        (None, _) => return Ok(()),
        (Some(_), 0) => "ConditionalOperator cannot be used without Filter or Expected".to_owned(),
        (Some(_), 1) => {
            "ConditionalOperator can only be used when Filter or Expected has two or more elements".to_owned()
        }
        (Some(ConditionalOperator::And | ConditionalOperator::Or), _) => return Ok(()),
        (Some(other), _) => format!(
            "1 validation error detected: Value '{other}' at 'conditionalOperator' failed to satisfy constraint: Member \
             must satisfy enum value set: [OR, AND]"
        ),
    };
    Err(ExpressionError::new(what))
}

/// The action of one of the `AttributeUpdates`, and the type of its value.
pub(super) fn action(update: &AttributeValueUpdate) -> Result<()> {
    use AttributeValue::{Bs, L, N, Ns, Ss};
    let Some(value) = &update.value else { return Ok(()) };
    let what = match (&update.action, value) {
        (Some(AttributeAction::Add), N(_) | Ss(_) | Ns(_) | Bs(_) | L(_)) => return Ok(()),
        (Some(AttributeAction::Add), _) => "ADD action is not supported",
        (Some(AttributeAction::Delete), Ss(_) | Ns(_) | Bs(_)) => return Ok(()),
        (Some(AttributeAction::Delete), _) => "DELETE action with value is not supported",
        _ => return Ok(()),
    };
    Err(invalid(format_args!("{what} for the type {}", type_name(value))))
}

/// Whether the operator is one of DynamoDB's.
pub(super) fn is_known(operator: &ComparisonOperator) -> bool {
    ComparisonOperator::values().contains(&operator.as_str())
}

/// Whether the operator compares with values.
pub(super) fn takes_values(operator: &ComparisonOperator) -> bool {
    is_known(operator) && !matches!(operator, ComparisonOperator::Null | ComparisonOperator::NotNull)
}

/// The values that an operator compares an attribute with.
pub(super) fn operands(operator: &ComparisonOperator, values: &[&AttributeValue]) -> Result<()> {
    if !is_known(operator) {
        return Err(invalid(UNKNOWN_OPERATOR));
    }
    let fits = match operator {
        ComparisonOperator::Null | ComparisonOperator::NotNull => values.is_empty(),
        ComparisonOperator::Between => values.len() == 2,
        ComparisonOperator::In => !values.is_empty(),
        _ => values.len() == 1,
    };
    if !fits {
        return Err(invalid(format_args!("Invalid number of argument(s) for the {operator} ComparisonOperator")));
    }
    if let Some(value) = values.iter().find(|value| !takes(operator, value)) {
        let kind = type_name(value);
        return Err(invalid(format_args!("ComparisonOperator {operator} is not valid for {kind} AttributeValue type")));
    }
    if values.windows(2).any(|pair| matches!(pair, [one, other] if discriminant(*one) != discriminant(*other))) {
        return Err(invalid("AttributeValues inside AttributeValueList must be of same type"));
    }
    match values {
        [low, high] if *operator == ComparisonOperator::Between && order(low, high) == Ordering::Greater => {
            let what =
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound";
            Err(ExpressionError::new(what))
        }
        _ => Ok(()),
    }
}

fn takes(operator: &ComparisonOperator, value: &AttributeValue) -> bool {
    use AttributeValue::{B, Bool, N, Null, S};
    match operator {
        ComparisonOperator::Eq | ComparisonOperator::Ne => true,
        ComparisonOperator::BeginsWith => matches!(value, S(_) | B(_)),
        ComparisonOperator::Contains | ComparisonOperator::NotContains => {
            matches!(value, S(_) | N(_) | B(_) | Bool(_) | Null(_))
        }
        _ => matches!(value, S(_) | N(_) | B(_)),
    }
}

/// The order of two scalars of one type. What is no number has none; it is refused when it is written.
fn order(one: &AttributeValue, other: &AttributeValue) -> Ordering {
    let ordered = |text: &str| {
        let number: Decimal = text.parse().ok()?;
        let mut bytes = Vec::new();
        write_lex(&number, &mut bytes);
        Some(bytes)
    };
    match (one, other) {
        (AttributeValue::S(one), AttributeValue::S(other)) => one.cmp(other),
        (AttributeValue::B(one), AttributeValue::B(other)) => one.as_ref().cmp(other.as_ref()),
        (AttributeValue::N(one), AttributeValue::N(other)) => match (ordered(one), ordered(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => Ordering::Equal,
        },
        _ => Ordering::Equal,
    }
}
