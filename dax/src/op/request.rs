//! What writing requests has in common.

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnItemCollectionMetrics};

use crate::cbor::Writer;
use crate::codec::item::{ItemError, push_once, write_item};
use crate::codec::{
    Attributes, EncodeStop, KeyError, KeySchema, Lookup, Metadata, Method, write_exact_key,
    write_key,
};
use crate::error::Error;
use crate::expression::ExpressionError;

/// What is wrong with an input.
#[derive(Debug)]
pub(super) struct Refusal(String);

pub(super) type Checked<T> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn of(self, method: Method) -> Error {
        Error::validation(method, self.0)
    }
}

impl From<ExpressionError> for Refusal {
    fn from(error: ExpressionError) -> Self {
        Self(error.to_string())
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self(error.to_string())
    }
}

impl From<ItemError> for Refusal {
    fn from(error: ItemError) -> Self {
        Self(error.to_string())
    }
}

/// A parameter that the operation cannot do without.
pub(super) fn required<'a, T: ?Sized>(parameter: &str, value: Option<&'a T>) -> Checked<&'a T> {
    let what = "parameter is required but was not present in the request";
    value.ok_or_else(|| Refusal::new(format!("The {parameter} {what}")))
}

/// A value beyond those that DynamoDB's model allows.
pub(super) fn out_of_model(
    value: impl std::fmt::Display,
    parameter: &str,
    constraint: &str,
) -> Refusal {
    let what = "1 validation error detected: Value";
    Refusal::new(format!(
        "{what} '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
    ))
}

/// Fails unless between `at_least` and `at_most` elements are there.
pub(super) fn check_count(
    parameter: &str,
    count: usize,
    at_least: usize,
    at_most: usize,
) -> Checked<()> {
    let (relation, bound) = match count {
        _ if count < at_least => ("greater", at_least),
        _ if count > at_most => ("less", at_most),
        _ => return Ok(()),
    };
    let constraint = format!("Member must have length {relation} than or equal to {bound}");
    Err(out_of_model(
        format_args!("[{count} members]"),
        parameter,
        &constraint,
    ))
}

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
            Err(out_of_model(
                other,
                "returnItemCollectionMetrics",
                constraint,
            ))
        }
    }
}

/// Writes a request, collecting the lookups that it turns out to need.
///
/// Where one is missing, nothing is written in the place of what needs it; [`finish`](Self::finish) then refuses the
/// whole.
pub(super) struct Request<'m, 'o> {
    method: Method,
    metadata: &'m Metadata,
    missing: Vec<Lookup>,
    pub(super) writer: Writer<'o>,
}

impl<'m, 'o> Request<'m, 'o> {
    pub(super) fn open(method: Method, metadata: &'m Metadata, out: &'o mut Vec<u8>) -> Self {
        let mut writer = Writer::new(out);
        method.open(&mut writer);
        Self {
            method,
            metadata,
            missing: Vec::new(),
            writer,
        }
    }

    /// A name as a byte string, as all methods but the batch ones have it.
    pub(super) fn table(&mut self, name: &str) {
        self.writer.bytes(name.as_bytes());
    }

    /// A key that consists of nothing but key attributes. Returns where it stands in the output.
    pub(super) fn exact_key(
        &mut self,
        table: &str,
        key: &Attributes,
    ) -> Result<std::ops::Range<usize>, EncodeStop> {
        self.nested(table, |schema, _, _, writer| {
            Ok(write_exact_key(schema, key, writer)?)
        })
    }

    /// The key of an item. Returns where it stands in the output.
    pub(super) fn key_of_item(
        &mut self,
        table: &str,
        item: &Attributes,
    ) -> Result<std::ops::Range<usize>, EncodeStop> {
        self.nested(table, |schema, _, _, writer| {
            write_key(schema, item, writer).map_err(|error| match error {
                KeyError::Missing { name } => Refusal::new(format!(
                    "One or more parameter values were invalid: Missing the key {name} in the item"
                )),
                other => other.into(),
            })
        })
    }

    /// The attributes of an item that are not part of its key.
    pub(super) fn item(&mut self, table: &str, item: &Attributes) -> Result<(), EncodeStop> {
        self.nested(table, |schema, metadata, missing, writer| {
            Ok(write_item(schema, item, metadata, missing, writer)?)
        })
        .map(drop)
    }

    /// The map of optional parameters.
    pub(super) fn options(&mut self, write: impl FnOnce(&mut Options<'_, 'o>)) {
        self.writer.open_map();
        write(&mut Options {
            writer: &mut self.writer,
        });
        self.writer.close();
    }

    /// The key schema of a table, if it is known.
    pub(super) fn key_schema(&mut self, table: &str) -> Option<&'m KeySchema> {
        let schema = self.metadata.key_schema(table);
        if schema.is_none() {
            push_once(
                &mut self.missing,
                Lookup::KeySchema {
                    table: table.to_owned(),
                },
            );
        }
        schema.map(AsRef::as_ref)
    }

    /// Fails if two of these keys, which stand in the output, are the same.
    pub(super) fn check_distinct(
        &mut self,
        keys: &[std::ops::Range<usize>],
    ) -> Result<(), EncodeStop> {
        if !self.is_complete() {
            return Ok(());
        }
        let written: &[u8] = self.writer.buffer();
        let mut keys: Vec<&[u8]> = keys
            .iter()
            .filter_map(|range| written.get(range.clone()))
            .collect();
        keys.sort_unstable();
        if keys
            .windows(2)
            .any(|pair| matches!(pair, [first, second] if first == second))
        {
            return Err(self.refuse(Refusal::new(
                "Provided list of item keys contains duplicates",
            )));
        }
        Ok(())
    }

    /// Bytes of the output.
    pub(super) fn written(&mut self, range: &std::ops::Range<usize>) -> &[u8] {
        self.writer.buffer().get(range.clone()).unwrap_or_default()
    }

    pub(super) fn refuse(&self, refusal: Refusal) -> EncodeStop {
        EncodeStop::Invalid(refusal.of(self.method))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    pub(super) fn finish(self) -> Result<(), EncodeStop> {
        if self.is_complete() {
            Ok(())
        } else {
            Err(EncodeStop::Need(self.missing))
        }
    }

    fn nested(
        &mut self,
        table: &str,
        write: impl FnOnce(&KeySchema, &Metadata, &mut Vec<Lookup>, &mut Writer<'_>) -> Checked<()>,
    ) -> Result<std::ops::Range<usize>, EncodeStop> {
        let start = self.writer.buffer().len();
        if let Some(schema) = self.key_schema(table) {
            let (metadata, missing) = (self.metadata, &mut self.missing);
            let written = self
                .writer
                .nested(|writer| write(schema, metadata, missing, writer));
            written.map_err(|refusal| self.refuse(refusal))?;
        }
        Ok(start..self.writer.buffer().len())
    }
}

/// Writes optional parameters. Callers give them in ascending order.
pub(super) struct Options<'w, 'o> {
    writer: &'w mut Writer<'o>,
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
        self.uint(
            Parameter::ConsumedCapacity,
            (wanted != CapacityWanted::None).then_some(wanted as u64),
        );
    }

    fn key(&mut self, parameter: Parameter) {
        self.writer.uint(parameter as u64);
    }
}
