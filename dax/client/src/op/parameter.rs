//! The optional parameters of requests: how they are checked and written.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics};
use dax_protocol::cbor::Writer;
use dax_protocol::parameter::{CapacityDetail, MetricsDetail, Parameter};

use super::refusal::{Checked, out_of_model};
use crate::expression::{Legacy, Placeholders, Projection};

/// What the caller wants to know about the capacity that was consumed.
pub(super) fn capacity_wanted(wanted: Option<&ReturnConsumedCapacity>) -> Checked<CapacityDetail> {
    match wanted {
        None | Some(ReturnConsumedCapacity::None) => Ok(CapacityDetail::None),
        Some(ReturnConsumedCapacity::Total) => Ok(CapacityDetail::Total),
        Some(ReturnConsumedCapacity::Indexes) => Ok(CapacityDetail::Indexes),
        Some(other) => {
            let constraint = "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]";
            Err(out_of_model(other, "returnConsumedCapacity", constraint))
        }
    }
}

/// The capacity, if it was asked for: the server may send it anyway.
pub(super) fn if_wanted<T>(wanted: CapacityDetail, capacity: Option<T>) -> Option<T> {
    capacity.filter(|_| wanted != CapacityDetail::None)
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

    pub(super) fn capacity(&mut self, wanted: CapacityDetail) {
        self.uint(Parameter::ConsumedCapacity, if_wanted(wanted, Some(wanted.code())));
    }

    pub(super) fn metrics(&mut self, wanted: bool) {
        self.uint(Parameter::CollectionMetrics, wanted.then_some(MetricsDetail::Size.code()));
    }

    fn key(&mut self, parameter: Parameter) {
        self.writer.uint(parameter.code());
    }
}

/// `ProjectionExpression`, or the list of names that came before it.
pub(super) fn parse_projection<'a>(
    placeholders: &mut Placeholders<'a>,
    expression: Option<&'a str>,
    attributes: Option<&[String]>,
) -> Checked<Option<Projection>> {
    Ok(match (expression, attributes) {
        (Some(text), _) => Some(placeholders.projection(text)?),
        (None, Some(attributes)) => Some(Legacy::projection(attributes)?),
        (None, None) => None,
    })
}
