//! The parameters that expressions replaced: `AttributesToGet`, `Expected`, `AttributeUpdates`, `KeyConditions`,
//! `QueryFilter`, `ScanFilter`.
//!
//! They do not exist on the wire: they are rewritten to the same trees that the expressions in their place would give.
//! Attributes are taken in the order of their names, so that equal requests give equal bytes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeAction, AttributeValue, AttributeValueUpdate, ComparisonOperator, Condition, ConditionalOperator,
    ExpectedAttributeValue,
};
use dax_protocol::operator::Operator;

use super::tree::{Element, NamedValue, Node, encode};
use super::{ExpressionError, ExpressionKind, Projection, Result};
use crate::codec::type_name;

/// A tree under construction.
#[derive(Default)]
pub(crate) struct Legacy<'a> {
    values: Vec<NamedValue<'a>>,
}

/// Refuses a request that uses old and new parameters side by side, as DynamoDB does. Each is a name and
/// whether the request has it.
pub(crate) fn refuse_mixture(old: &[(&str, bool)], new: &[(&str, bool)]) -> Result<()> {
    let used = |parameters: &[(&str, bool)]| {
        let names: Vec<String> =
            parameters.iter().filter(|(_, used)| *used).map(|(name, _)| (*name).to_owned()).collect();
        names.join(", ")
    };
    let (old, new) = (used(old), used(new));
    if old.is_empty() || new.is_empty() {
        return Ok(());
    }
    let what = "Can not use both expression and non-expression parameters in the same request";
    Err(ExpressionError::new(format!("{what}: Non-expression parameters: {{{old}}} Expression parameters: {{{new}}}")))
}

impl<'a> Legacy<'a> {
    /// `AttributesToGet` as a projection.
    pub(crate) fn projection(attributes: &[String]) -> Result<Projection> {
        let paths: Vec<_> = attributes.iter().map(|name| vec![Element::Name(name)]).collect();
        Projection::new(&paths)
    }

    /// `Expected` as a condition.
    pub(crate) fn expected(
        expected: &'a HashMap<String, ExpectedAttributeValue>,
        joined_by: Option<&ConditionalOperator>,
    ) -> Result<Vec<u8>> {
        let mut tree = Self::default();
        let conditions = in_order(expected).map(|(name, expected)| tree.expectation(name, expected));
        let conditions = conditions.collect::<Result<Vec<_>>>()?;
        tree.join(conditions, joined_by)
    }

    /// `KeyConditions`, `QueryFilter` or `ScanFilter` as a condition of this kind.
    pub(crate) fn conditions(
        kind: ExpressionKind,
        conditions: &'a HashMap<String, Condition>,
        joined_by: Option<&ConditionalOperator>,
    ) -> Result<Vec<u8>> {
        let mut tree = Self::default();
        let conditions = in_order(conditions).map(|(name, condition)| {
            let values = condition.attribute_value_list();
            check_key_operator(kind, &condition.comparison_operator)?;
            tree.comparison(name, &condition.comparison_operator, values.iter().collect())
        });
        let conditions = conditions.collect::<Result<Vec<_>>>()?;
        tree.join(conditions, joined_by)
    }

    /// `AttributeUpdates` as an update.
    pub(crate) fn updates(updates: &'a HashMap<String, AttributeValueUpdate>) -> Result<Vec<u8>> {
        let mut tree = Self::default();
        let mut sections: [Vec<Node<'a>>; 4] = Default::default();
        for (name, update) in in_order(updates) {
            let (section, operator) = match (update.action.as_ref(), &update.value) {
                (None | Some(AttributeAction::Put), Some(_)) => (0, Operator::Set),
                (Some(AttributeAction::Add), Some(_)) => (1, Operator::Add),
                (Some(AttributeAction::Delete), Some(_)) => (2, Operator::Delete),
                (Some(AttributeAction::Delete), None) => (3, Operator::Remove),
                (_, None) => {
                    let what = "Only DELETE action is allowed when no attribute value is specified";
                    return Err(invalid(format_args!("{what} for Attribute: {name}")));
                }
                (Some(other), _) => {
                    return Err(invalid(format_args!("Unknown Action: {other} for Attribute: {name}")));
                }
            };
            let mut operands = vec![Node::attribute(name)];
            operands.extend(update.value.as_ref().map(|value| tree.value(name, value)));
            if let Some(section) = sections.get_mut(section) {
                section.push(Node::Call(operator, operands));
            }
        }
        encode(&Node::List(sections.into_iter().flatten().collect()), &tree.values)
    }

    fn expectation(&mut self, name: &'a str, expected: &'a ExpectedAttributeValue) -> Result<Node<'a>> {
        let list = expected.attribute_value_list();
        if expected.value.is_some() && !list.is_empty() {
            let what = "Value and AttributeValueList cannot be used together";
            return Err(invalid(format_args!("{what} for Attribute: {name}")));
        }
        if let Some(operator) = &expected.comparison_operator {
            if expected.exists.is_some() {
                let what = "Exists and ComparisonOperator cannot be used together";
                return Err(invalid(format_args!("{what} for Attribute: {name}")));
            }
            let values = expected.value.iter().chain(list).collect();
            return self.comparison(name, operator, values);
        }
        if !list.is_empty() {
            let what = "AttributeValueList can only be used with a ComparisonOperator";
            return Err(invalid(format_args!("{what} for Attribute: {name}")));
        }
        match (expected.exists.unwrap_or(true), &expected.value) {
            (true, Some(value)) => {
                Ok(Node::Call(Operator::Equal, vec![Node::attribute(name), self.value(name, value)]))
            }
            (false, None) => Ok(Node::Call(Operator::AttributeNotExists, vec![Node::attribute(name)])),
            (true, None) => {
                Err(invalid(format_args!("Value must be provided when Exists is true for Attribute: {name}")))
            }
            (false, Some(_)) => {
                Err(invalid(format_args!("Value cannot be used when Exists is false for Attribute: {name}")))
            }
        }
    }

    fn comparison(
        &mut self,
        name: &'a str,
        operator: &ComparisonOperator,
        values: Vec<&'a AttributeValue>,
    ) -> Result<Node<'a>> {
        check_operands(name, operator, &values)?;
        let mut operands = vec![Node::attribute(name)];
        operands.extend(values.into_iter().map(|value| self.value(name, value)));
        Ok(match operator {
            ComparisonOperator::Eq => Node::Call(Operator::Equal, operands),
            ComparisonOperator::Ne => Node::Call(Operator::NotEqual, operands),
            ComparisonOperator::Lt => Node::Call(Operator::Less, operands),
            ComparisonOperator::Le => Node::Call(Operator::LessOrEqual, operands),
            ComparisonOperator::Gt => Node::Call(Operator::Greater, operands),
            ComparisonOperator::Ge => Node::Call(Operator::GreaterOrEqual, operands),
            ComparisonOperator::Between => Node::Call(Operator::Between, operands),
            ComparisonOperator::BeginsWith => Node::Call(Operator::BeginsWith, operands),
            ComparisonOperator::Contains => Node::Call(Operator::Contains, operands),
            ComparisonOperator::NotContains => {
                Node::Call(Operator::Not, vec![Node::Call(Operator::Contains, operands)])
            }
            ComparisonOperator::NotNull => Node::Call(Operator::AttributeExists, operands),
            ComparisonOperator::Null => Node::Call(Operator::AttributeNotExists, operands),
            ComparisonOperator::In => {
                let candidates = operands.split_off(1);
                operands.push(Node::List(candidates));
                Node::Call(Operator::In, operands)
            }
            other => {
                return Err(invalid(format_args!("Unknown ComparisonOperator: {other} for Attribute: {name}")));
            }
        })
    }

    fn value(&mut self, name: &'a str, value: &'a AttributeValue) -> Node<'a> {
        self.values.push((name, value));
        Node::Value(self.values.len() - 1)
    }

    fn join(self, conditions: Vec<Node<'a>>, joined_by: Option<&ConditionalOperator>) -> Result<Vec<u8>> {
        let operator = match joined_by {
            None | Some(ConditionalOperator::And) => Operator::And,
            Some(ConditionalOperator::Or) => Operator::Or,
            Some(other) => {
                return Err(invalid(format_args!("Unknown ConditionalOperator: {other}")));
            }
        };
        let joined = conditions.into_iter().reduce(|left, right| Node::Call(operator, vec![left, right]));
        let joined = joined.ok_or_else(|| invalid("Conditions can not be empty"))?;
        encode(&joined, &self.values)
    }
}

fn in_order<T>(map: &HashMap<String, T>) -> impl Iterator<Item = (&str, &T)> {
    let mut entries: Vec<_> = map.iter().map(|(name, value)| (name.as_str(), value)).collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries.into_iter()
}

fn check_key_operator(kind: ExpressionKind, operator: &ComparisonOperator) -> Result<()> {
    let allowed = kind != ExpressionKind::KeyCondition
        || matches!(
            operator,
            ComparisonOperator::Eq
                | ComparisonOperator::Lt
                | ComparisonOperator::Le
                | ComparisonOperator::Gt
                | ComparisonOperator::Ge
                | ComparisonOperator::Between
                | ComparisonOperator::BeginsWith
        );
    if allowed {
        return Ok(());
    }
    Err(ExpressionError::new(format!("Attempted conditional constraint is not an indexable operation: {operator}")))
}

fn check_operands(name: &str, operator: &ComparisonOperator, values: &[&AttributeValue]) -> Result<()> {
    let fits = match operator {
        ComparisonOperator::Null | ComparisonOperator::NotNull => values.is_empty(),
        ComparisonOperator::Between => values.len() == 2,
        ComparisonOperator::In => !values.is_empty(),
        _ => values.len() == 1,
    };
    if !fits {
        let what = format_args!("Invalid number of argument(s) for the {operator} ComparisonOperator");
        return Err(invalid(format_args!("{what}; Attribute: {name}, arguments: {}", values.len())));
    }
    if matches!(operator, ComparisonOperator::Eq | ComparisonOperator::Ne) {
        return Ok(());
    }
    let scalar =
        |value: &&&AttributeValue| !matches!(value, AttributeValue::S(_) | AttributeValue::N(_) | AttributeValue::B(_));
    match values.iter().find(scalar) {
        None => Ok(()),
        Some(value) => {
            let kind = type_name(value);
            let what = format_args!("ComparisonOperator {operator} is not valid for {kind} AttributeValue type");
            Err(invalid(format_args!("{what}; Attribute: {name}")))
        }
    }
}

fn invalid(what: impl std::fmt::Display) -> ExpressionError {
    ExpressionError::new(format!("One or more parameter values were invalid: {what}"))
}
