//! Sizes of item collections, by table, as the batch and transaction writes report them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ItemCollectionMetrics;
use dax_protocol::cbor::{Reader, Result};

use crate::codec::item::ItemReader;
use crate::codec::usage::read_metrics;

pub(super) fn read_tables_metrics(
    items: &mut ItemReader<'_>,
    reader: &mut Reader<'_>,
) -> Result<HashMap<String, Vec<ItemCollectionMetrics>>> {
    let mut all = HashMap::new();
    if reader.null()? {
        return Ok(all);
    }
    let mut tables = reader.map()?;
    while tables.next(reader)? {
        let table = reader.text()?.into_owned();
        let schema = items.key_schema(&table);
        let mut elements = reader.array()?;
        let mut collections = Vec::with_capacity(elements.reserve());
        while elements.next(reader)? {
            match schema {
                Some(schema) => collections.extend(read_metrics(schema, reader)?),
                None => reader.skip()?,
            }
        }
        all.insert(table, collections);
    }
    Ok(all)
}
