//! The shortener's tables, with the schema that is deployed.

use links::item::{CREATED_AT_ATTRIBUTE, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX};

use crate::dynamodb::{IndexDefinition, TableDefinition};

/// The links table.
pub(crate) const LINKS: TableDefinition = TableDefinition {
    name: "links",
    key_attribute: KEY_ATTRIBUTE,
    index: Some(IndexDefinition {
        name: OWNER_INDEX,
        hash_attribute: OWNER_ATTRIBUTE,
        range_attribute: CREATED_AT_ATTRIBUTE,
    }),
};

/// The keys table.
pub(crate) const KEYS: TableDefinition =
    TableDefinition { name: "keys", key_attribute: links::key::item::KEY_ATTRIBUTE, index: None };

/// All tables.
pub(crate) const ALL: [TableDefinition; 2] = [LINKS, KEYS];
