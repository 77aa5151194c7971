//! `GetItem`

use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemInput, GetItemOutput};
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use dax_protocol::field;
use dax_protocol::parameter::{CapacityDetail, Parameter};

use super::Operation;
use super::parameter::{capacity_wanted, if_wanted, parse_projection};
use super::refusal::{Checked, required};
use super::request::Request;
use crate::codec::item::ItemReader;
use crate::codec::key::copy_key;
use crate::codec::usage::read_capacity;
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata, answer};
use crate::error::Error;
use crate::expression::{Placeholders, Projection, refuse_mixture};

/// A prepared `GetItem` call.
#[derive(Debug)]
pub struct GetItem {
    table: String,
    key: Attributes,
    consistent: bool,
    capacity: CapacityDetail,
    projection: Option<Projection>,
}

impl Operation for GetItem {
    const METHOD: Method = Method::GetItem;
    type Input = GetItemInput;
    type Output = GetItemOutput;
    type Error = GetItemError;

    fn prepare(input: GetItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.table(&self.table);
        request.exact_key(&self.table, &self.key)?;
        request.options(|options| {
            options.bytes(Parameter::Projection, self.projection.as_ref().map(Projection::encoded));
            options.flag(Parameter::ConsistentRead, self.consistent);
            options.capacity(self.capacity);
        });
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<GetItemOutput, DecodeStop> {
        answer::read(Self::METHOD, answer, |reader| self.read(metadata, reader))
    }

    fn tables(&self) -> Vec<&str> {
        vec![&self.table]
    }
}

impl GetItem {
    fn parse(input: GetItemInput) -> Checked<Self> {
        let old = input.attributes_to_get.as_deref();
        refuse_mixture(
            &[("AttributesToGet", old.is_some())],
            &[("ProjectionExpression", input.projection_expression.is_some())],
        )?;
        let mut placeholders = Placeholders::new(input.expression_attribute_names.as_ref(), None)?;
        let projection = parse_projection(&mut placeholders, input.projection_expression.as_deref(), old)?;
        placeholders.finish()?;
        let capacity = capacity_wanted(input.return_consumed_capacity.as_ref())?;
        let consistent = input.consistent_read.unwrap_or(false);
        required("TableName", input.table_name.as_ref())?;
        required("Key", input.key.as_ref())?;
        let (table, key) = (input.table_name.unwrap_or_default(), input.key.unwrap_or_default());
        Ok(Self { table, key, consistent, capacity, projection })
    }

    fn read(&self, metadata: &Metadata, reader: &mut Reader<'_>) -> Result<GetItemOutput, DecodeStop> {
        let mut items = ItemReader::new(metadata);
        let mut output = GetItemOutput::builder();
        if reader.null()? {
            return Ok(output.build());
        }
        let mut fields = reader.map()?;
        while fields.next(reader)? {
            match reader.uint()? {
                field::ITEM => output = output.set_item(self.read_item(&mut items, reader)?),
                field::CONSUMED_CAPACITY => {
                    let capacity = if_wanted(self.capacity, read_capacity(reader)?);
                    output = output.set_consumed_capacity(capacity);
                }
                // A later server may send more fields. They are no reason to fail the read.
                _ => reader.skip()?,
            }
        }
        items.finish(output.build())
    }

    fn read_item(&self, items: &mut ItemReader<'_>, reader: &mut Reader<'_>) -> Result<Option<Attributes>, DecodeStop> {
        if reader.null()? {
            return Ok(None);
        }
        if let Some(projection) = &self.projection {
            return Ok(Some(projection.read(reader)?));
        }
        let mut item = items.item(reader, self.key.len())?;
        copy_key(self.key.keys().map(String::as_str), &self.key, &mut item);
        Ok(Some(item))
    }
}
