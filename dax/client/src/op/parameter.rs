//! The optional parameters of requests: their numbers, their values, and how they are written.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics};

use super::refusal::{Checked, out_of_model};
use crate::cbor::Writer;

/// Number of a parameter on the wire.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Parameter {
    Projection = 0,
    ConsistentRead = 2,
    ConsumedCapacity = 3,
    Condition = 4,
    CollectionMetrics = 6,
    ReturnValues = 7,
    Update = 8,
    StartKey = 9,
    Filter = 10,
    IndexName = 11,
    Limit = 13,
    Forward = 14,
    Select = 15,
    Segment = 16,
    TotalSegments = 17,
    RequestToken = 19,
}

/// What the caller wants to know about the capacity that was consumed; the number is that on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum CapacityWanted {
    None = 0,
    Total = 1,
    Indexes = 2,
}

impl CapacityWanted {
    pub(super) fn parse(wanted: Option<&ReturnConsumedCapacity>) -> Checked<Self> {
        match wanted {
            None | Some(ReturnConsumedCapacity::None) => Ok(Self::None),
            Some(ReturnConsumedCapacity::Total) => Ok(Self::Total),
            Some(ReturnConsumedCapacity::Indexes) => Ok(Self::Indexes),
            Some(other) => {
                let constraint = "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]";
                Err(out_of_model(other, "returnConsumedCapacity", constraint))
            }
        }
    }

    /// Something that belongs into the output only if capacity was asked for: the server may send it anyway.
    pub(super) fn keep<T>(self, value: Option<T>) -> Option<T> {
        value.filter(|_| self != Self::None)
    }
}

/// Whether the sizes of item collections are wanted.
pub(super) fn metrics_wanted(wanted: Option<&ReturnItemCollectionMetrics>) -> Checked<bool> {
    match wanted {
        None | Some(ReturnItemCollectionMetrics::None) => Ok(false),
        Some(ReturnItemCollectionMetrics::Size) => Ok(true),
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [SIZE, NONE]";
            Err(out_of_model(other, "returnItemCollectionMetrics", constraint))
        }
    }
}

/// Writes optional parameters. Callers give them in ascending order.
pub(super) struct Options<'w, 'o> {
    pub(super) writer: &'w mut Writer<'o>,
}

impl Options<'_, '_> {
    pub(super) fn bytes(&mut self, parameter: Parameter, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.key(parameter);
            self.writer.bytes(value);
        }
    }

    pub(super) fn text(&mut self, parameter: Parameter, value: &str) {
        self.key(parameter);
        self.writer.text(value);
    }

    pub(super) fn uint(&mut self, parameter: Parameter, value: Option<u64>) {
        if let Some(value) = value {
            self.key(parameter);
            self.writer.uint(value);
        }
    }

    /// A parameter that is left out when it is `false`, written as a boolean.
    pub(super) fn flag(&mut self, parameter: Parameter, value: bool) {
        if value {
            self.key(parameter);
            self.writer.bool(true);
        }
    }

    pub(super) fn capacity(&mut self, wanted: CapacityWanted) {
        self.uint(Parameter::ConsumedCapacity, (wanted != CapacityWanted::None).then_some(wanted as u64));
    }

    fn key(&mut self, parameter: Parameter) {
        self.writer.uint(parameter as u64);
    }
}
