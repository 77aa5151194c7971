//! Optional parameters of a request: a map from numbers to values.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue, Select};
use dax_client::cbor::{self, Kind, Reader};

use super::{
    ReadError,
    expression::{self, Expression, Path},
    utf8,
};

/// Optional parameters. Each method uses a few of them.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) projection: Option<Vec<Path>>,
    pub(crate) consistent: bool,
    pub(crate) capacity: Option<ReturnConsumedCapacity>,
    pub(crate) condition: Option<Expression>,
    pub(crate) metrics: Option<ReturnItemCollectionMetrics>,
    pub(crate) return_values: Option<ReturnValue>,
    pub(crate) update: Option<Expression>,
    /// Key bytes; with an index a map of attributes.
    pub(crate) start_key: Option<Vec<u8>>,
    pub(crate) filter: Option<Expression>,
    pub(crate) index: Option<String>,
    pub(crate) limit: Option<i32>,
    pub(crate) forward: Option<bool>,
    pub(crate) select: Option<Select>,
    pub(crate) segment: Option<i32>,
    pub(crate) total_segments: Option<i32>,
    pub(crate) token: Option<String>,
}

/// Numbers of the parameters.
mod key {
    pub(super) const PROJECTION: u64 = 0;
    /// Sent by the Python client only, and redundant: names are in the expressions.
    pub(super) const NAMES: u64 = 1;
    pub(super) const CONSISTENT_READ: u64 = 2;
    pub(super) const CONSUMED_CAPACITY: u64 = 3;
    pub(super) const CONDITION: u64 = 4;
    /// Sent by the Python client only, and redundant: values are in the expressions.
    pub(super) const VALUES: u64 = 5;
    pub(super) const COLLECTION_METRICS: u64 = 6;
    pub(super) const RETURN_VALUES: u64 = 7;
    pub(super) const UPDATE: u64 = 8;
    pub(super) const START_KEY: u64 = 9;
    pub(super) const FILTER: u64 = 10;
    pub(super) const INDEX: u64 = 11;
    pub(super) const LIMIT: u64 = 13;
    pub(super) const SCAN_FORWARD: u64 = 14;
    pub(super) const SELECT: u64 = 15;
    pub(super) const SEGMENT: u64 = 16;
    pub(super) const TOTAL_SEGMENTS: u64 = 17;
    pub(super) const TOKEN: u64 = 19;
}

/// Expressions as they came. The Python client sends a condition twice, first as text and then encoded, so only the
/// last of each is looked at.
#[derive(Default)]
struct Encoded {
    projection: Option<Vec<u8>>,
    condition: Option<Vec<u8>>,
    update: Option<Vec<u8>>,
    filter: Option<Vec<u8>>,
}

impl Options {
    /// Reads the map, which may have an open length, repeat a key (the last one counts) or be `null`.
    ///
    /// # Errors
    /// For an unknown key, or a value that does not fit its key.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut options = Self::default();
        if reader.null()? {
            return Ok(options);
        }
        let mut encoded = Encoded::default();
        let mut pairs = reader.map()?;
        while pairs.next(reader)? {
            options.read_parameter(reader, &mut encoded)?;
        }
        options.projection = encoded.projection.map(|bytes| expression::read_projection(&bytes)).transpose()?;
        let decode = |bytes: Option<Vec<u8>>, what| bytes.map(|bytes| Expression::read(&bytes, what)).transpose();
        options.condition = decode(encoded.condition, "ConditionExpression")?;
        options.update = decode(encoded.update, "UpdateExpression")?;
        options.filter = decode(encoded.filter, "FilterExpression")?;
        Ok(options)
    }

    fn read_parameter(&mut self, reader: &mut Reader<'_>, encoded: &mut Encoded) -> cbor::Result<()> {
        match reader.uint()? {
            key::PROJECTION => encoded.projection = Some(reader.bytes()?.into_owned()),
            key::NAMES | key::VALUES => reader.skip()?,
            key::CONSISTENT_READ => self.consistent = flag(reader)?,
            key::CONSUMED_CAPACITY => {
                self.capacity = choice(
                    reader,
                    &[(0, None), (1, Some(ReturnConsumedCapacity::Total)), (2, Some(ReturnConsumedCapacity::Indexes))],
                )?;
            }
            key::CONDITION => encoded.condition = Some(reader.bytes()?.into_owned()),
            key::COLLECTION_METRICS => {
                self.metrics = choice(reader, &[(0, None), (1, Some(ReturnItemCollectionMetrics::Size))])?;
            }
            key::RETURN_VALUES => {
                self.return_values = choice(
                    reader,
                    &[
                        (1, None),
                        (2, Some(ReturnValue::AllOld)),
                        (3, Some(ReturnValue::UpdatedOld)),
                        (4, Some(ReturnValue::AllNew)),
                        (5, Some(ReturnValue::UpdatedNew)),
                    ],
                )?;
            }
            key::UPDATE => encoded.update = Some(reader.bytes()?.into_owned()),
            key::START_KEY => self.start_key = Some(reader.bytes()?.into_owned()),
            key::FILTER => encoded.filter = Some(reader.bytes()?.into_owned()),
            key::INDEX => self.index = Some(utf8(reader, "index name is not UTF-8")?),
            key::LIMIT => self.limit = Some(int(reader)?),
            key::SCAN_FORWARD => self.forward = Some(flag(reader)?),
            key::SELECT => {
                self.select = choice(
                    reader,
                    &[
                        (1, Some(Select::AllAttributes)),
                        (2, Some(Select::AllProjectedAttributes)),
                        (3, Some(Select::Count)),
                        (4, Some(Select::SpecificAttributes)),
                    ],
                )?;
            }
            key::SEGMENT => self.segment = Some(int(reader)?),
            key::TOTAL_SEGMENTS => self.total_segments = Some(int(reader)?),
            key::TOKEN => self.token = Some(reader.text()?.into_owned()),
            _ => return Err(reader.malformed("unknown optional parameter")),
        }
        Ok(())
    }
}

/// A flag, which is a boolean in getItem and an integer elsewhere.
fn flag(reader: &mut Reader<'_>) -> cbor::Result<bool> {
    match reader.peek()? {
        Kind::Bool => reader.bool(),
        _ => Ok(reader.int()? != 0),
    }
}

fn int(reader: &mut Reader<'_>) -> cbor::Result<i32> {
    let value = reader.int()?;
    i32::try_from(value).ok().ok_or_else(|| reader.malformed("integer out of range"))
}

fn choice<T: Clone>(reader: &mut Reader<'_>, choices: &[(i64, Option<T>)]) -> cbor::Result<Option<T>> {
    let chosen = reader.int()?;
    let known = choices.iter().find(|choice| choice.0 == chosen);
    known.map(|choice| choice.1.clone()).ok_or_else(|| reader.malformed("unknown choice for an optional parameter"))
}
