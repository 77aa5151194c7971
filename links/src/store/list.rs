//! The links of an owner, from the index by owner.
//!
//! The index holds keys only, and is read directly: DAX caches query results and does not notice writes. The links
//! themselves are then read from the table, so that a page shows them as they are.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::{LinkLister, Page, Position, StoreError, dynamodb::DynamoDbStore};
use crate::{
    Slug, Timestamp,
    item::{self, CREATED_AT_ATTRIBUTE, Item, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX},
};

/// Most links on a page: as many keys as one `BatchGetItem` takes.
pub const MAX_PAGE: usize = 100;
/// How often unprocessed keys of a batch are requested again. A batch leaves keys unprocessed when its response would be
/// larger than 16 MB, which a page of links cannot be, or when the table is throttled.
const BATCH_ATTEMPTS: u32 = 4;

impl LinkLister for DynamoDbStore {
    async fn list(&self, owner: &str, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE);
        // One more than requested tells whether there is a next page.
        let mut positions = self.positions(owner, limit + 1, after).await?;
        let has_more = positions.len() > limit;
        positions.truncate(limit);
        let mut page = Page {
            links: Vec::with_capacity(positions.len()),
            next: positions.last().filter(|_| has_more).cloned(),
            malformed: Vec::new(),
        };
        let mut items = self.items(&positions).await?;
        for position in positions {
            // An item that is missing was cleaned up between the two reads.
            match items.remove(position.slug.as_str()).map(item::to_link) {
                None => {}
                Some(Ok(link)) => page.links.push(link),
                Some(Err(source)) => page.malformed.push(StoreError::Malformed { slug: position.slug, source }),
            }
        }
        Ok(page)
    }
}

impl DynamoDbStore {
    async fn positions(
        &self,
        owner: &str,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<Vec<Position>, StoreError> {
        let output = self
            .client()
            .query()
            .table_name(self.table())
            .index_name(OWNER_INDEX)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER_ATTRIBUTE)
            .expression_attribute_values(":owner", item::text(owner))
            .scan_index_forward(false)
            .set_limit(i32::try_from(limit).ok())
            .set_exclusive_start_key(after.map(|position| index_key(owner, position)))
            .send()
            .await
            .map_err(StoreError::unavailable("Query"))?;
        Ok(output.items().iter().filter_map(position).collect())
    }

    /// The items there, by slug.
    async fn items(&self, positions: &[Position]) -> Result<HashMap<String, Item>, StoreError> {
        let mut found = HashMap::with_capacity(positions.len());
        let mut keys: Vec<Item> = positions.iter().map(|position| item::key(&position.slug)).collect();
        for _ in 0..BATCH_ATTEMPTS {
            if keys.is_empty() {
                return Ok(found);
            }
            let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            let request = request.map_err(StoreError::unavailable("BatchGetItem"))?;
            let output = self.client().batch_get_item().request_items(self.table(), request).send().await;
            let output = output.map_err(StoreError::unavailable("BatchGetItem"))?;
            let items = output.responses.unwrap_or_default().into_values().flatten();
            found.extend(items.filter_map(|item| match item.get(KEY_ATTRIBUTE) {
                Some(AttributeValue::S(slug)) => Some((slug.clone(), item)),
                _ => None,
            }));
            keys = output.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
        }
        if keys.is_empty() { Ok(found) } else { Err(StoreError::unavailable("BatchGetItem")(Throttled)) }
    }
}

/// The table left keys unprocessed every time.
#[derive(Debug, thiserror::Error)]
#[error("the table did not read all of a batch in {BATCH_ATTEMPTS} attempts")]
struct Throttled;

fn index_key(owner: &str, position: &Position) -> Item {
    let mut key = item::key(&position.slug);
    key.insert(OWNER_ATTRIBUTE.to_owned(), item::text(owner));
    key.insert(CREATED_AT_ATTRIBUTE.to_owned(), item::time(position.created_at));
    key
}

/// The position of an index entry. An entry whose key is not a slug was not created by this service.
fn position(entry: &Item) -> Option<Position> {
    let slug: Slug = entry.get(KEY_ATTRIBUTE)?.as_s().ok()?.parse().ok()?;
    let created_at = entry.get(CREATED_AT_ATTRIBUTE)?.as_n().ok()?.parse().ok()?;
    Some(Position { created_at: Timestamp::from_unix_seconds(created_at), slug })
}
