//! Expression trees as they travel.
//!
//! A client parses the text of an expression and sends a tree, in which placeholders are already replaced. The tree
//! is read as it is, with whatever number of operands: [`render`](super::render) decides what makes sense.

use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::cbor::{Kind, Reader, TAG_LIST_INDEX};

use crate::dax_server::{failure::Failure, wire::value};

/// Deepest nesting read. DynamoDB takes at most 300 operators, and a chain of `AND`s nests once for each.
const MAX_DEPTH: usize = 400;

/// The only version of the encoding.
const VERSION: i64 = 1;

/// Condition, filter, key condition or update: a tree and the values that it refers to by number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    pub(crate) tree: Tree,
    pub(crate) values: Vec<AttributeValue>,
}

/// A node of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// An operator or function with its operands.
    Apply(Operator, Vec<Self>),
    /// The right side of `IN`, or the actions of an update.
    List(Vec<Self>),
    /// A document path.
    Path(Path),
    /// A value, by its position among the expression's values.
    Variable(usize),
}

/// A document path such as `a.b[2]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path(pub(crate) Vec<Element>);

/// One step of a document path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Element {
    /// An attribute, or a key of a map. Any characters.
    Name(String),
    /// An element of a list.
    Index(u64),
}

impl Path {
    /// The top-level attribute that the path starts with.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match self.0.first() {
            Some(Element::Name(name)) => Some(name),
            _ => None,
        }
    }
}

/// What a node does. The numbers on the wire are the positions in [`OPERATORS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    GreaterOrEqual,
    Greater,
    LessOrEqual,
    And,
    Or,
    Not,
    Between,
    In,
    AttributeExists,
    AttributeNotExists,
    AttributeType,
    BeginsWith,
    Contains,
    Size,
    Set,
    Add,
    Delete,
    Remove,
    IfNotExists,
    ListAppend,
    Plus,
    Minus,
}

/// Numbers of the two kinds of leaves, which are no operators.
const VARIABLE: u64 = 17;
const PATH: u64 = 18;

/// Operators by number, and how each is written in an expression.
const OPERATORS: [Option<(Operator, &str)>; 27] = [
    Some((Operator::Equal, "=")),
    Some((Operator::NotEqual, "<>")),
    Some((Operator::Less, "<")),
    Some((Operator::GreaterOrEqual, ">=")),
    Some((Operator::Greater, ">")),
    Some((Operator::LessOrEqual, "<=")),
    Some((Operator::And, "AND")),
    Some((Operator::Or, "OR")),
    Some((Operator::Not, "NOT")),
    Some((Operator::Between, "BETWEEN")),
    Some((Operator::In, "IN")),
    Some((Operator::AttributeExists, "attribute_exists")),
    Some((Operator::AttributeNotExists, "attribute_not_exists")),
    Some((Operator::AttributeType, "attribute_type")),
    Some((Operator::BeginsWith, "begins_with")),
    Some((Operator::Contains, "contains")),
    Some((Operator::Size, "size")),
    None, // variable
    None, // path
    Some((Operator::Set, "SET")),
    Some((Operator::Add, "ADD")),
    Some((Operator::Delete, "DELETE")),
    Some((Operator::Remove, "REMOVE")),
    Some((Operator::IfNotExists, "if_not_exists")),
    Some((Operator::ListAppend, "list_append")),
    Some((Operator::Plus, "+")),
    Some((Operator::Minus, "-")),
];

impl Operator {
    /// As it is written in an expression.
    pub(crate) fn text(self) -> &'static str {
        OPERATORS.iter().flatten().find(|known| known.0 == self).map_or("", |known| known.1)
    }

    fn from_code(code: u64) -> Option<Self> {
        let known = OPERATORS.get(usize::try_from(code).ok()?)?;
        known.map(|known| known.0)
    }
}

impl Expression {
    /// Reads the content of the byte string that carries a condition, filter, key condition or update.
    ///
    /// # Errors
    /// A validation failure for anything but a complete expression. `what` names it in the message.
    pub(crate) fn read(bytes: &[u8], what: &str) -> Result<Self, Failure> {
        if bytes.is_empty() {
            return Err(Failure::validation(format!("Invalid {what}: The expression can not be empty;")));
        }
        let mut reader = Reader::whole(bytes);
        read(&mut reader).map_err(|cause| Failure::validation(format!("Invalid {what}: {cause}")))
    }
}

fn read(reader: &mut Reader<'_>) -> Result<Expression, dax_client::cbor::Error> {
    envelope(reader, 3)?;
    let tree = tree(reader, 0)?;
    let mut values = Vec::new();
    let mut items = reader.array()?;
    while items.next(reader)? {
        values.push(value::read(reader)?);
    }
    reader.end()?;
    Ok(Expression { tree, values })
}

/// Reads the content of the byte string that carries a projection.
///
/// # Errors
/// A validation failure for anything but a complete list of paths.
pub(crate) fn read_projection(bytes: &[u8]) -> Result<Vec<Path>, Failure> {
    let mut reader = Reader::whole(bytes);
    let mut read = || {
        envelope(&mut reader, 2)?;
        let mut paths = Vec::new();
        let mut items = reader.array()?;
        while items.next(&mut reader)? {
            match tree(&mut reader, 0)? {
                Tree::Path(path) => paths.push(path),
                _ => return Err(reader.malformed("a projection holds something else than paths")),
            }
        }
        reader.end()?;
        Ok(paths)
    };
    let paths = read().map_err(|cause| Failure::validation(format!("Invalid ProjectionExpression: {cause}")))?;
    if paths.is_empty() {
        return Err(Failure::validation("Invalid ProjectionExpression: The expression can not be empty;"));
    }
    Ok(paths)
}

/// The array around an expression, of `count` elements, and the version of the encoding.
fn envelope(reader: &mut Reader<'_>, count: u64) -> Result<(), dax_client::cbor::Error> {
    if reader.array()?.announced() != Some(count) {
        return Err(reader.malformed("an expression with a wrong number of parts"));
    }
    if reader.int()? != VERSION {
        return Err(reader.malformed("unknown version of the expression encoding"));
    }
    Ok(())
}

fn tree(reader: &mut Reader<'_>, depth: usize) -> Result<Tree, dax_client::cbor::Error> {
    if depth > MAX_DEPTH {
        return Err(reader.malformed("an expression nested too deeply"));
    }
    let mut items = reader.array()?;
    if !items.next(reader)? {
        return Ok(Tree::List(Vec::new()));
    }
    // A node starts with its code; a list, having none, with its first node.
    if reader.peek()? == Kind::Array {
        let mut nodes = vec![tree(reader, depth + 1)?];
        while items.next(reader)? {
            nodes.push(tree(reader, depth + 1)?);
        }
        return Ok(Tree::List(nodes));
    }
    match reader.uint()? {
        VARIABLE => {
            let position = match items.next(reader)? {
                true => reader.uint()?,
                false => return Err(reader.malformed("a variable without its number")),
            };
            if items.next(reader)? {
                return Err(reader.malformed("a variable with two numbers"));
            }
            Ok(Tree::Variable(usize::try_from(position).unwrap_or(usize::MAX)))
        }
        PATH => {
            let mut elements = Vec::new();
            while items.next(reader)? {
                elements.push(element(reader)?);
            }
            Ok(Tree::Path(Path(elements)))
        }
        code => {
            let operator = Operator::from_code(code).ok_or_else(|| reader.malformed("unknown operator"))?;
            let mut operands = Vec::new();
            while items.next(reader)? {
                operands.push(tree(reader, depth + 1)?);
            }
            Ok(Tree::Apply(operator, operands))
        }
    }
}

fn element(reader: &mut Reader<'_>) -> Result<Element, dax_client::cbor::Error> {
    match reader.peek()? {
        Kind::Tag if reader.tag()? == TAG_LIST_INDEX => reader.uint().map(Element::Index),
        Kind::Tag => Err(reader.malformed("unknown tag in a document path")),
        _ => Ok(Element::Name(reader.text()?.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use dax_client::cbor::Writer;

    use super::*;

    /// `a AND a AND …`, leaning left, as clients send it.
    fn chain(operators: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(3);
        writer.int(VERSION);
        for _ in 0..operators {
            writer.array(3);
            writer.uint(6);
        }
        for _ in 0..=operators {
            writer.array(2);
            writer.uint(11);
            writer.array(2);
            writer.uint(PATH);
            writer.text("a");
        }
        writer.array(0);
        bytes
    }

    #[test]
    fn long_chains_are_read_and_endless_ones_refused() {
        assert!(Expression::read(&chain(300), "ConditionExpression").is_ok());
        assert!(Expression::read(&chain(100_000), "ConditionExpression").is_err());
    }

    #[test]
    fn what_is_no_expression_is_a_validation_failure() {
        for bytes in [
            &[][..],
            &[0x83, 0x01],
            &[0x83, 0x02, 0x82, 0x11, 0x00, 0x80],
            &[0x83, 0x01, 0x82, 0x18, 0x63, 0x00, 0x80],
            &[0x83, 0x01, 0x81, 0x11, 0x80],
            &[0x83, 0x01, 0x83, 0x11, 0x00, 0x00, 0x80],
            &[0x83, 0x01, 0x82, 0x11, 0x00, 0x80, 0x00],
        ] {
            let failure = Expression::read(bytes, "FilterExpression").unwrap_err();
            assert_eq!(failure.code(), Some("ValidationException"), "{bytes:02x?}");
        }
    }
}
