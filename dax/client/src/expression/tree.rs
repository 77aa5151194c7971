//! The tree of an expression, shaped as it is sent.

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::cbor::Writer;
use dax_protocol::operator::{DOCUMENT_PATH, Operator, VARIABLE, VERSION};
use dax_protocol::tag;

use super::ExpressionError;
use crate::codec::write_value;

#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    /// Into the item.
    Path(Vec<Element<'a>>),
    /// Position in the expression's values.
    Value(usize),
    /// An operator or function and what it applies to.
    Call(Operator, Vec<Self>),
    /// Nodes without an operator.
    List(Vec<Self>),
}

/// A step of a document path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element<'a> {
    Name(&'a str),
    Index(u32),
}

impl<'a> Node<'a> {
    pub(super) fn attribute(name: &'a str) -> Self {
        Self::Path(vec![Element::Name(name)])
    }

    pub(super) const fn is_path(&self) -> bool {
        matches!(self, Self::Path(_))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Path(elements) => write_path(elements, writer),
            Self::Value(index) => {
                writer.array(2);
                writer.uint(VARIABLE);
                writer.uint(*index as u64);
            }
            Self::Call(operator, operands) => {
                writer.array(1 + operands.len());
                writer.uint(operator.code());
                operands.iter().for_each(|operand| operand.write(writer));
            }
            Self::List(nodes) => {
                writer.array(nodes.len());
                nodes.iter().for_each(|node| node.write(writer));
            }
        }
    }
}

fn write_path(elements: &[Element<'_>], writer: &mut Writer<'_>) {
    writer.array(1 + elements.len());
    writer.uint(DOCUMENT_PATH);
    for element in elements {
        match element {
            Element::Name(name) => writer.text(name),
            Element::Index(index) => {
                writer.tag(tag::LIST_INDEX);
                writer.uint(u64::from(*index));
            }
        }
    }
}

/// A value that an expression refers to, and how messages call it.
pub(super) type NamedValue<'a> = (&'a str, &'a AttributeValue);

/// The bytes of a condition or update.
pub(super) fn encode(tree: &Node<'_>, values: &[NamedValue<'_>]) -> Result<Vec<u8>, ExpressionError> {
    let mut out = Vec::with_capacity(64);
    let mut writer = Writer::new(&mut out);
    writer.array(3);
    writer.uint(VERSION);
    tree.write(&mut writer);
    writer.array(values.len());
    for (name, value) in values {
        write_value(value, &mut writer).map_err(|error| {
            ExpressionError::new(format!("ExpressionAttributeValues contains invalid value: {error} for key {name}"))
        })?;
    }
    Ok(out)
}

/// The bytes of a projection.
pub(super) fn encode_paths(paths: &[Vec<Element<'_>>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    let mut writer = Writer::new(&mut out);
    writer.array(2);
    writer.uint(VERSION);
    writer.array(paths.len());
    paths.iter().for_each(|path| write_path(path, &mut writer));
    out
}
