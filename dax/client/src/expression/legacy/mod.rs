//! The parameters that expressions replaced: `AttributesToGet`, `Expected`, `AttributeUpdates`, `KeyConditions`,
//! `QueryFilter`, `ScanFilter`.
//!
//! They do not exist on the wire: they are rewritten to the same trees that the expressions in their place would give.
//! Attributes are taken in the order of their names, so that equal requests give equal bytes.

mod check;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeAction, AttributeValue, AttributeValueUpdate, ComparisonOperator, Condition, ConditionalOperator,
    ExpectedAttributeValue,
};
use dax_protocol::operator::Operator;

use super::tree::{Element, NamedValue, Node, encode};
use super::{ExpressionError, ExpressionKind, MAX_OPERATORS, Projection, Result};

pub(crate) use check::joined_by as check_joined_by;

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
        check::attributes(attributes)?;
        let paths: Vec<_> = attributes.iter().map(|name| vec![Element::Name(name)]).collect();
        Projection::new(&paths)
    }

    /// `Expected` as a condition.
    pub(crate) fn expected(
        expected: &'a HashMap<String, ExpectedAttributeValue>,
        joined_by: Option<&ConditionalOperator>,
    ) -> Result<Vec<u8>> {
        check::joined_by(joined_by, expected.len())?;
        check::names(expected.keys())?;
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
        check::joined_by(joined_by, conditions.len())?;
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
        check::names(updates.keys())?;
        let mut tree = Self::default();
        let mut sections: [Vec<Node<'a>>; 4] = Default::default();
        for (name, update) in in_order(updates) {
            check::action(update)?;
            let (section, operator) = match (update.action.as_ref(), &update.value) {
                (None | Some(AttributeAction::Put), Some(_)) => (0, Operator::Set),
                (Some(AttributeAction::Add), Some(_)) => (1, Operator::Add),
                (Some(AttributeAction::Delete), Some(_)) => (2, Operator::Delete),
                (Some(AttributeAction::Delete), None) => (3, Operator::Remove),
                (_, None) => {
                    return Err(invalid("Only DELETE action is allowed when no attribute value is specified"));
                }
                (Some(_), _) => {
                    let what = "1 validation error detected: Member must satisfy enum value set: [ADD, DELETE, PUT] for Action";
                    return Err(ExpressionError::new(what));
                }
            };
            if let (Operator::Add, Some(value @ AttributeValue::L(_))) = (operator, &update.value) {
                sections[0].push(tree.extension(name, value));
                continue;
            }
            let mut operands = vec![Node::attribute(name)];
            operands.extend(update.value.as_ref().map(|value| tree.value(name, value)));
            if let Some(section) = sections.get_mut(section) {
                section.push(Node::Call(operator, operands));
            }
        }
        encode(&Node::List(sections.into_iter().flatten().collect()), &tree.values)
    }

    /// Elements at the end of a list, which `ADD` takes here and in no expression: the list, or if there is none an empty
    /// one, is set to itself and these.
    fn extension(&mut self, name: &'a str, elements: &'a AttributeValue) -> Node<'a> {
        static NO_ELEMENTS: AttributeValue = AttributeValue::L(Vec::new());
        let path = || Node::attribute(name);
        let list = Node::Call(Operator::IfNotExists, vec![path(), self.value(name, &NO_ELEMENTS)]);
        let extended = Node::Call(Operator::ListAppend, vec![list, self.value(name, elements)]);
        Node::Call(Operator::Set, vec![path(), extended])
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
            if expected.value.is_none() && expected.attribute_value_list.is_none() && check::takes_values(operator) {
                let what = "Value or AttributeValueList must be used with ComparisonOperator";
                return Err(invalid(format_args!("{what}: {operator} for Attribute: {name}")));
            }
            let values = expected.value.iter().chain(list).collect();
            return self.comparison(name, operator, values);
        }
        if !list.is_empty() {
            let what = "AttributeValueList can only be used with a ComparisonOperator";
            return Err(invalid(format_args!("{what} for Attribute: {name}")));
        }
        if expected.exists.is_none() && expected.value.is_none() {
            return Err(invalid(format_args!("Value must be provided when Exists is null for Attribute: {name}")));
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
        check::operands(operator, &values)?;
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
            _ => return Err(invalid(check::UNKNOWN_OPERATOR)),
        })
    }

    fn value(&mut self, name: &'a str, value: &'a AttributeValue) -> Node<'a> {
        self.values.push((name, value));
        Node::Value(self.values.len() - 1)
    }

    fn join(self, conditions: Vec<Node<'a>>, joined_by: Option<&ConditionalOperator>) -> Result<Vec<u8>> {
        let operator = match joined_by {
            Some(ConditionalOperator::Or) => Operator::Or,
            _ => Operator::And,
        };
        // Each is an operator, and there is one between two. The tree is as deep as there are conditions.
        if conditions.len() > MAX_OPERATORS {
            let count = 2 * conditions.len() - 1;
            let what = "The expression contains too many operators; operator count";
            return Err(ExpressionError::new(format!("{what}: {count}")));
        }
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
        || !check::is_known(operator)
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

fn invalid(what: impl std::fmt::Display) -> ExpressionError {
    ExpressionError::new(format!("One or more parameter values were invalid: {what}"))
}
