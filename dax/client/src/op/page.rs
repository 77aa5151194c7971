//! What `Query` and `Scan` have in common.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Condition, ConditionalOperator, ConsumedCapacity, Select};
use dax_protocol::Method;
use dax_protocol::cbor::{Reader, Writer};
use dax_protocol::field;
use dax_protocol::parameter::{CapacityDetail, Parameter, Selection};

use super::parameter::{Options, if_wanted};
use super::refusal::{Checked, Refusal, out_of_model};
use super::request::Request;
use crate::codec::attribute::sorted;
use crate::codec::item::ItemReader;
use crate::codec::usage::read_capacity;
use crate::codec::{
    Attributes, DecodeStop, EncodeStop, KeySchema, Metadata, answer, read_key, read_value, write_exact_key, write_value,
};
use crate::expression::{ExpressionKind, Legacy, Placeholders, Projection, check_joined_by};

/// What requests for a page have in common.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) table: String,
    pub(super) index: Option<String>,
    pub(super) projection: Option<Projection>,
    pub(super) filter: Option<Vec<u8>>,
    pub(super) select: Option<Selection>,
    pub(super) consistent: bool,
    pub(super) limit: Option<u64>,
    pub(super) start: Option<Attributes>,
    pub(super) capacity: CapacityDetail,
}

/// Parameters that only one of the two has, between those that both have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extra {
    pub(super) backward: bool,
    pub(super) segment: Option<(u64, u64)>,
}

/// What the two outputs consist of.
#[derive(Default)]
pub(super) struct PageOutput {
    pub(super) items: Option<Vec<Attributes>>,
    pub(super) count: Option<i32>,
    pub(super) scanned_count: Option<i32>,
    pub(super) last_evaluated_key: Option<Attributes>,
    pub(super) consumed_capacity: Option<ConsumedCapacity>,
}

/// `Select`, which has to agree with what projects the items, if anything does, and with whether an index is read.
pub(super) fn parse_selection(
    select: Option<&Select>,
    projected_by: Option<&str>,
    index: bool,
) -> Checked<Option<Selection>> {
    let selection = match select {
        None => return Ok(None),
        Some(Select::AllAttributes) => Selection::AllAttributes,
        Some(Select::AllProjectedAttributes) => Selection::AllProjectedAttributes,
        Some(Select::Count) => Selection::Count,
        Some(Select::SpecificAttributes) => Selection::SpecificAttributes,
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, \
                              ALL_PROJECTED_ATTRIBUTES]";
            return Err(out_of_model(other, "select", constraint));
        }
    };
    let what = match (selection, projected_by) {
        (Selection::SpecificAttributes, None) => {
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
                .to_owned()
        }
        (Selection::SpecificAttributes, Some(_)) => return Ok(Some(selection)),
        (Selection::Count, Some(by)) => format!("Cannot specify the {by} when choosing to get only the Count"),
        (_, Some(by)) => {
            let wanted = select.map(Select::as_str).unwrap_or_default();
            format!("Cannot specify the {by} when choosing to get {wanted}")
        }
        (Selection::AllProjectedAttributes, None) if !index => {
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName".to_owned()
        }
        (_, None) => return Ok(Some(selection)),
    };
    Err(Refusal::new(what).enveloped())
}

/// The parameter that projects the items.
pub(super) fn projected_by(expression: Option<&String>, attributes: Option<&[String]>) -> Option<&'static str> {
    match (expression, attributes) {
        (Some(_), _) => Some("ProjectionExpression"),
        (None, Some(_)) => Some("AttributesToGet"),
        (None, None) => None,
    }
}

/// `FilterExpression`, or the conditions that came before it.
pub(super) fn parse_filter<'a>(
    placeholders: &mut Placeholders<'a>,
    expression: Option<&'a str>,
    conditions: Option<&HashMap<String, Condition>>,
    joined_by: Option<&ConditionalOperator>,
) -> Checked<Option<Vec<u8>>> {
    let conditions = conditions.filter(|conditions| !conditions.is_empty());
    Ok(match (expression, conditions) {
        (Some(text), _) => Some(placeholders.condition(ExpressionKind::Filter, text)?),
        (None, Some(conditions)) => Some(Legacy::conditions(ExpressionKind::Filter, conditions, joined_by)?),
        (None, None) => {
            check_joined_by(joined_by, 0)?;
            None
        }
    })
}

pub(super) fn parse_limit(limit: Option<i32>) -> Checked<Option<u64>> {
    let Some(limit) = limit else { return Ok(None) };
    match u64::try_from(limit) {
        Ok(limit @ 1..) => Ok(Some(limit)),
        _ => Err(out_of_model(limit, "limit", "Member must have value greater than or equal to 1")),
    }
}

impl Page {
    pub(super) fn write_options(&self, extra: Extra, request: &mut Request<'_, '_>) -> Result<(), EncodeStop> {
        let start = self.start_key(request)?;
        request.options(|options| self.write_parameters(extra, start.as_deref(), options));
        Ok(())
    }

    fn write_parameters(&self, extra: Extra, start: Option<&[u8]>, options: &mut Options<'_, '_>) {
        options.bytes(Parameter::Projection, self.projection.as_ref().map(Projection::encoded));
        options.uint(Parameter::ConsistentRead, self.consistent.then_some(1));
        options.capacity(self.capacity);
        options.bytes(Parameter::StartKey, start);
        options.bytes(Parameter::Filter, self.filter.as_deref());
        options.bytes(Parameter::IndexName, self.index.as_deref().map(str::as_bytes));
        options.uint(Parameter::Limit, self.limit);
        options.uint(Parameter::Forward, extra.backward.then_some(0));
        // All attributes of a table is what is meant anyway; of an index it is not.
        let plain = self.select == Some(Selection::AllAttributes) && self.index.is_none();
        options.uint(Parameter::Select, self.select.filter(|_| !plain).map(Selection::code));
        options.uint(Parameter::Segment, extra.segment.map(|(segment, _)| segment));
        options.uint(Parameter::TotalSegments, extra.segment.map(|(_, total)| total));
    }

    /// Where to start: a key of the table, or for an index, attributes of both keys with their names.
    fn start_key(&self, request: &mut Request<'_, '_>) -> Result<Option<Vec<u8>>, EncodeStop> {
        let Some(start) = &self.start else {
            return Ok(None);
        };
        let mut out = Vec::with_capacity(64);
        let mut writer = Writer::new(&mut out);
        if self.index.is_some() {
            write_compound_key(start, &mut writer).map_err(|refusal| request.refuse(refusal))?;
        } else if let Some(schema) = request.key_schema(&self.table) {
            write_exact_key(schema, start, &mut writer).map_err(|error| {
                Refusal::unfit(format!("The provided starting key is invalid: {error}"))
                    .at_table(&self.table, request.method())
            })?;
        }
        Ok(Some(out))
    }

    pub(super) fn read(&self, method: Method, metadata: &Metadata, answer: &[u8]) -> Result<PageOutput, DecodeStop> {
        answer::read(method, answer, |reader| {
            let mut items = ItemReader::new(metadata);
            let mut output = PageOutput::default();
            if !reader.null()? {
                let mut fields = reader.map()?;
                while fields.next(reader)? {
                    self.read_field(&mut items, reader, &mut output)?;
                }
            }
            if output.items.is_none() && self.select != Some(Selection::Count) {
                output.items = Some(Vec::new());
            }
            items.finish(output)
        })
    }

    fn read_field(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
        output: &mut PageOutput,
    ) -> dax_protocol::cbor::Result<()> {
        match reader.uint()? {
            field::CONSUMED_CAPACITY => output.consumed_capacity = if_wanted(self.capacity, read_capacity(reader)?),
            field::ITEMS => output.items = Some(self.read_items(items, reader)?),
            field::COUNT => output.count = Some(read_count(reader)?),
            field::LAST_KEY => output.last_evaluated_key = self.read_last_key(items, reader)?,
            field::SCANNED_COUNT => output.scanned_count = Some(read_count(reader)?),
            _ => reader.skip()?,
        }
        Ok(())
    }

    fn read_items(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<Vec<Attributes>> {
        let mut elements = reader.array()?;
        let mut all = Vec::with_capacity(elements.reserve());
        if let Some(projection) = &self.projection {
            while elements.next(reader)? {
                all.push(projection.read(reader)?);
            }
            return Ok(all);
        }
        let schema = items.key_schema(&self.table);
        while elements.next(reader)? {
            all.push(read_keyed_item(schema, items, reader)?);
        }
        Ok(all)
    }

    fn read_last_key(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<Option<Attributes>> {
        if reader.null()? {
            return Ok(None);
        }
        let bytes = reader.bytes()?;
        if self.index.is_some() {
            return read_compound_key(&bytes).map(Some);
        }
        let mut key = Attributes::with_capacity(2);
        if let Some(schema) = items.key_schema(&self.table) {
            read_key(schema, &bytes, &mut key)?;
        }
        Ok(Some(key))
    }
}

/// An array of a key and an item.
fn read_keyed_item(
    schema: Option<&KeySchema>,
    items: &mut ItemReader<'_>,
    reader: &mut Reader<'_>,
) -> dax_protocol::cbor::Result<Attributes> {
    let wrong = reader.malformed("an element has a key and an item");
    let mut pair = reader.array()?;
    pair.expect(reader, wrong)?;
    let key = reader.bytes()?;
    pair.expect(reader, wrong)?;
    let mut item = items.item(reader, 2)?;
    pair.expect_end(reader, wrong)?;
    if let Some(schema) = schema {
        read_key(schema, &key, &mut item)?;
    }
    Ok(item)
}

/// Attributes with their names, in a map of open length: a server is said to refuse any other.
fn write_compound_key(key: &Attributes, writer: &mut Writer<'_>) -> Checked<()> {
    writer.open_map();
    for (name, value) in sorted(key) {
        writer.text(name);
        write_value(value, writer)
            .map_err(|error| Refusal::new(format!("The provided starting key is invalid: {error}; key: {name}")))?;
    }
    writer.close();
    Ok(())
}

fn read_compound_key(bytes: &[u8]) -> dax_protocol::cbor::Result<Attributes> {
    let mut reader = Reader::whole(bytes);
    let mut pairs = reader.map()?;
    let mut key = Attributes::with_capacity(4);
    while pairs.next(&mut reader)? {
        let name = reader.text()?.into_owned();
        key.insert(name, read_value(&mut reader)?);
    }
    reader.end()?;
    Ok(key)
}

fn read_count(reader: &mut Reader<'_>) -> dax_protocol::cbor::Result<i32> {
    let wrong = reader.malformed("count out of range");
    i32::try_from(reader.uint()?).or(Err(wrong))
}

impl PageOutput {
    /// Number of items returned, and number of items looked at before the filter.
    pub(super) fn counts(&self) -> (i32, i32) {
        let items = self.items.as_ref().map_or(0, Vec::len);
        let count = self.count.unwrap_or_else(|| i32::try_from(items).unwrap_or(i32::MAX));
        (count, self.scanned_count.unwrap_or(count))
    }
}
