//! What the three writes of a single item have in common.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionalOperator, ConsumedCapacity, ExpectedAttributeValue, ItemCollectionMetrics,
    ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use dax_protocol::field;
use dax_protocol::parameter::{CapacityDetail, Parameter, ReturnedAttributes};

use super::parameter::{Options, capacity_wanted, if_wanted, metrics_wanted};
use super::refusal::{Checked, Refusal, out_of_model, required};
use crate::codec::item::ItemReader;
use crate::codec::key::copy_key;
use crate::codec::usage::{read_capacity, read_metrics};
use crate::codec::{Attributes, DecodeStop, KeyAttribute, Metadata, answer};
use crate::expression::{ExpressionKind, Legacy, Placeholders, check_joined_by};

/// What a write can return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// A put or a delete: the old item or nothing.
    Old,
    /// An update.
    All,
}

fn parse_returned(wanted: Option<&ReturnValue>, allowed: Allowed) -> Checked<ReturnedAttributes> {
    let returned = match wanted {
        None | Some(ReturnValue::None) => ReturnedAttributes::None,
        Some(ReturnValue::AllOld) => ReturnedAttributes::AllOld,
        Some(ReturnValue::UpdatedOld) => ReturnedAttributes::UpdatedOld,
        Some(ReturnValue::AllNew) => ReturnedAttributes::AllNew,
        Some(ReturnValue::UpdatedNew) => ReturnedAttributes::UpdatedNew,
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]";
            return Err(out_of_model(other, "returnValues", constraint));
        }
    };
    match (allowed, returned) {
        (Allowed::All, _) | (_, ReturnedAttributes::None | ReturnedAttributes::AllOld) => Ok(returned),
        _ => Err(Refusal::new("ReturnValues can only be ALL_OLD or NONE")),
    }
}

/// Single writes have no room for this parameter: without the old item a caller would be misled, so it is refused.
pub(super) fn refuse_old_item_on_failure(wanted: Option<&ReturnValuesOnConditionCheckFailure>) -> Checked<()> {
    match wanted {
        None | Some(ReturnValuesOnConditionCheckFailure::None) => Ok(()),
        Some(_) => Err(Refusal::new(
            "ReturnValuesOnConditionCheckFailure cannot be carried by DAX for a single write; use TransactWriteItems, \
             or read the item after the failure",
        )),
    }
}

/// The parameters that the three inputs share, borrowed from one of them.
pub(super) struct Parameters<'a> {
    pub(super) table: Option<&'a String>,
    pub(super) names: Option<&'a HashMap<String, String>>,
    pub(super) values: Option<&'a HashMap<String, AttributeValue>>,
    pub(super) condition: Option<&'a str>,
    /// What was there before condition expressions.
    pub(super) expected: Option<&'a HashMap<String, ExpectedAttributeValue>>,
    pub(super) joined_by: Option<&'a ConditionalOperator>,
    pub(super) returned: Option<&'a ReturnValue>,
    pub(super) allowed: Allowed,
    pub(super) capacity: Option<&'a ReturnConsumedCapacity>,
    pub(super) metrics: Option<&'a ReturnItemCollectionMetrics>,
}

/// What the three single writes have in common.
#[derive(Debug)]
pub(super) struct SingleWrite {
    pub(super) table: String,
    pub(super) condition: Option<Vec<u8>>,
    pub(super) returned: ReturnedAttributes,
    pub(super) capacity: CapacityDetail,
    pub(super) metrics: bool,
}

/// What the three outputs consist of.
#[derive(Default)]
pub(super) struct WriteOutput {
    pub(super) attributes: Option<Attributes>,
    pub(super) consumed_capacity: Option<ConsumedCapacity>,
    pub(super) item_collection_metrics: Option<ItemCollectionMetrics>,
}

impl SingleWrite {
    /// Checks the shared parameters. `also` parses a further expression with the same placeholders, before the
    /// condition.
    pub(super) fn parse<'a, T>(
        parameters: Parameters<'a>,
        also: impl FnOnce(&mut Placeholders<'a>) -> Checked<T>,
    ) -> Checked<(Self, T)> {
        Self::parse_all(parameters, also).map_err(Refusal::enveloped)
    }

    fn parse_all<'a, T>(
        parameters: Parameters<'a>,
        also: impl FnOnce(&mut Placeholders<'a>) -> Checked<T>,
    ) -> Checked<(Self, T)> {
        let mut placeholders = Placeholders::new(parameters.names, parameters.values)?;
        let parsed = also(&mut placeholders)?;
        let expected = parameters.expected.filter(|expected| !expected.is_empty());
        let condition = match (parameters.condition, expected) {
            (Some(text), _) => Some(placeholders.condition(ExpressionKind::Condition, text)?),
            (None, Some(expected)) => Some(Legacy::expected(expected, parameters.joined_by)?),
            (None, None) => {
                check_joined_by(parameters.joined_by, 0)?;
                None
            }
        };
        placeholders.finish()?;
        let write = Self {
            table: required("TableName", parameters.table)?.clone(),
            condition,
            returned: parse_returned(parameters.returned, parameters.allowed)?,
            capacity: capacity_wanted(parameters.capacity)?,
            metrics: metrics_wanted(parameters.metrics)?,
        };
        Ok((write, parsed))
    }

    pub(super) fn write_options(&self, update: Option<&[u8]>, options: &mut Options<'_, '_>) {
        options.capacity(self.capacity);
        options.bytes(Parameter::Condition, self.condition.as_deref());
        options.metrics(self.metrics);
        options
            .uint(Parameter::ReturnValues, (self.returned != ReturnedAttributes::None).then_some(self.returned.code()));
        options.bytes(Parameter::Update, update);
    }

    /// Reads the answer; `key` holds at least the key attributes of the item.
    pub(super) fn read(
        &self,
        method: Method,
        metadata: &Metadata,
        key: &Attributes,
        answer: &[u8],
    ) -> Result<WriteOutput, DecodeStop> {
        answer::read(method, answer, |reader| {
            let mut items = ItemReader::new(metadata);
            let mut output = WriteOutput::default();
            if reader.null()? {
                return Ok(output);
            }
            let mut fields = reader.map()?;
            while fields.next(reader)? {
                match reader.uint()? {
                    field::CONSUMED_CAPACITY => {
                        output.consumed_capacity = if_wanted(self.capacity, read_capacity(reader)?);
                    }
                    field::ATTRIBUTES => output.attributes = self.read_attributes(&mut items, key, reader)?,
                    field::COLLECTION_METRICS => {
                        output.item_collection_metrics = self.read_metrics(&mut items, reader)?;
                    }
                    _ => reader.skip()?,
                }
            }
            items.finish(output)
        })
    }

    fn read_attributes(
        &self,
        items: &mut ItemReader<'_>,
        key: &Attributes,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<Option<Attributes>> {
        if reader.null()? {
            return Ok(None);
        }
        match self.returned {
            ReturnedAttributes::None => reader.skip().map(|()| None),
            ReturnedAttributes::UpdatedOld | ReturnedAttributes::UpdatedNew => items.partial_item(reader).map(Some),
            ReturnedAttributes::AllOld | ReturnedAttributes::AllNew => {
                let mut attributes = items.item(reader, 2)?;
                if let Some(schema) = items.key_schema(&self.table) {
                    let names = schema.attributes().map(|KeyAttribute { name, .. }| name.as_str());
                    copy_key(names, key, &mut attributes);
                }
                Ok(Some(attributes))
            }
        }
    }

    fn read_metrics(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<Option<ItemCollectionMetrics>> {
        match items.key_schema(&self.table) {
            Some(schema) => Ok(read_metrics(schema, reader)?.filter(|_| self.metrics)),
            None => reader.skip().map(|()| None),
        }
    }
}
