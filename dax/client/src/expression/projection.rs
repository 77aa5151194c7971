//! Projections, and the documents that their results are put together to.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dax_protocol::cbor::Reader;

use super::parser::Parser;
use super::tree::{Element, encode_paths};
use super::{ExpressionError, ExpressionKind, Placeholders, Result};
use crate::codec::{Attributes, read_value};

/// A parsed projection: what is sent, and the paths by which results are put together.
///
/// A result carries each value with the position of its path in the projection.
#[derive(Debug, Clone)]
pub struct Projection {
    encoded: Vec<u8>,
    paths: Vec<Vec<Step>>,
}

/// A step of a path that outlives the request's text.
#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Index(u32),
}

impl<'a> Placeholders<'a> {
    /// Parses a projection expression.
    ///
    /// # Errors
    /// As for [`condition`](Self::condition); also if its paths overlap.
    pub fn projection(&mut self, text: &'a str) -> Result<Projection> {
        self.expressions += 1;
        parse(text, self)
    }
}

fn parse<'a>(text: &'a str, placeholders: &mut Placeholders<'a>) -> Result<Projection> {
    let mut parser = Parser::new(ExpressionKind::Projection, text, placeholders)?;
    let mut paths = vec![parser.path()?];
    while parser.eat(",") {
        paths.push(parser.path()?);
    }
    parser.end()?;
    Projection::new(&paths)
}

impl Projection {
    pub(super) fn new(paths: &[Vec<Element<'_>>]) -> Result<Self> {
        check_distinct(paths)?;
        let owned = |element: &Element<'_>| match element {
            Element::Name(name) => Step::Name((*name).to_owned()),
            Element::Index(index) => Step::Index(*index),
        };
        Ok(Self {
            encoded: encode_paths(paths),
            paths: paths.iter().map(|path| path.iter().map(owned).collect()).collect(),
        })
    }

    /// The encoded form that is sent.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Reads a result: a map from positions to values. List elements are put in the order of their indexes, without
    /// gaps; paths that the item does not have are absent.
    ///
    /// # Errors
    /// [`Malformed`](dax_protocol::cbor::Error::Malformed) if it is not a result of this projection.
    pub fn read(&self, reader: &mut Reader<'_>) -> dax_protocol::cbor::Result<Attributes> {
        let start = reader.malformed("values of a projection that exclude each other");
        let mut pairs = reader.map()?;
        let mut attributes = Attributes::with_capacity(pairs.reserve());
        let mut nested: HashMap<&str, Fragment<'_>> = HashMap::new();
        while pairs.next(reader)? {
            let outside = reader.malformed("position outside of the projection");
            let ordinal = reader.uint()?;
            let path = usize::try_from(ordinal).ok().and_then(|ordinal| self.paths.get(ordinal));
            let value = read_value(reader)?;
            match path.map(Vec::as_slice) {
                Some([Step::Name(name)]) => {
                    attributes.insert(name.clone(), value);
                }
                Some([Step::Name(name), below @ ..]) => {
                    let fragment = nested.entry(name).or_insert_with(|| Fragment::of(below));
                    fragment.place(below, value).ok_or(start)?;
                }
                _ => return Err(outside),
            }
        }
        attributes.extend(nested.into_iter().map(|(name, fragment)| (name.to_owned(), fragment.into_value())));
        Ok(attributes)
    }
}

/// A document under construction.
enum Fragment<'p> {
    Value(AttributeValue),
    Map(HashMap<&'p str, Self>),
    List(BTreeMap<u32, Self>),
}

impl<'p> Fragment<'p> {
    /// An empty fragment of the kind that holds this path.
    fn of(path: &[Step]) -> Self {
        match path.first() {
            Some(Step::Index(_)) => Self::List(BTreeMap::new()),
            _ => Self::Map(HashMap::new()),
        }
    }

    /// Puts a value at a path; `None` if something else is in the way.
    fn place(&mut self, path: &'p [Step], value: AttributeValue) -> Option<()> {
        let (child, below) = match (self, path) {
            (Self::Map(children), [Step::Name(name), below @ ..]) => {
                (children.entry(name.as_str()).or_insert_with(|| Self::of(below)), below)
            }
            (Self::List(children), [Step::Index(index), below @ ..]) => {
                (children.entry(*index).or_insert_with(|| Self::of(below)), below)
            }
            _ => return None,
        };
        if below.is_empty() {
            *child = Self::Value(value);
            return Some(());
        }
        child.place(below, value)
    }

    fn into_value(self) -> AttributeValue {
        match self {
            Self::Value(value) => value,
            Self::Map(children) => AttributeValue::M(
                children.into_iter().map(|(name, child)| (name.to_owned(), child.into_value())).collect(),
            ),
            Self::List(children) => AttributeValue::L(children.into_values().map(Self::into_value).collect()),
        }
    }
}

/// DynamoDB refuses paths of which one contains the other, or which need an attribute to be a map and a list.
fn check_distinct(paths: &[Vec<Element<'_>>]) -> Result<()> {
    // In order, those that start alike stand together, so that looking at neighbours is enough for thousands of paths.
    let mut ordered: Vec<_> = paths.iter().enumerate().map(|(position, path)| (path, position)).collect();
    ordered.sort_unstable();
    let neighbours = ordered.windows(2).filter_map(|pair| match pair {
        [one, two] => Some((collision(one.0, two.0)?, one.1.min(two.1), one.1.max(two.1))),
        _ => None,
    });
    let Some((verdict, first, second)) = neighbours.min_by_key(|(_, first, second)| (*second, *first)) else {
        return Ok(());
    };
    let show = |position| paths.get(position).map_or_else(String::new, |path: &Vec<_>| show(path));
    let (one, two) = (show(first), show(second));
    let advice = "must remove or rewrite one of these paths";
    let what = format_args!("Two document paths {verdict} with each other; {advice}; path one: {one}, path two: {two}");
    Err(ExpressionError::invalid(ExpressionKind::Projection, what))
}

fn collision(first: &[Element<'_>], second: &[Element<'_>]) -> Option<&'static str> {
    match first.iter().zip(second).find(|(first, second)| first != second) {
        None => Some("overlap"),
        Some((Element::Name(_), Element::Index(_)) | (Element::Index(_), Element::Name(_))) => Some("conflict"),
        Some(_) => None,
    }
}

fn show(path: &[Element<'_>]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|element| match element {
            Element::Name(name) => (*name).to_owned(),
            Element::Index(index) => format!("[{index}]"),
        })
        .collect();
    format!("[{}]", steps.join(", "))
}
