//! The attributes of a link and their names outside the table, for programs that copy whole items.

use super::{
    CACHE_SECONDS, CREATED_AT, EXPIRED_URL, EXPIRES_AT, FORWARD_QUERY, HELD, IDEMPOTENCY_KEY, KEY_ATTRIBUTE, NOTE,
    OWNER, PERMANENT, REDIRECT, REQUEST_DIGEST, RESTORES_TO, STAMP, STATE, TAGS, TARGET, TTL_ATTRIBUTE, UNBLOCKS_TO,
    UPDATED_AT, UPDATED_BY, VALID_FROM, VERSION,
};

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the API and in exports.
    pub name: &'static str,
    /// Its name in the table.
    pub attribute: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number, not negative.
    Number,
    /// Seconds since the epoch.
    Time,
    /// True or false.
    Flag,
    /// A list of strings.
    Texts,
}

/// Every attribute that [`from_link`](super::from_link) can write, in display order; and `ttl`, which earlier releases
/// wrote.
pub const FIELDS: &[Field] = &[
    field("slug", KEY_ATTRIBUTE, Kind::Text),
    field("url", TARGET, Kind::Text),
    field("state", STATE, Kind::Text),
    field("redirect", REDIRECT, Kind::Number),
    field("cache_seconds", CACHE_SECONDS, Kind::Number),
    field("permanent", PERMANENT, Kind::Flag),
    field("forward_query", FORWARD_QUERY, Kind::Flag),
    field("expired_url", EXPIRED_URL, Kind::Text),
    field("created_at", CREATED_AT, Kind::Time),
    field("updated_at", UPDATED_AT, Kind::Time),
    field("valid_from", VALID_FROM, Kind::Time),
    field("expires_at", EXPIRES_AT, Kind::Time),
    field("owner", OWNER, Kind::Text),
    field("version", VERSION, Kind::Number),
    field("tags", TAGS, Kind::Texts),
    field("note", NOTE, Kind::Text),
    field("restores_to", RESTORES_TO, Kind::Text),
    field("unblocks_to", UNBLOCKS_TO, Kind::Text),
    field("held", HELD, Kind::Flag),
    field("updated_by", UPDATED_BY, Kind::Text),
    field("idempotency_key", IDEMPOTENCY_KEY, Kind::Text),
    field("request_digest", REQUEST_DIGEST, Kind::Text),
    field("stamp", STAMP, Kind::Number),
    field("ttl", TTL_ATTRIBUTE, Kind::Time),
];

const fn field(name: &'static str, attribute: &'static str, kind: Kind) -> Field {
    Field { name, attribute, kind }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::item::{from_link, tests::full};

    #[test]
    fn every_attribute_of_a_full_link_is_a_field_of_its_kind() {
        for (name, value) in from_link(&full()) {
            let found = FIELDS.iter().find(|field| field.attribute == name);
            let kind = found.unwrap_or_else(|| panic!("{name} is not a field")).kind;
            let fits = match value {
                AttributeValue::S(_) => kind == Kind::Text,
                AttributeValue::N(_) => matches!(kind, Kind::Number | Kind::Time),
                AttributeValue::Bool(_) => kind == Kind::Flag,
                AttributeValue::L(_) => kind == Kind::Texts,
                _ => false,
            };
            assert!(fits, "{name} is not {kind:?}");
        }
    }

    #[test]
    fn names_and_attributes_are_unique() {
        let names: HashSet<_> = FIELDS.iter().map(|field| field.name).collect();
        let attributes: HashSet<_> = FIELDS.iter().map(|field| field.attribute).collect();
        assert_eq!((names.len(), attributes.len()), (FIELDS.len(), FIELDS.len()));
    }
}
