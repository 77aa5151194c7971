//! Consumed capacity and item collection metrics. Units are always doubles: clients read nothing shorter.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Capacity, ConsumedCapacity, ItemCollectionMetrics};
use dax_protocol::{cbor::Writer, field::capacity as field};

use super::value;
use crate::failure::Failure;

type Indexes = Option<HashMap<String, Capacity>>;

/// A byte string with the capacity that one table and its indexes gave: the form of everything but transactions.
pub(crate) fn write(capacity: &ConsumedCapacity, writer: &mut Writer<'_>) -> Result<(), Failure> {
    writer.nested(|writer| {
        writer.text(capacity.table_name().unwrap_or_default());
        writer.f64(capacity.capacity_units().unwrap_or_default());
        match capacity.table().and_then(Capacity::capacity_units) {
            Some(units) => writer.f64(units),
            None => writer.null(),
        }
        units_by_index(&capacity.global_secondary_indexes, writer);
        units_by_index(&capacity.local_secondary_indexes, writer);
        Ok(())
    })
}

fn units_by_index(indexes: &Indexes, writer: &mut Writer<'_>) {
    let Some(indexes) = indexes else {
        return writer.null();
    };
    writer.map(indexes.len());
    for (name, capacity) in indexes {
        writer.text(name);
        writer.f64(capacity.capacity_units().unwrap_or_default());
    }
}

/// The form of transactions, which separates reads from writes.
pub(crate) fn write_extended(capacity: &ConsumedCapacity, writer: &mut Writer<'_>) {
    writer.open_map();
    let total = [capacity.capacity_units(), capacity.read_capacity_units(), capacity.write_capacity_units()];
    write_units(total, writer);
    writer.uint(field::TABLE_NAME);
    writer.text(capacity.table_name().unwrap_or_default());
    if let Some(table) = capacity.table() {
        writer.uint(field::TABLE);
        write_part(table, writer);
    }
    for (key, indexes) in [
        (field::GLOBAL_INDEXES, &capacity.global_secondary_indexes),
        (field::LOCAL_INDEXES, &capacity.local_secondary_indexes),
    ] {
        let Some(indexes) = indexes else { continue };
        writer.uint(key);
        writer.map(indexes.len());
        for (name, capacity) in indexes {
            writer.text(name);
            write_part(capacity, writer);
        }
    }
    writer.close();
}

fn write_part(capacity: &Capacity, writer: &mut Writer<'_>) {
    let units = [capacity.capacity_units(), capacity.read_capacity_units(), capacity.write_capacity_units()];
    writer.map(units.iter().flatten().count());
    write_units(units, writer);
}

fn write_units(units: [Option<f64>; 3], writer: &mut Writer<'_>) {
    for (key, units) in [field::UNITS, field::READ_UNITS, field::WRITE_UNITS].into_iter().zip(units) {
        if let Some(units) = units {
            writer.uint(key);
            writer.f64(units);
        }
    }
}

/// Item collection metrics that say which collection: the partition key's value, and the estimated size of its items.
///
/// DynamoDB sends empty ones for tables without local indexes.
pub(crate) fn metrics(metrics: &ItemCollectionMetrics) -> Option<(&AttributeValue, &[f64])> {
    let key = metrics.item_collection_key()?.values().next()?;
    Some((key, metrics.size_estimate_range_gb()))
}

/// A byte string with the partition key's value and both ends of the estimated size.
pub(crate) fn write_metrics((key, size): (&AttributeValue, &[f64]), writer: &mut Writer<'_>) -> Result<(), Failure> {
    writer.nested(|writer| {
        value::write(key, writer).map_err(|cause| Failure::validation(format!("item collection key: {cause}")))?;
        writer.f64(size.first().copied().unwrap_or_default());
        writer.f64(size.get(1).copied().unwrap_or_default());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_a_byte_string_of_five_items() {
        let capacity = ConsumedCapacity::builder().table_name("HashS").capacity_units(0.5).build();
        let mut out = Vec::new();
        write(&capacity, &mut Writer::new(&mut out)).unwrap();
        let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "52654861736853fb3fe0000000000000f6f6f6");
    }
}
