//! Turns expression trees back into DynamoDB's expression language.
//!
//! Every name becomes a generated `#n…`, so reserved words and odd characters need no care, and every value a
//! generated `:v…`. All expressions of one request share one set of placeholders, as DynamoDB wants it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::operator::Operator;

use crate::failure::Failure;
use crate::request::expression::{Element, Expression, Path, Tree};

/// The names and values that the expressions of one request refer to.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    names: HashMap<String, String>,
    by_name: BTreeMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    /// `ExpressionAttributeNames`; `None` if there are none.
    pub(crate) fn take_names(&mut self) -> Option<HashMap<String, String>> {
        Some(std::mem::take(&mut self.names)).filter(|names| !names.is_empty())
    }

    /// `ExpressionAttributeValues`; `None` if there are none.
    pub(crate) fn take_values(&mut self) -> Option<HashMap<String, AttributeValue>> {
        Some(std::mem::take(&mut self.values)).filter(|values| !values.is_empty())
    }

    /// Text of a condition, filter or key condition.
    ///
    /// # Errors
    /// A validation failure if the bytes are not a valid tree.
    pub(crate) fn condition(&mut self, expression: &Expression) -> Result<String, Failure> {
        Renderer::new(self, expression).run(|renderer, tree| renderer.condition(tree))
    }

    /// Text of an update.
    ///
    /// # Errors
    /// A validation failure if the bytes are not a valid tree.
    pub(crate) fn update(&mut self, expression: &Expression) -> Result<String, Failure> {
        Renderer::new(self, expression).run(|renderer, tree| renderer.update(tree))
    }

    /// Placeholder of a top-level attribute, or of a key within a map.
    pub(crate) fn name(&mut self, name: &str) -> String {
        if let Some(known) = self.by_name.get(name) {
            return known.clone();
        }
        let placeholder = format!("#n{}", self.by_name.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        self.by_name.insert(name.to_owned(), placeholder.clone());
        placeholder
    }

    fn value(&mut self, value: &AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }
}

/// Writes one expression.
struct Renderer<'a> {
    placeholders: &'a mut Placeholders,
    expression: &'a Expression,
    /// Placeholder of each variable that was used already.
    variables: HashMap<usize, String>,
    text: String,
}

/// The rendered text goes to `self.text`; the error says what does not fit.
type Rendered = Result<(), Failure>;

impl<'a> Renderer<'a> {
    fn new(placeholders: &'a mut Placeholders, expression: &'a Expression) -> Self {
        Self { placeholders, expression, variables: HashMap::new(), text: String::new() }
    }

    fn run(mut self, render: impl FnOnce(&mut Self, &'a Tree) -> Rendered) -> Result<String, Failure> {
        let expression = self.expression;
        render(&mut self, &expression.tree)?;
        Ok(self.text)
    }

    fn condition(&mut self, tree: &Tree) -> Rendered {
        use Operator as Op;
        let Tree::Apply(operator, operands) = tree else {
            return Err(misplaced("a bare operand"));
        };
        match (operator, operands.as_slice()) {
            (Op::And | Op::Or, [left, right]) => {
                self.beside(*operator, left)?;
                self.infix(operator.text());
                self.beside(*operator, right)
            }
            (Op::Not, [inner]) => {
                self.text.push_str("NOT ");
                self.beside(Op::Not, inner)
            }
            (
                Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual,
                [left, right],
            ) => {
                self.operand(left)?;
                self.infix(operator.text());
                self.operand(right)
            }
            (Op::Between, [value, low, high]) => {
                self.operand(value)?;
                self.infix("BETWEEN");
                self.operand(low)?;
                self.infix("AND");
                self.operand(high)
            }
            (Op::In, [value, Tree::List(choices)]) => {
                self.operand(value)?;
                self.infix("IN");
                self.list(choices)
            }
            (Op::AttributeExists | Op::AttributeNotExists, [_])
            | (Op::AttributeType | Op::BeginsWith | Op::Contains, [_, _]) => self.call(*operator, operands),
            _ => Err(wrong_operands(*operator, operands.len())),
        }
    }

    /// An operand of `AND`, `OR` or `NOT`, in parentheses where precedence asks for them. Never doubled ones:
    /// DynamoDB refuses `((a))`.
    fn beside(&mut self, around: Operator, tree: &Tree) -> Rendered {
        let weaker = matches!(
            (around, tree),
            (Operator::Not, Tree::Apply(Operator::And | Operator::Or, _))
                | (Operator::And, Tree::Apply(Operator::Or, _))
        );
        if !weaker {
            return self.condition(tree);
        }
        self.text.push('(');
        self.condition(tree)?;
        self.text.push(')');
        Ok(())
    }

    fn operand(&mut self, tree: &Tree) -> Rendered {
        match tree {
            Tree::Path(path) => self.path(path),
            Tree::Variable(position) => self.variable(*position),
            Tree::Apply(operator @ Operator::Size, operands) if operands.len() == 1 => self.call(*operator, operands),
            Tree::Apply(operator @ (Operator::IfNotExists | Operator::ListAppend), operands) if operands.len() == 2 => {
                self.call(*operator, operands)
            }
            Tree::Apply(operator, operands) => Err(wrong_operands(*operator, operands.len())),
            Tree::List(_) => Err(misplaced("a list")),
        }
    }

    fn call(&mut self, function: Operator, arguments: &[Tree]) -> Rendered {
        self.text.push_str(function.text());
        self.list(arguments)
    }

    fn list(&mut self, operands: &[Tree]) -> Rendered {
        self.text.push('(');
        for (position, operand) in operands.iter().enumerate() {
            if position > 0 {
                self.text.push_str(", ");
            }
            self.operand(operand)?;
        }
        self.text.push(')');
        Ok(())
    }

    fn update(&mut self, tree: &Tree) -> Rendered {
        let Tree::List(actions) = tree else {
            return Err(misplaced("no list of actions"));
        };
        for section in [Operator::Set, Operator::Remove, Operator::Add, Operator::Delete] {
            let mut lead = section.text();
            for action in actions {
                let Tree::Apply(operator, operands) = action else {
                    return Err(misplaced("no action"));
                };
                if *operator == section {
                    if lead != "," && !self.text.is_empty() {
                        self.text.push(' ');
                    }
                    self.text.push_str(lead);
                    self.text.push(' ');
                    self.action(section, operands)?;
                    lead = ",";
                } else if !matches!(operator, Operator::Set | Operator::Remove | Operator::Add | Operator::Delete) {
                    return Err(misplaced(operator.text()));
                }
            }
        }
        if self.text.is_empty() {
            return Err(Failure::validation("Invalid UpdateExpression: The expression can not be empty;"));
        }
        Ok(())
    }

    fn action(&mut self, section: Operator, operands: &[Tree]) -> Rendered {
        match (section, operands) {
            (Operator::Set, [Tree::Path(path), value]) => {
                self.path(path)?;
                self.infix("=");
                self.sum(value)
            }
            (Operator::Add | Operator::Delete, [Tree::Path(path), Tree::Variable(position)]) => {
                self.path(path)?;
                self.text.push(' ');
                self.variable(*position)
            }
            (Operator::Remove, [Tree::Path(path)]) => self.path(path),
            _ => Err(wrong_operands(section, operands.len())),
        }
    }

    /// The right side of `SET`: an operand, or two with `+` or `-` between.
    fn sum(&mut self, tree: &Tree) -> Rendered {
        match tree {
            Tree::Apply(operator @ (Operator::Plus | Operator::Minus), operands) => match operands.as_slice() {
                [left, right] => {
                    self.operand(left)?;
                    self.infix(operator.text());
                    self.operand(right)
                }
                _ => Err(wrong_operands(*operator, operands.len())),
            },
            _ => self.operand(tree),
        }
    }

    fn infix(&mut self, text: &str) {
        self.text.push(' ');
        self.text.push_str(text);
        self.text.push(' ');
    }

    fn path(&mut self, path: &Path) -> Rendered {
        if path.attribute().is_none() {
            return Err(misplaced("a path that does not start with a name"));
        }
        for (position, element) in path.0.iter().enumerate() {
            match element {
                Element::Name(name) => {
                    if position > 0 {
                        self.text.push('.');
                    }
                    let placeholder = self.placeholders.name(name);
                    self.text.push_str(&placeholder);
                }
                // Writing to a string does not fail.
                Element::Index(index) => _ = write!(self.text, "[{index}]"),
            }
        }
        Ok(())
    }

    fn variable(&mut self, position: usize) -> Rendered {
        if !self.variables.contains_key(&position) {
            let value = self.expression.values.get(position).ok_or_else(|| misplaced("a value that was not sent"))?;
            let placeholder = self.placeholders.value(value);
            self.variables.insert(position, placeholder);
        }
        self.text.push_str(self.variables.get(&position).map_or("", String::as_str));
        Ok(())
    }
}

fn misplaced(what: &str) -> Failure {
    Failure::validation(format!("Invalid expression: {what} in the wrong place"))
}

fn wrong_operands(operator: Operator, count: usize) -> Failure {
    Failure::validation(format!(
        "Invalid expression: Incorrect number of operands, or an operand of the wrong kind, for operator or function; \
         operator or function: {}, number of operands: {count}",
        operator.text()
    ))
}

#[cfg(test)]
mod tests;
