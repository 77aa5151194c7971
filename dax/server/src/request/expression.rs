//! Expression trees as they travel.
//!
//! A client parses the text of an expression and sends a tree, in which placeholders are already replaced. The tree
//! is read as it is, with whatever number of operands: [`render`](super::render) decides what makes sense.

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::{
    cbor::{self, Kind, Reader},
    operator::{DOCUMENT_PATH, Operator, VARIABLE, VERSION},
    tag,
};

use crate::{failure::Failure, wire::value};

/// Deepest nesting read. DynamoDB takes at most 300 operators, and a chain of `AND`s nests once for each.
const MAX_DEPTH: usize = 400;

/// Condition, filter, key condition or update: a tree and the values that it refers to by number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    pub(crate) tree: Tree,
    pub(crate) values: Vec<AttributeValue>,
}

/// A node of an expression.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Path(pub(crate) Vec<Element>);

/// One step of a document path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

fn read(reader: &mut Reader<'_>) -> Result<Expression, cbor::Error> {
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
fn envelope(reader: &mut Reader<'_>, count: u64) -> Result<(), cbor::Error> {
    if reader.array()?.announced() != Some(count) {
        return Err(reader.malformed("an expression with a wrong number of parts"));
    }
    if reader.uint()? != VERSION {
        return Err(reader.malformed("unknown version of the expression encoding"));
    }
    Ok(())
}

fn tree(reader: &mut Reader<'_>, depth: usize) -> Result<Tree, cbor::Error> {
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
            items.expect(reader, reader.malformed("a variable without its number"))?;
            let position = reader.uint()?;
            items.expect_end(reader, reader.malformed("a variable with two numbers"))?;
            Ok(Tree::Variable(usize::try_from(position).unwrap_or(usize::MAX)))
        }
        DOCUMENT_PATH => {
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

fn element(reader: &mut Reader<'_>) -> Result<Element, cbor::Error> {
    match reader.peek()? {
        Kind::Tag if reader.tag()? == tag::LIST_INDEX => reader.uint().map(Element::Index),
        Kind::Tag => Err(reader.malformed("unknown tag in a document path")),
        _ => Ok(Element::Name(reader.text()?.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use dax_protocol::cbor::Writer;

    use super::*;

    /// `a AND a AND …`, leaning left, as clients send it.
    fn chain(operators: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.array(3);
        writer.uint(VERSION);
        for _ in 0..operators {
            writer.array(3);
            writer.uint(Operator::And.code());
        }
        for _ in 0..=operators {
            writer.array(2);
            writer.uint(Operator::AttributeExists.code());
            writer.array(2);
            writer.uint(DOCUMENT_PATH);
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
