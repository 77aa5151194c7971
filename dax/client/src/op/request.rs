//! Writes requests.

use dax_protocol::Method;
use dax_protocol::cbor::Writer;

use super::parameter::Options;
use super::refusal::{Checked, Refusal};
use crate::codec::control;
use crate::codec::item::{push_once, write_item};
use crate::codec::{Attributes, EncodeStop, KeyError, KeySchema, Lookup, Metadata, write_exact_key, write_key};

/// Writes a request, collecting the lookups that it turns out to need.
///
/// Where one is missing, the part that needs it is left out; [`finish`](Self::finish) then refuses the whole request.
pub(super) struct Request<'m, 'o> {
    method: Method,
    metadata: &'m Metadata,
    missing: Vec<Lookup>,
    pub(super) writer: Writer<'o>,
}

impl<'m, 'o> Request<'m, 'o> {
    pub(super) fn open(method: Method, metadata: &'m Metadata, out: &'o mut Vec<u8>) -> Self {
        let mut writer = Writer::new(out);
        control::open(method, &mut writer);
        Self { method, metadata, missing: Vec::new(), writer }
    }

    pub(super) fn method(&self) -> Method {
        self.method
    }

    /// A name as a byte string, as all methods but the batch ones have it.
    pub(super) fn table(&mut self, name: &str) {
        self.writer.bytes(name.as_bytes());
    }

    /// A key that consists of nothing but key attributes. Returns where it stands in the output.
    pub(super) fn exact_key(&mut self, table: &str, key: &Attributes) -> Result<std::ops::Range<usize>, EncodeStop> {
        self.nested(table, |schema, _, _, writer| Ok(write_exact_key(schema, key, writer)?))
    }

    /// The key of an item. Returns where it stands in the output.
    pub(super) fn key_of_item(&mut self, table: &str, item: &Attributes) -> Result<std::ops::Range<usize>, EncodeStop> {
        self.nested(table, |schema, _, _, writer| {
            write_key(schema, item, writer).map_err(|error| Refusal::unfit(in_item(&error)))
        })
    }

    /// As [`exact_key`](Self::exact_key), or for a whole item [`key_of_item`](Self::key_of_item), for an element of a
    /// transaction.
    pub(super) fn element_key(
        &mut self,
        table: &str,
        attributes: &Attributes,
        is_item: bool,
    ) -> Result<std::ops::Range<usize>, KeyError> {
        let start = self.writer.buffer().len();
        if let Some(schema) = self.key_schema(table) {
            let write = if is_item { write_key } else { write_exact_key };
            self.writer.nested(|writer| write(schema, attributes, writer))?;
        }
        Ok(start..self.writer.buffer().len())
    }

    /// The attributes of an item that are not part of its key.
    pub(super) fn item(&mut self, table: &str, item: &Attributes) -> Result<(), EncodeStop> {
        self.nested(table, |schema, metadata, missing, writer| Ok(write_item(schema, item, metadata, missing, writer)?))
            .map(drop)
    }

    /// The map of optional parameters.
    pub(super) fn options(&mut self, write: impl FnOnce(&mut Options<'_, 'o>)) {
        self.writer.open_map();
        write(&mut Options { writer: &mut self.writer });
        self.writer.close();
    }

    /// The key schema of a table, if it is known.
    pub(super) fn key_schema(&mut self, table: &str) -> Option<&'m KeySchema> {
        let schema = self.metadata.key_schema(table);
        if schema.is_none() {
            push_once(&mut self.missing, Lookup::KeySchema { table: table.to_owned() });
        }
        schema.map(AsRef::as_ref)
    }

    /// Fails if two of these keys, which stand in the output, are the same.
    pub(super) fn check_distinct(&mut self, keys: &[std::ops::Range<usize>]) -> Result<(), EncodeStop> {
        if !self.is_complete() {
            return Ok(());
        }
        let written: &[u8] = self.writer.buffer();
        let mut keys: Vec<&[u8]> = keys.iter().filter_map(|range| written.get(range.clone())).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| matches!(pair, [first, second] if first == second)) {
            return Err(self.refuse(Refusal::new("Provided list of item keys contains duplicates")));
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
        if self.is_complete() { Ok(()) } else { Err(EncodeStop::Need(self.missing)) }
    }

    fn nested(
        &mut self,
        table: &str,
        write: impl FnOnce(&KeySchema, &Metadata, &mut Vec<Lookup>, &mut Writer<'_>) -> Checked<()>,
    ) -> Result<std::ops::Range<usize>, EncodeStop> {
        let start = self.writer.buffer().len();
        if let Some(schema) = self.key_schema(table) {
            let (metadata, missing) = (self.metadata, &mut self.missing);
            let written = self.writer.nested(|writer| write(schema, metadata, missing, writer));
            let is_single = matches!(self.method, Method::PutItem | Method::UpdateItem | Method::DeleteItem);
            written.map_err(|refusal| {
                let refusal = if is_single { refusal.enveloped() } else { refusal };
                refusal.at_table(table, self.method)
            })?;
        }
        Ok(start..self.writer.buffer().len())
    }
}

/// What is wrong with the key in an item.
pub(super) fn in_item(error: &KeyError) -> String {
    match error {
        KeyError::Missing { name } => {
            format!("One or more parameter values were invalid: Missing the key {name} in the item")
        }
        other => other.to_string(),
    }
}
