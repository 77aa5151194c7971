//! Parts that several answers have in common.

use aws_sdk_dynamodb::types::{ConsumedCapacity, ItemCollectionMetrics};
use dax_protocol::{cbor::Writer, field};

use crate::{
    failure::Failure,
    request::{expression::Path, projection},
    wire::{
        capacity,
        item::Item,
        value::{self, Attributes},
    },
};

/// The start of an answer: no error codes.
pub(super) fn success() -> Vec<u8> {
    vec![0x80]
}

/// An item, whole or what a projection leaves of it.
pub(super) fn write_item(item: &Item, paths: Option<&[Path]>, writer: &mut Writer<'_>) -> Result<(), Failure> {
    match paths {
        Some(paths) => write_projected(item.attributes(), paths, writer),
        None => {
            writer.bytes(item.encoded());
            Ok(())
        }
    }
}

/// A map from positions in the projection to the values found there.
pub(super) fn write_projected(item: &Attributes, paths: &[Path], writer: &mut Writer<'_>) -> Result<(), Failure> {
    let found: Vec<_> =
        (0..).zip(paths).filter_map(|(position, path)| Some((position, projection::follow(path, item)?))).collect();
    writer.map(found.len());
    for (position, attribute) in found {
        writer.uint(position);
        value::write(attribute, writer).map_err(|cause| Failure::validation(format!("projection: {cause}")))?;
    }
    Ok(())
}

/// The consumed capacity, if DynamoDB reported any, as an entry of the answer's map.
pub(super) fn write_capacity_entry(
    consumed: Option<&ConsumedCapacity>,
    writer: &mut Writer<'_>,
) -> Result<(), Failure> {
    let Some(consumed) = consumed else {
        return Ok(());
    };
    writer.uint(field::CONSUMED_CAPACITY);
    capacity::write(consumed, writer)
}

/// An array of capacities, one for each table.
pub(super) fn write_capacities(consumed: &[ConsumedCapacity], writer: &mut Writer<'_>) -> Result<(), Failure> {
    writer.array(consumed.len());
    consumed.iter().try_for_each(|consumed| capacity::write(consumed, writer))
}

/// A map from tables to arrays of metrics.
pub(super) fn write_metrics_by_table(
    metrics: Option<&std::collections::HashMap<String, Vec<ItemCollectionMetrics>>>,
    writer: &mut Writer<'_>,
) -> Result<(), Failure> {
    writer.map(metrics.map_or(0, std::collections::HashMap::len));
    for (table, metrics) in metrics.into_iter().flatten() {
        let metrics: Vec<_> = metrics.iter().filter_map(capacity::metrics).collect();
        writer.text(table);
        writer.array(metrics.len());
        metrics.into_iter().try_for_each(|metrics| capacity::write_metrics(metrics, writer))?;
    }
    Ok(())
}
