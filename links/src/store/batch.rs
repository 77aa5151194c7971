//! Reading many items by their keys.

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, SdkError},
    operation::batch_get_item::BatchGetItemError,
    types::builders::KeysAndAttributesBuilder,
};

use crate::item::Item;

/// Most keys that `BatchGetItem` takes.
pub(super) const MAX_KEYS: usize = 100;

/// How often unprocessed keys are requested again. A batch leaves some when its response would be larger than 16 MB, or when
/// the table is throttled.
const ATTEMPTS: u32 = 4;

/// Why not all items were read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    #[error("the request cannot be built")]
    Build(#[from] BuildError),
    #[error("the request failed")]
    Call(#[from] Box<SdkError<BatchGetItemError>>),
    #[error("the table did not read all of a batch in {ATTEMPTS} attempts")]
    Throttled,
}

/// The items that there are of at most [`MAX_KEYS`] keys, in no order. `how` says which attributes, and how recent.
pub(super) async fn read(
    client: &Client,
    table: &str,
    mut keys: Vec<Item>,
    how: KeysAndAttributesBuilder,
) -> Result<Vec<Item>, BatchError> {
    let mut found = Vec::with_capacity(keys.len());
    for _ in 0..ATTEMPTS {
        if keys.is_empty() {
            break;
        }
        let request = how.clone().set_keys(Some(keys)).build()?;
        // The future of a call is large.
        let call = Box::pin(client.batch_get_item().request_items(table, request).send());
        let output = call.await.map_err(Box::new)?;
        found.extend(output.responses.unwrap_or_default().into_values().flatten());
        keys = output.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
    }
    if keys.is_empty() { Ok(found) } else { Err(BatchError::Throttled) }
}
