//! Turns expression trees back into DynamoDB's expression language.
//!
//! Every name becomes a generated placeholder, so reserved words and odd characters need no care, and so does every value.
//! All expressions of one request share one set of placeholders, as DynamoDB wants it.
//!
//! DynamoDB limits the length of the text. What a client's user wrote was within the limit, so this must not be longer:
//! names of one or two letters stand for themselves, what an expression uses most gets the shortest placeholders, and
//! there are blanks only where words would run together.

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
        if stands_for_itself(name) {
            return name.to_owned();
        }
        let placeholder = format!("#{}", code(self.by_name.len()));
        self.names.insert(placeholder.clone(), name.to_owned());
        self.by_name.insert(name.to_owned(), placeholder.clone());
        placeholder
    }

    fn value(&mut self, value: &AttributeValue) -> String {
        let placeholder = format!(":{}", code(self.values.len()));
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }
}

/// Words of the language, and reserved ones, of two letters.
const RESERVED: [&str; 13] = ["AS", "AT", "BY", "DO", "GO", "IF", "IN", "IS", "NO", "OF", "ON", "OR", "TO"];

/// Whether a name is at least as short as any placeholder for it, and may be written as it is.
fn stands_for_itself(name: &str) -> bool {
    let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word && name.len() <= 2 && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// The shortest code that none of the earlier ones starts with: `0` to `Z`, then `00`, `01`, and so on.
fn code(mut number: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut code = Vec::new();
    loop {
        code.push(DIGITS.get(number % 62).map_or('0', |digit| char::from(*digit)));
        if number < 62 {
            return code.into_iter().rev().collect();
        }
        number = number / 62 - 1;
    }
}

/// How often each name and each value occurs below a node.
fn count<'t>(tree: &'t Tree, names: &mut BTreeMap<&'t str, usize>, variables: &mut BTreeMap<usize, usize>) {
    match tree {
        Tree::Apply(_, trees) | Tree::List(trees) => trees.iter().for_each(|tree| count(tree, names, variables)),
        Tree::Variable(position) => *variables.entry(*position).or_default() += 1,
        Tree::Path(path) => {
            for element in &path.0 {
                if let Element::Name(name) = element {
                    *names.entry(name).or_default() += 1;
                }
            }
        }
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
        self.name_by_use();
        render(&mut self, &expression.tree)?;
        Ok(self.text)
    }

    /// Names first what is used most. A value that was not sent is refused where it is used.
    fn name_by_use(&mut self) {
        let (mut names, mut variables) = (BTreeMap::new(), BTreeMap::new());
        count(&self.expression.tree, &mut names, &mut variables);
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
        for (name, _) in names {
            self.placeholders.name(name);
        }
        let mut variables: Vec<_> = variables.into_iter().collect();
        variables.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
        for (position, _) in variables {
            if let Some(value) = self.expression.values.get(position) {
                self.variables.insert(position, self.placeholders.value(value));
            }
        }
    }

    fn condition(&mut self, tree: &Tree) -> Rendered {
        use Operator as Op;
        let Tree::Apply(operator, operands) = tree else {
            return Err(misplaced("a bare operand"));
        };
        match (operator, operands.as_slice()) {
            (Op::And | Op::Or, [left, right]) => {
                self.beside(*operator, left)?;
                self.word(operator.text());
                self.beside(*operator, right)
            }
            (Op::Not, [inner]) => {
                self.word("NOT");
                self.beside(Op::Not, inner)
            }
            (
                Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual,
                [left, right],
            ) => {
                self.operand(left)?;
                self.text.push_str(operator.text());
                self.operand(right)
            }
            (Op::Between, [value, low, high]) => {
                self.operand(value)?;
                self.word("BETWEEN");
                self.operand(low)?;
                self.word("AND");
                self.operand(high)
            }
            (Op::In, [value, Tree::List(choices)]) => {
                self.operand(value)?;
                self.word("IN");
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
        self.open();
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
        self.open();
        for (position, operand) in operands.iter().enumerate() {
            if position > 0 {
                self.text.push(',');
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
                    if lead == "," {
                        self.text.push(',');
                    } else {
                        self.word(lead);
                    }
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
                self.text.push('=');
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
                    self.text.push_str(operator.text());
                    self.operand(right)
                }
                _ => Err(wrong_operands(*operator, operands.len())),
            },
            _ => self.operand(tree),
        }
    }

    /// A word between others.
    fn word(&mut self, word: &str) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '(', ')']) {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.text.push(' ');
    }

    /// A parenthesis, which needs no blank before it.
    fn open(&mut self) {
        if self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('(');
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
        let placeholder = self.variables.get(&position).ok_or_else(|| misplaced("a value that was not sent"))?;
        self.text.push_str(placeholder);
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
