//! `BatchWriteItem`

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemError, BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use dax_protocol::parameter::CapacityDetail;

use super::Operation;
use super::metrics::read_tables_metrics;
use super::parameter::{capacity_wanted, if_wanted, metrics_wanted};
use super::refusal::{Checked, Refusal, check_count, required};
use super::request::Request;
use crate::codec::item::ItemReader;
use crate::codec::usage::read_capacities;
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata, answer, read_key};
use crate::error::Error;

/// Most writes in a request.
const MAX_WRITES: usize = 25;

/// A prepared `BatchWriteItem` call.
#[derive(Debug)]
pub struct BatchWriteItem {
    /// In the order of the tables' names.
    tables: Vec<(String, Vec<Write>)>,
    capacity: CapacityDetail,
    metrics: bool,
}

#[derive(Debug)]
enum Write {
    Put(Attributes),
    Delete(Attributes),
}

impl Operation for BatchWriteItem {
    const METHOD: Method = Method::BatchWriteItem;
    type Input = BatchWriteItemInput;
    type Output = BatchWriteItemOutput;
    type Error = BatchWriteItemError;

    fn prepare(input: BatchWriteItemInput, _: &mut dyn FnMut() -> u128) -> Result<Self, Error> {
        Self::parse(input).map_err(|refusal| refusal.of(Self::METHOD))
    }

    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop> {
        let mut request = Request::open(Self::METHOD, metadata, out);
        request.writer.map(self.tables.len());
        for (table, writes) in &self.tables {
            request.writer.text(table);
            request.writer.array(2 * writes.len());
            let mut keys = Vec::with_capacity(writes.len());
            for write in writes {
                keys.push(write.write(table, &mut request)?);
            }
            request.check_distinct(&keys)?;
        }
        request.options(|options| {
            options.capacity(self.capacity);
            options.metrics(self.metrics);
        });
        request.finish()
    }

    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<BatchWriteItemOutput, DecodeStop> {
        answer::read(Self::METHOD, answer, |reader| self.read(metadata, reader))
    }

    fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(|(table, _)| table.as_str()).collect()
    }
}

impl Write {
    fn parse(request: WriteRequest) -> Checked<Self> {
        match (request.put_request, request.delete_request) {
            (Some(put), None) => Ok(Self::Put(put.item)),
            (None, Some(delete)) => Ok(Self::Delete(delete.key)),
            _ => Err(Refusal::new("A WriteRequest must have exactly one of PutRequest and DeleteRequest")),
        }
    }

    /// Writes key and item; returns where the key stands.
    fn write(&self, table: &str, request: &mut Request<'_, '_>) -> Result<std::ops::Range<usize>, EncodeStop> {
        match self {
            Self::Put(item) => {
                let key = request.key_of_item(table, item)?;
                request.item(table, item)?;
                Ok(key)
            }
            Self::Delete(key) => {
                let key = request.exact_key(table, key)?;
                request.writer.null();
                Ok(key)
            }
        }
    }
}

impl BatchWriteItem {
    fn parse(input: BatchWriteItemInput) -> Checked<Self> {
        required("RequestItems", input.request_items.as_ref())?;
        let requests = input.request_items.unwrap_or_default();
        check_count("requestItems", requests.len(), 1, MAX_WRITES)?;
        let mut tables = Vec::with_capacity(requests.len());
        for (table, requests) in requests {
            check_count("requestItems.member", requests.len(), 1, MAX_WRITES)?;
            tables.push((table, requests.into_iter().map(Write::parse).collect::<Checked<Vec<_>>>()?));
        }
        tables.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if tables.iter().map(|(_, writes)| writes.len()).sum::<usize>() > MAX_WRITES {
            return Err(Refusal::new("Too many items requested for the BatchWriteItem call"));
        }
        let capacity = capacity_wanted(input.return_consumed_capacity.as_ref())?;
        let metrics = metrics_wanted(input.return_item_collection_metrics.as_ref())?;
        Ok(Self { tables, capacity, metrics })
    }

    fn read(&self, metadata: &Metadata, reader: &mut Reader<'_>) -> Result<BatchWriteItemOutput, DecodeStop> {
        let mut items = ItemReader::new(metadata);
        let mut unprocessed = HashMap::new();
        let mut tables = reader.map()?;
        while tables.next(reader)? {
            let table = reader.text()?.into_owned();
            let writes = read_unprocessed(&table, &mut items, reader)?;
            if !writes.is_empty() {
                unprocessed.insert(table, writes);
            }
        }
        let capacities = read_capacities(reader)?;
        let metrics = read_tables_metrics(&mut items, reader)?;
        let output = BatchWriteItemOutput::builder()
            .set_unprocessed_items(Some(unprocessed))
            .set_consumed_capacity(if_wanted(self.capacity, Some(capacities)))
            .set_item_collection_metrics(self.metrics.then_some(metrics))
            .build();
        items.finish(output)
    }
}

/// Writes that the server had no time for: a key, and an item or `null`, in turn. An unprocessed put is given back
/// whole, its key included, so that it can be sent again as it is.
fn read_unprocessed(
    table: &str,
    items: &mut ItemReader<'_>,
    reader: &mut Reader<'_>,
) -> Result<Vec<WriteRequest>, DecodeStop> {
    let schema = items.key_schema(table);
    let mut elements = reader.array()?;
    let mut writes = Vec::with_capacity(elements.reserve());
    while elements.next(reader)? {
        let incomplete = reader.malformed("an unprocessed write without a key");
        let key = reader.bytes()?;
        elements.expect(reader, incomplete)?;
        let put = !reader.null()?;
        let mut attributes = if put { items.item(reader, 2)? } else { Attributes::with_capacity(2) };
        if let Some(schema) = schema {
            read_key(schema, &key, &mut attributes)?;
        }
        let write = if put {
            PutRequest::builder().set_item(Some(attributes)).build().map(|put| WriteRequest::builder().put_request(put))
        } else {
            let delete = DeleteRequest::builder().set_key(Some(attributes)).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete))
        };
        writes.push(write.or(Err(incomplete))?.build());
    }
    Ok(writes)
}
