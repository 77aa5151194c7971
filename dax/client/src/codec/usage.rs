//! What a call consumed, and how large item collections are.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Capacity, ConsumedCapacity, ItemCollectionMetrics};
use dax_protocol::cbor::{Reader, Result};
use dax_protocol::field::capacity as field;

use super::KeySchema;
use super::attribute::{read_f64, read_value};

/// Reads `null`, or a byte string of five items: table, total units, table units, global and local index units.
pub(crate) fn read_capacity(reader: &mut Reader<'_>) -> Result<Option<ConsumedCapacity>> {
    if reader.null()? {
        return Ok(None);
    }
    let bytes = reader.bytes()?;
    let mut reader = Reader::whole(&bytes);
    let capacity = ConsumedCapacity::builder()
        .table_name(reader.text()?)
        .capacity_units(read_f64(&mut reader)?)
        .set_table(optional(&mut reader, |reader| Ok(units(read_f64(reader)?)))?)
        .set_global_secondary_indexes(optional(&mut reader, |reader| read_indexes(reader, plain_units))?.flatten())
        .set_local_secondary_indexes(optional(&mut reader, |reader| read_indexes(reader, plain_units))?.flatten())
        .build();
    reader.end()?;
    Ok(Some(capacity))
}

/// Reads an array of what [`read_capacity`] reads, or `null`.
pub(crate) fn read_capacities(reader: &mut Reader<'_>) -> Result<Vec<ConsumedCapacity>> {
    let mut all = Vec::new();
    if reader.null()? {
        return Ok(all);
    }
    let mut items = reader.array()?;
    while items.next(reader)? {
        all.extend(read_capacity(reader)?);
    }
    Ok(all)
}

/// Reads an array of capacities in the form that transactions use: maps that tell reads from writes.
pub(crate) fn read_split_capacities(reader: &mut Reader<'_>) -> Result<Vec<ConsumedCapacity>> {
    let mut all = Vec::new();
    if reader.null()? {
        return Ok(all);
    }
    let mut items = reader.array()?;
    while items.next(reader)? {
        all.push(read_split_capacity(reader)?);
    }
    Ok(all)
}

fn read_split_capacity(reader: &mut Reader<'_>) -> Result<ConsumedCapacity> {
    let mut capacity = ConsumedCapacity::builder();
    let mut fields = reader.map()?;
    while fields.next(reader)? {
        let key = reader.uint()?;
        if reader.null()? {
            continue;
        }
        capacity = match key {
            field::UNITS => capacity.capacity_units(read_f64(reader)?),
            field::READ_UNITS => capacity.read_capacity_units(read_f64(reader)?),
            field::WRITE_UNITS => capacity.write_capacity_units(read_f64(reader)?),
            field::TABLE_NAME => capacity.table_name(reader.text()?),
            field::TABLE => capacity.table(split_units(reader)?),
            field::GLOBAL_INDEXES => capacity.set_global_secondary_indexes(read_indexes(reader, split_units)?),
            field::LOCAL_INDEXES => capacity.set_local_secondary_indexes(read_indexes(reader, split_units)?),
            _ => return Err(reader.malformed("unknown field of a capacity")),
        };
    }
    Ok(capacity.build())
}

fn split_units(reader: &mut Reader<'_>) -> Result<Capacity> {
    let mut capacity = Capacity::builder();
    let mut fields = reader.map()?;
    while fields.next(reader)? {
        capacity = match reader.uint()? {
            field::UNITS => capacity.capacity_units(read_f64(reader)?),
            field::READ_UNITS => capacity.read_capacity_units(read_f64(reader)?),
            field::WRITE_UNITS => capacity.write_capacity_units(read_f64(reader)?),
            _ => return Err(reader.malformed("unknown field of a capacity")),
        };
    }
    Ok(capacity.build())
}

fn plain_units(reader: &mut Reader<'_>) -> Result<Capacity> {
    Ok(units(read_f64(reader)?))
}

fn units(units: f64) -> Capacity {
    Capacity::builder().capacity_units(units).build()
}

/// No indexes and an empty map of them are the same to DynamoDB, which leaves the field out.
fn read_indexes(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<Capacity>,
) -> Result<Option<HashMap<String, Capacity>>> {
    let mut pairs = reader.map()?;
    let mut indexes = HashMap::with_capacity(pairs.reserve());
    while pairs.next(reader)? {
        let name = reader.text()?.into_owned();
        indexes.insert(name, read(reader)?);
    }
    Ok((!indexes.is_empty()).then_some(indexes))
}

fn optional<T>(reader: &mut Reader<'_>, read: impl FnOnce(&mut Reader<'_>) -> Result<T>) -> Result<Option<T>> {
    if reader.null()? { Ok(None) } else { read(reader).map(Some) }
}

/// Reads `null`, or a byte string of three items: a partition key, and the bounds of its collection's size in GB.
pub(crate) fn read_metrics(schema: &KeySchema, reader: &mut Reader<'_>) -> Result<Option<ItemCollectionMetrics>> {
    if reader.null()? {
        return Ok(None);
    }
    let bytes = reader.bytes()?;
    let mut reader = Reader::whole(&bytes);
    let metrics = ItemCollectionMetrics::builder()
        .item_collection_key(schema.hash.name.as_str(), read_value(&mut reader)?)
        .size_estimate_range_gb(read_f64(&mut reader)?)
        .size_estimate_range_gb(read_f64(&mut reader)?)
        .build();
    reader.end()?;
    Ok(Some(metrics))
}
