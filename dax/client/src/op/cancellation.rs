//! Why a transaction was cancelled.

use aws_sdk_dynamodb::types::CancellationReason;

use crate::codec::item::ItemReader;
use crate::codec::key::copy_key;
use crate::codec::{Attributes, DecodeStop, Metadata};

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
