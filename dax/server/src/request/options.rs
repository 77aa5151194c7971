//! Optional parameters of a request: a map from numbers to values.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue, Select};
use dax_protocol::{
    cbor::{self, Kind, Reader},
    parameter::{CapacityDetail, MetricsDetail, Parameter, ReturnedAttributes, Selection},
};

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
        let parameter = Parameter::from_code(reader.uint()?);
        match parameter.ok_or_else(|| reader.malformed("unknown optional parameter"))? {
            Parameter::Projection => encoded.projection = Some(reader.bytes()?.into_owned()),
            Parameter::ExpressionNames | Parameter::ExpressionValues => reader.skip()?,
            Parameter::ConsistentRead => self.consistent = flag(reader)?,
            Parameter::ConsumedCapacity => self.capacity = choice(reader, CapacityDetail::from_code, to_capacity)?,
            Parameter::Condition => encoded.condition = Some(reader.bytes()?.into_owned()),
            Parameter::CollectionMetrics => self.metrics = choice(reader, MetricsDetail::from_code, to_metrics)?,
            Parameter::ReturnValues => {
                self.return_values = choice(reader, ReturnedAttributes::from_code, to_return_value)?;
            }
            Parameter::Update => encoded.update = Some(reader.bytes()?.into_owned()),
            Parameter::StartKey => self.start_key = Some(reader.bytes()?.into_owned()),
            Parameter::Filter => encoded.filter = Some(reader.bytes()?.into_owned()),
            Parameter::IndexName => self.index = Some(utf8(reader, "index name is not UTF-8")?),
            Parameter::Limit => self.limit = Some(int(reader)?),
            Parameter::Forward => self.forward = Some(flag(reader)?),
            Parameter::Select => {
                self.select = choice(reader, Selection::from_code, |selection| Some(to_select(selection)))?;
            }
            Parameter::Segment => self.segment = Some(int(reader)?),
            Parameter::TotalSegments => self.total_segments = Some(int(reader)?),
            Parameter::RequestToken => self.token = Some(reader.text()?.into_owned()),
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

/// A choice from a short list; `None` is what is meant without the parameter.
fn choice<C, T>(
    reader: &mut Reader<'_>,
    from_code: impl Fn(u64) -> Option<C>,
    meaning: impl Fn(C) -> Option<T>,
) -> cbor::Result<Option<T>> {
    let chosen = from_code(reader.uint()?);
    chosen.map(meaning).ok_or_else(|| reader.malformed("unknown choice for an optional parameter"))
}

fn to_capacity(detail: CapacityDetail) -> Option<ReturnConsumedCapacity> {
    match detail {
        CapacityDetail::None => None,
        CapacityDetail::Total => Some(ReturnConsumedCapacity::Total),
        CapacityDetail::Indexes => Some(ReturnConsumedCapacity::Indexes),
    }
}

fn to_metrics(detail: MetricsDetail) -> Option<ReturnItemCollectionMetrics> {
    match detail {
        MetricsDetail::None => None,
        MetricsDetail::Size => Some(ReturnItemCollectionMetrics::Size),
    }
}

fn to_return_value(returned: ReturnedAttributes) -> Option<ReturnValue> {
    match returned {
        ReturnedAttributes::None => None,
        ReturnedAttributes::AllOld => Some(ReturnValue::AllOld),
        ReturnedAttributes::UpdatedOld => Some(ReturnValue::UpdatedOld),
        ReturnedAttributes::AllNew => Some(ReturnValue::AllNew),
        ReturnedAttributes::UpdatedNew => Some(ReturnValue::UpdatedNew),
    }
}

fn to_select(selection: Selection) -> Select {
    match selection {
        Selection::AllAttributes => Select::AllAttributes,
        Selection::AllProjectedAttributes => Select::AllProjectedAttributes,
        Selection::Count => Select::Count,
        Selection::SpecificAttributes => Select::SpecificAttributes,
    }
}
