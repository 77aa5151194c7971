//! Update expressions.

use dax_protocol::operator::Operator;

use super::depth::with_room;
use super::parser::{self, Parser};
use super::tree::{Node, encode};
use super::{ExpressionError, ExpressionKind, Placeholders, Result};

type Action<'p, 'a> = fn(&mut Parser<'p, 'a>) -> Result<Node<'a>>;

impl<'a> Placeholders<'a> {
    /// Parses an update expression, and returns its encoded form.
    ///
    /// # Errors
    /// As for [`condition`](Self::condition).
    pub fn update(&mut self, text: &'a str) -> Result<Vec<u8>> {
        self.expressions += 1;
        with_room(text, || parse(text, self))
    }
}

fn parse<'a>(text: &'a str, placeholders: &mut Placeholders<'a>) -> Result<Vec<u8>> {
    let mut parser = Parser::new(ExpressionKind::Update, text, placeholders)?;
    let (mut actions, mut sections) = (Vec::new(), Vec::new());
    while !parser.at_end() {
        section(&mut parser, &mut actions, &mut sections)?;
    }
    encode(&Node::List(actions), &parser.into_values())
}

/// A keyword that was not there before, and its actions.
fn section<'a>(parser: &mut Parser<'_, 'a>, actions: &mut Vec<Node<'a>>, before: &mut Vec<&'static str>) -> Result<()> {
    let sections: [(&'static str, Action<'_, 'a>); 4] =
        [("SET", set), ("REMOVE", remove), ("ADD", add), ("DELETE", delete)];
    let found = sections.into_iter().find(|(keyword, _)| parser.eat_keyword(keyword));
    let (keyword, action) = found.ok_or_else(|| parser.syntax_error())?;
    if before.contains(&keyword) {
        let what = format_args!("The \"{keyword}\" section can only be used once in an update expression;");
        return Err(ExpressionError::invalid(ExpressionKind::Update, what));
    }
    before.push(keyword);
    loop {
        let node = action(parser)?;
        actions.push(node);
        if !parser.eat(",") {
            return Ok(());
        }
    }
}

// Actions are not among the operators that DynamoDB counts: an update may have more than 300.

fn set<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    let path = Node::Path(parser.path()?);
    parser.expect("=")?;
    let value = sum(parser)?.node;
    Ok(Node::Call(Operator::Set, vec![path, value]))
}

fn remove<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    let path = Node::Path(parser.path()?);
    Ok(Node::Call(Operator::Remove, vec![path]))
}

fn add<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    path_and_value(Operator::Add, parser)
}

fn delete<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    path_and_value(Operator::Delete, parser)
}

fn path_and_value<'a>(operator: Operator, parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    let path = Node::Path(parser.path()?);
    let Some(value) = parser.value()? else {
        return Err(parser.syntax_error());
    };
    Ok(Node::Call(operator, vec![path, value]))
}

/// A part of what an attribute is set to.
type Part<'a> = parser::Part<'a, Shape>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Operand,
    /// A call of a function that may not be an operand of an operator or another function.
    Function(&'static str),
    /// A sum or difference, which cannot be an operand of another.
    Sum,
}

/// An operand, or two with a sign between them.
fn sum<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    let left = primary(parser)?;
    if left.shape == Shape::Sum {
        return Ok(left);
    }
    let operator = if parser.eat("+") {
        Operator::Plus
    } else if parser.eat("-") {
        Operator::Minus
    } else {
        return Ok(left);
    };
    let left = as_operand(parser, left)?;
    let right = operand(parser)?;
    Ok(Part::new(parser.call(operator, vec![left, right])?, Shape::Sum))
}

fn primary<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    parser.primary(Shape::Operand, sum, operand, |function| {
        if function.operand { Shape::Operand } else { Shape::Function(function.name) }
    })
}

fn operand<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    let part = primary(parser)?;
    as_operand(parser, part)
}

fn as_operand<'a>(parser: &Parser<'_, 'a>, part: Part<'a>) -> Result<Node<'a>> {
    match part.shape {
        Shape::Operand => Ok(part.node),
        Shape::Function(name) => Err(parser.misplaced(name)),
        Shape::Sum => Err(parser.syntax_error()),
    }
}
