//! Conditions: of writes, of keys, and filters.

use dax_protocol::operator::Operator;

use super::depth::with_room;
use super::lexer::TokenKind;
use super::parser::{self, Parser};
use super::tree::{Node, encode};
use super::{ExpressionKind, Placeholders, Result};

/// A part of a condition.
type Part<'a> = parser::Part<'a, Shape>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Is true or false.
    Condition,
    /// Is true or false, and a call of this function.
    Predicate(&'static str),
    /// Has a value.
    Operand,
    /// Has a value, and is a call of this function.
    Function(&'static str),
}

impl<'a> Placeholders<'a> {
    /// Parses a condition, key condition or filter, and returns its encoded form.
    ///
    /// # Errors
    /// If it is wrong, or refers to what is not defined.
    pub fn condition(&mut self, kind: ExpressionKind, text: &'a str) -> Result<Vec<u8>> {
        self.expressions += 1;
        with_room(text, || parse(kind, text, self))
    }
}

fn parse<'a>(kind: ExpressionKind, text: &'a str, placeholders: &mut Placeholders<'a>) -> Result<Vec<u8>> {
    let mut parser = Parser::new(kind, text, placeholders)?;
    let whole = disjunction(&mut parser)?;
    let tree = as_condition(&parser, whole)?;
    parser.end()?;
    encode(&tree, &parser.into_values())
}

fn disjunction<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    chain(parser, "OR", Operator::Or, conjunction)
}

fn conjunction<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    chain(parser, "AND", Operator::And, negation)
}

/// Conditions joined by one keyword; the tree leans left.
fn chain<'a>(
    parser: &mut Parser<'_, 'a>,
    keyword: &str,
    operator: Operator,
    part: fn(&mut Parser<'_, 'a>) -> Result<Part<'a>>,
) -> Result<Part<'a>> {
    let mut left = part(parser)?;
    while parser.at_keyword(keyword) {
        let first = as_condition(parser, left)?;
        parser.advance();
        let second = part(parser)?;
        let second = as_condition(parser, second)?;
        left = condition(parser.call(operator, vec![first, second])?);
    }
    Ok(left)
}

fn negation<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    if !parser.eat_keyword("NOT") {
        return comparison(parser);
    }
    let inner = parser.nested(negation)?;
    let inner = as_condition(parser, inner)?;
    Ok(condition(parser.call(Operator::Not, vec![inner])?))
}

fn comparison<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    let left = primary(parser)?;
    let node = if let Some(operator) = comparator(parser.current.kind) {
        let left = as_operand(parser, left)?;
        parser.advance();
        let right = operand(parser)?;
        parser.call(operator, vec![left, right])?
    } else if parser.at_keyword("BETWEEN") {
        let left = as_operand(parser, left)?;
        parser.advance();
        let low = operand(parser)?;
        if !parser.eat_keyword("AND") {
            return Err(parser.syntax_error());
        }
        let high = operand(parser)?;
        parser.call(Operator::Between, vec![left, low, high])?
    } else if parser.at_keyword("IN") {
        let left = as_operand(parser, left)?;
        parser.advance();
        let candidates = candidates(parser)?;
        parser.call(Operator::In, vec![left, Node::List(candidates)])?
    } else {
        return Ok(left);
    };
    Ok(condition(node))
}

const fn comparator(token: TokenKind<'_>) -> Option<Operator> {
    let TokenKind::Symbol(symbol) = token else {
        return None;
    };
    Some(match symbol.as_bytes() {
        b"=" => Operator::Equal,
        b"<>" => Operator::NotEqual,
        b"<" => Operator::Less,
        b"<=" => Operator::LessOrEqual,
        b">" => Operator::Greater,
        b">=" => Operator::GreaterOrEqual,
        _ => return None,
    })
}

fn candidates<'a>(parser: &mut Parser<'_, 'a>) -> Result<Vec<Node<'a>>> {
    parser.expect("(")?;
    let mut candidates = vec![operand(parser)?];
    while parser.eat(",") {
        candidates.push(operand(parser)?);
    }
    parser.expect(")")?;
    Ok(candidates)
}

/// A parenthesised condition or operand, a function, a value or a path.
fn primary<'a>(parser: &mut Parser<'_, 'a>) -> Result<Part<'a>> {
    parser.primary(Shape::Operand, disjunction, operand, |function| {
        if function.operand { Shape::Function(function.name) } else { Shape::Predicate(function.name) }
    })
}

fn operand<'a>(parser: &mut Parser<'_, 'a>) -> Result<Node<'a>> {
    let part = primary(parser)?;
    as_operand(parser, part)
}

fn as_operand<'a>(parser: &Parser<'_, 'a>, part: Part<'a>) -> Result<Node<'a>> {
    match part.shape {
        Shape::Operand | Shape::Function(_) => Ok(part.node),
        Shape::Predicate(name) => Err(parser.misplaced(name)),
        Shape::Condition => Err(parser.syntax_error()),
    }
}

fn as_condition<'a>(parser: &Parser<'_, 'a>, part: Part<'a>) -> Result<Node<'a>> {
    match part.shape {
        Shape::Condition | Shape::Predicate(_) => Ok(part.node),
        Shape::Function(name) => Err(parser.misplaced(name)),
        Shape::Operand => Err(parser.syntax_error()),
    }
}

const fn condition(node: Node<'_>) -> Part<'_> {
    Part::new(node, Shape::Condition)
}
