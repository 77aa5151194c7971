//! `BatchGetItem`

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemError, BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use dax_protocol::parameter::CapacityDetail;

use super::Operation;
use super::parameter::{capacity_wanted, if_wanted, parse_projection};
use super::refusal::{Checked, Refusal, check_count, required};
use super::request::Request;
use crate::codec::item::ItemReader;
use crate::codec::usage::read_capacities;
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata, answer, read_key};
use crate::error::Error;
use crate::expression::{Placeholders, Projection, refuse_mixture};

/// Most keys in a request, and so most tables, since each has at least one key.
const MAX_KEYS: usize = 100;

/// A prepared `BatchGetItem` call.
#[derive(Debug)]
pub struct BatchGetItem {
    /// In the order of the tables' names.
    tables: Vec<TableKeys>,
    capacity: CapacityDetail,
}

#[derive(Debug)]
struct TableKeys {
    table: String,
    wanted: KeysAndAttributes,
    projection: Option<Projection>,
}

impl Operation for BatchGetItem {
    const METHOD: Method = Method::BatchGetItem;
    type Input = BatchGetItemInput;
    type Output = BatchGetItemOutput;
    type Error = BatchGetItemError;

    fn prepare(input: BatchGetItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.writer.map(self.tables.len());
        for keys in &self.tables {
            keys.write(&mut request)?;
        }
        request.options(|options| options.capacity(self.capacity));
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<BatchGetItemOutput, DecodeStop> {
        answer::read(Self::METHOD, answer, |reader| self.read(metadata, reader))
    }

    fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(|keys| keys.table.as_str()).collect()
    }
}

impl TableKeys {
    fn parse(table: String, wanted: KeysAndAttributes) -> Checked<Self> {
        check_count("requestItems.member.keys", wanted.keys.len(), 1, MAX_KEYS)?;
        let old = old_projection(&wanted);
        let mut placeholders = Placeholders::new(wanted.expression_attribute_names.as_ref(), None)?;
        let projection = parse_projection(&mut placeholders, wanted.projection_expression.as_deref(), old)?;
        placeholders.finish()?;
        Ok(Self { table, wanted, projection })
    }

    fn write(&self, request: &mut Request<'_, '_>) -> Result<(), EncodeStop> {
        request.writer.text(&self.table);
        request.writer.array(3);
        request.writer.bool(self.wanted.consistent_read.unwrap_or(false));
        match &self.projection {
            Some(projection) => request.writer.bytes(projection.encoded()),
            None => request.writer.null(),
        }
        request.writer.array(self.wanted.keys.len());
        let mut keys = Vec::with_capacity(self.wanted.keys.len());
        for key in &self.wanted.keys {
            keys.push(request.exact_key(&self.table, key)?);
        }
        request.check_distinct(&keys)
    }

    /// The items of this table: keys and items in turn, or results of the projection.
    fn read_rows(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<Vec<Attributes>> {
        let mut rows = reader.array()?;
        let mut all = Vec::with_capacity(rows.reserve());
        let schema = if self.projection.is_some() { None } else { items.key_schema(&self.table) };
        while rows.next(reader)? {
            if let Some(projection) = &self.projection {
                all.push(projection.read(reader)?);
                continue;
            }
            let key = reader.bytes()?;
            rows.expect(reader, reader.malformed("a key without an item"))?;
            let mut item = items.item(reader, 2)?;
            if let Some(schema) = schema {
                read_key(schema, &key, &mut item)?;
            }
            all.push(item);
        }
        Ok(all)
    }

    /// The keys of this table that the server had no time for, with what else was asked of them.
    fn read_unprocessed(
        &self,
        items: &mut ItemReader<'_>,
        reader: &mut Reader<'_>,
    ) -> dax_protocol::cbor::Result<KeysAndAttributes> {
        let mut unprocessed = self.wanted.clone();
        unprocessed.keys.clear();
        let schema = items.key_schema(&self.table);
        let mut keys = reader.array()?;
        while keys.next(reader)? {
            let bytes = reader.bytes()?;
            let mut key = Attributes::with_capacity(2);
            if let Some(schema) = schema {
                read_key(schema, &bytes, &mut key)?;
            }
            unprocessed.keys.push(key);
        }
        Ok(unprocessed)
    }
}

fn old_projection(wanted: &KeysAndAttributes) -> Option<&[String]> {
    wanted.attributes_to_get.as_deref()
}

impl BatchGetItem {
    fn parse(input: BatchGetItemInput) -> Checked<Self> {
        required("RequestItems", input.request_items.as_ref())?;
        let wanted = input.request_items.unwrap_or_default();
        check_count("requestItems", wanted.len(), 1, MAX_KEYS)?;
        // Not even one for one table and the other for another.
        let mixed = |uses: fn(&KeysAndAttributes) -> bool| wanted.values().any(uses);
        refuse_mixture(
            &[("AttributesToGet", mixed(|keys| old_projection(keys).is_some()))],
            &[("ProjectionExpression", mixed(|keys| keys.projection_expression.is_some()))],
        )?;
        let mut tables =
            wanted.into_iter().map(|(table, wanted)| TableKeys::parse(table, wanted)).collect::<Checked<Vec<_>>>()?;
        tables.sort_unstable_by(|a, b| a.table.cmp(&b.table));
        if tables.iter().map(|keys| keys.wanted.keys.len()).sum::<usize>() > MAX_KEYS {
            return Err(Refusal::new("Too many items requested for the BatchGetItem call"));
        }
        Ok(Self { tables, capacity: capacity_wanted(input.return_consumed_capacity.as_ref())? })
    }

    fn read(&self, metadata: &Metadata, reader: &mut Reader<'_>) -> Result<BatchGetItemOutput, DecodeStop> {
        let mut items = ItemReader::new(metadata);
        let wrong = reader.malformed("a batch has items and unprocessed keys");
        let mut parts = reader.array()?;
        parts.expect(reader, wrong)?;
        let responses = self.read_tables(reader, |keys, reader| keys.read_rows(&mut items, reader))?;
        parts.expect(reader, wrong)?;
        let mut unprocessed = self.read_tables(reader, |keys, reader| keys.read_unprocessed(&mut items, reader))?;
        unprocessed.retain(|_, keys| !keys.keys.is_empty());
        parts.expect_end(reader, wrong)?;
        // The third part stands outside of the array that should hold it.
        let capacities = read_capacities(reader)?;
        let output = BatchGetItemOutput::builder()
            .set_responses(Some(responses))
            .set_unprocessed_keys(Some(unprocessed))
            .set_consumed_capacity(if_wanted(self.capacity, Some(capacities)))
            .build();
        items.finish(output)
    }

    fn read_tables<T>(
        &self,
        reader: &mut Reader<'_>,
        mut read: impl FnMut(&TableKeys, &mut Reader<'_>) -> dax_protocol::cbor::Result<T>,
    ) -> dax_protocol::cbor::Result<HashMap<String, T>> {
        let mut pairs = reader.map()?;
        let mut tables = HashMap::with_capacity(pairs.reserve());
        while pairs.next(reader)? {
            let unknown = reader.malformed("a table that was not asked for");
            let table = reader.text()?;
            let keys = self.tables.iter().find(|keys| keys.table == table).ok_or(unknown)?;
            tables.insert(table.into_owned(), read(keys, reader)?);
        }
        Ok(tables)
    }
}
