//! The requests that are sent to DAX and to DynamoDB, each built once.
//!
//! DAX takes the finished input, the SDK's client the builder.

use aws_sdk_dynamodb::{
    operation::{
        get_item::{GetItemInput, builders::GetItemInputBuilder},
        put_item::{PutItemInput, builders::PutItemInputBuilder},
        update_item::{UpdateItemInput, builders::UpdateItemInputBuilder},
    },
    types::AttributeValue,
};
use jiff::civil::Date;

use crate::{
    Link, Slug, Timestamp,
    clicks::item::{PARTITION, SALT_PARTITION, SORT},
    item::{self, Item, update::Update},
    key::{self, KeyHash, KeyRecord},
    store::Freshness,
};

/// Reads a link.
pub(super) fn read(table: &str, slug: &Slug, freshness: Freshness) -> GetItemInputBuilder {
    let is_strong = freshness == Freshness::Strong;
    GetItemInput::builder().table_name(table).set_key(Some(item::key(slug))).consistent_read(is_strong)
}

/// Stores a link unless its slug is taken.
pub(super) fn create(table: &str, link: &Link) -> PutItemInputBuilder {
    let item = item::from_link(link);
    PutItemInput::builder().table_name(table).set_item(Some(item)).condition_expression(item::IS_NEW)
}

/// Replaces `before` with `after` unless another change came first.
pub(super) fn update(table: &str, before: &Link, after: &Link) -> UpdateItemInputBuilder {
    let update = Update::between(before, after);
    UpdateItemInput::builder()
        .table_name(table)
        .set_key(Some(item::key(&before.slug)))
        .update_expression(update.expression)
        .condition_expression(update.condition)
        .set_expression_attribute_names(Some(update.names))
        .set_expression_attribute_values(Some(update.values))
}

/// Reads a key as it is in the table now.
pub(super) fn find_key(table: &str, hash: &KeyHash) -> GetItemInputBuilder {
    GetItemInput::builder().table_name(table).set_key(Some(key::item::key(hash))).consistent_read(true)
}

/// Stores a key unless its hash is there already.
pub(super) fn create_key(table: &str, hash: &KeyHash, record: &KeyRecord) -> PutItemInputBuilder {
    PutItemInput::builder()
        .table_name(table)
        .set_item(Some(key::item::from_record(hash, record)))
        .condition_expression("attribute_not_exists(#hash)")
        .expression_attribute_names("#hash", key::item::KEY_ATTRIBUTE)
}

/// Reads the salt of a day. It was made long before, so any replica has it.
pub(super) fn salt(table: &str, day: Date) -> GetItemInputBuilder {
    GetItemInput::builder()
        .table_name(table)
        .key(PARTITION, AttributeValue::S(SALT_PARTITION.to_owned()))
        .key(SORT, AttributeValue::S(day.to_string()))
}

/// Sets a time of an existing key, provided that `condition` holds, which names it `#attribute` and its new value
/// `:value`.
pub(super) fn set_key_time(
    table: &str,
    key: Item,
    attribute: &str,
    value: Timestamp,
    condition: &str,
) -> UpdateItemInputBuilder {
    UpdateItemInput::builder()
        .table_name(table)
        .set_key(Some(key))
        .update_expression("SET #attribute = :value")
        // An update would create an item that does not exist.
        .condition_expression(format!("attribute_exists(#hash) AND ({condition})"))
        .expression_attribute_names("#hash", key::item::KEY_ATTRIBUTE)
        .expression_attribute_names("#attribute", attribute)
        .expression_attribute_values(":value", item::time(value))
}
