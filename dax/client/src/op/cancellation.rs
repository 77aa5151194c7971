//! Why a transaction was cancelled.

use aws_sdk_dynamodb::types::CancellationReason;
use dax_protocol::exception::reach;
use dax_protocol::{Exception, Method};

use crate::codec::item::ItemReader;
use crate::codec::key::copy_key;
use crate::codec::{Attributes, DecodeStop, EncodeStop, Metadata};
use crate::error::{Error, ServerError};

/// If the transaction was cancelled: reads the old items in its reasons. `key_of` gives the table of the n-th element of
/// the request, and attributes that its key is among.
///
/// This may need lookups, like any item.
pub(super) fn with_reasons<'k>(
    stop: DecodeStop,
    metadata: &Metadata,
    key_of: impl Fn(usize) -> Option<(&'k str, &'k Attributes)>,
) -> DecodeStop {
    let DecodeStop::Server(mut error) = stop else {
        return stop;
    };
    let mut items = ItemReader::new(metadata);
    let mut reasons = Vec::with_capacity(error.raw_reasons.len());
    for (at, raw) in error.raw_reasons.iter().enumerate() {
        let mut reason = CancellationReason::builder().set_code(raw.code.clone()).set_message(raw.message.clone());
        if let Some(bytes) = &raw.item {
            let mut item = match items.item_content(bytes, 2) {
                Ok(item) => item,
                Err(malformed) => return malformed.into(),
            };
            if let Some((table, key)) = key_of(at)
                && let Some(schema) = items.key_schema(table)
            {
                copy_key(schema.attributes().map(|key| key.name.as_str()), key, &mut item);
            }
            reason = reason.set_item(Some(item));
        }
        reasons.push(reason.build());
    }
    match items.finish(reasons) {
        Ok(reasons) => {
            error.cancellation_reasons = reasons;
            DecodeStop::Server(error)
        }
        Err(need) => need,
    }
}

/// Elements of a transaction whose keys do not fit their tables. To DynamoDB they cancel the transaction, so they are
/// reported here in the same form.
#[derive(Debug, Default)]
pub(super) struct UnfitKeys<'a> {
    /// The first such table.
    table: Option<&'a str>,
    /// By element, what is wrong with it.
    reasons: Vec<Option<String>>,
}

impl<'a> UnfitKeys<'a> {
    /// The next element is right.
    pub(super) fn none(&mut self) {
        self.reasons.push(None);
    }

    /// This is wrong with the next element.
    pub(super) fn add(&mut self, table: &'a str, reason: String) {
        self.table.get_or_insert(table);
        self.reasons.push(Some(reason));
    }

    /// Refuses the transaction if an element is wrong.
    pub(super) fn check(self, method: Method) -> Result<(), EncodeStop> {
        let Some(table) = self.table else { return Ok(()) };
        let codes: Vec<&str> = self.reasons.iter().map(|reason| code(reason.as_ref())).collect();
        let what = "Transaction cancelled, please refer cancellation reasons for specific reasons";
        let message = format!("{what} [{}]", codes.join(", "));
        let mut error = ServerError::new(method, Exception::TransactionCanceled.codes(reach::CLIENT), message);
        error.cancellation_reasons = self
            .reasons
            .into_iter()
            .map(|reason| CancellationReason::builder().code(code(reason.as_ref())).set_message(reason).build())
            .collect();
        Err(EncodeStop::Unfit { table: table.to_owned(), error: Error::Server(Box::new(error)) })
    }
}

fn code(reason: Option<&String>) -> &'static str {
    if reason.is_some() { "ValidationError" } else { "None" }
}
