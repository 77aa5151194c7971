//! The shortener's tables, with the schema that is deployed.

use links::clicks::item;
use links::item::{CREATED_AT_ATTRIBUTE, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX};

use crate::dynamodb::{IndexDefinition, TableDefinition};

/// The links table.
pub(crate) const LINKS: TableDefinition = TableDefinition {
    name: "links",
    key_attribute: KEY_ATTRIBUTE,
    sort_attribute: None,
    ttl_attribute: None,
    index: Some(IndexDefinition {
        name: OWNER_INDEX,
        hash_attribute: OWNER_ATTRIBUTE,
        range_attribute: CREATED_AT_ATTRIBUTE,
    }),
};

/// The keys table.
pub(crate) const KEYS: TableDefinition = TableDefinition {
    name: "keys",
    key_attribute: links::key::item::KEY_ATTRIBUTE,
    sort_attribute: None,
    ttl_attribute: None,
    index: None,
};

/// The clicks table.
pub(crate) const CLICKS: TableDefinition = TableDefinition {
    name: "clicks",
    key_attribute: item::PARTITION,
    sort_attribute: Some(item::SORT),
    ttl_attribute: Some(item::TTL),
    index: None,
};

/// All tables.
pub(crate) const ALL: [TableDefinition; 3] = [LINKS, KEYS, CLICKS];
