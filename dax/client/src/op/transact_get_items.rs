//! `TransactGetItems`

use aws_sdk_dynamodb::operation::transact_get_items::{
    TransactGetItemsError, TransactGetItemsInput, TransactGetItemsOutput,
};
use aws_sdk_dynamodb::types::{Get, ItemResponse};
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use dax_protocol::parameter::CapacityDetail;

use super::Operation;
use super::cancellation::{UnfitKeys, with_reasons};
use super::parameter::{capacity_wanted, if_wanted};
use super::refusal::{Checked, Refusal, check_count, required};
use super::request::Request;
use crate::codec::item::ItemReader;
use crate::codec::key::copy_key;
use crate::codec::usage::read_split_capacities;
use crate::codec::{Attributes, DecodeStop, EncodeStop, KeyError, Metadata, answer};
use crate::error::Error;
use crate::expression::{Placeholders, Projection};

/// Most items in a transaction.
pub(super) const MAX_ITEMS: usize = 100;

/// A prepared `TransactGetItems` call.
#[derive(Debug)]
pub struct TransactGetItems {
    gets: Vec<(Get, Option<Projection>)>,
    capacity: CapacityDetail,
}

impl Operation for TransactGetItems {
    const METHOD: Method = Method::TransactGetItems;
    type Input = TransactGetItemsInput;
    type Output = TransactGetItemsOutput;
    type Error = TransactGetItemsError;

    fn prepare(input: TransactGetItemsInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.writer.array(self.gets.len());
        for (get, _) in &self.gets {
            request.table(&get.table_name);
        }
        request.writer.array(self.gets.len());
        let mut unfit = UnfitKeys::default();
        for (get, _) in &self.gets {
            match request.element_key(&get.table_name, &get.key, false) {
                Ok(_) => unfit.none(),
                Err(error @ KeyError::Number(_)) => {
                    return Err(Refusal::from(error).at_table(&get.table_name, Self::METHOD));
                }
                Err(error) => unfit.add(&get.table_name, error.to_string()),
            }
        }
        if request.is_complete() {
            unfit.check(Self::METHOD)?;
        }
        request.writer.array(self.gets.len());
        for (_, projection) in &self.gets {
            match projection {
                Some(projection) => request.writer.bytes(projection.encoded()),
                None => request.writer.null(),
            }
        }
        request.options(|options| options.capacity(self.capacity));
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<TransactGetItemsOutput, DecodeStop> {
        let output = answer::read(Self::METHOD, answer, |reader| self.read(metadata, reader));
        output.map_err(|stop| {
            with_reasons(stop, metadata, |at| self.gets.get(at).map(|(get, _)| (get.table_name.as_str(), &get.key)))
        })
    }

    fn tables(&self) -> Vec<&str> {
        self.gets.iter().map(|(get, _)| get.table_name.as_str()).collect()
    }
}

impl TransactGetItems {
    fn parse(input: TransactGetItemsInput) -> Checked<Self> {
        required("TransactItems", input.transact_items.as_ref())?;
        let items = input.transact_items.unwrap_or_default();
        check_count("transactItems", items.len(), 1, MAX_ITEMS)?;
        let mut gets = Vec::with_capacity(items.len());
        for item in items {
            let get = item.get.ok_or_else(|| Refusal::new("Every element of TransactItems must have a Get"))?;
            let mut placeholders = Placeholders::new(get.expression_attribute_names.as_ref(), None)?;
            let projection = get.projection_expression.as_deref();
            let projection = projection.map(|text| placeholders.projection(text)).transpose()?;
            placeholders.finish()?;
            gets.push((get, projection));
        }
        Ok(Self { gets, capacity: capacity_wanted(input.return_consumed_capacity.as_ref())? })
    }

    fn read(&self, metadata: &Metadata, reader: &mut Reader<'_>) -> Result<TransactGetItemsOutput, DecodeStop> {
        let mut items = ItemReader::new(metadata);
        let wrong = reader.malformed("a transaction has items and capacities");
        let mut parts = reader.array()?;
        parts.expect(reader, wrong)?;
        let count = reader.malformed("another number of items than was asked for");
        let mut elements = reader.array()?;
        let mut responses = Vec::with_capacity(self.gets.len());
        for (get, projection) in &self.gets {
            elements.expect(reader, count)?;
            let item = read_item(get, projection.as_ref(), &mut items, reader)?;
            responses.push(ItemResponse::builder().set_item(item).build());
        }
        elements.expect_end(reader, count)?;
        parts.expect(reader, wrong)?;
        let capacities = read_split_capacities(reader)?;
        parts.expect_end(reader, wrong)?;
        let output = TransactGetItemsOutput::builder()
            .set_responses(Some(responses))
            .set_consumed_capacity(if_wanted(self.capacity, Some(capacities)))
            .build();
        items.finish(output)
    }
}

fn read_item(
    get: &Get,
    projection: Option<&Projection>,
    items: &mut ItemReader<'_>,
    reader: &mut Reader<'_>,
) -> dax_protocol::cbor::Result<Option<Attributes>> {
    if reader.null()? {
        return Ok(None);
    }
    if let Some(projection) = projection {
        return projection.read(reader).map(Some);
    }
    let mut item = items.item(reader, get.key.len())?;
    copy_key(get.key.keys().map(String::as_str), &get.key, &mut item);
    Ok(Some(item))
}
