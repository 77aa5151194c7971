//! How a key is stored. No other module knows the names of these attributes.
//!
//! The table has the hash key `hash`: the SHA-256 of the token in lower-case hexadecimal. Times are numbers, in seconds
//! since the epoch.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    item::{Item, ItemError, invalid, number, required, take_number, take_text, take_texts, take_time, text, time},
    key::{KeyHash, KeyRecord, Scope},
};

/// The table's hash key, a string: the hash of a token.
pub const KEY_ATTRIBUTE: &str = "hash";

/// The key of the one item that is not an API key: the operator's lists of hosts. No hash has this form.
pub const HOSTS_KEY: &str = "hosts";

pub(crate) const KEY_ID: &str = "key_id";
pub(crate) const LAST_USED_ON: &str = "last_used_on";
pub(crate) const REVOKED_AT: &str = "revoked_at";
const OWNER: &str = "owner";
const SCOPES: &str = "scopes";
const LABEL: &str = "label";
const CREATED_AT: &str = "created_at";
const EXPIRES_AT: &str = "expires_at";
const RATE: &str = "rate";

/// The key of an item.
pub fn key(hash: &KeyHash) -> Item {
    Item::from([(KEY_ATTRIBUTE.to_owned(), AttributeValue::S(hash.to_string()))])
}

/// The whole item of a key.
pub fn from_record(hash: &KeyHash, record: &KeyRecord) -> Item {
    let mut item = key(hash);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    let scopes = record.scopes.iter().map(|scope| text(scope.name()));
    put(KEY_ID, Some(text(record.key_id.as_str())));
    put(OWNER, Some(text(&record.owner)));
    put(SCOPES, Some(AttributeValue::L(scopes.collect())));
    put(LABEL, record.label.as_deref().map(text));
    put(CREATED_AT, Some(time(record.created_at)));
    put(LAST_USED_ON, record.last_used_on.map(time));
    put(REVOKED_AT, record.revoked_at.map(time));
    put(EXPIRES_AT, record.expires_at.map(time));
    put(RATE, record.rate.map(number));
    item
}

/// The key that an item holds. A scope with an unknown name allows nothing: a newer release may have created the key.
///
/// # Errors
/// [`ItemError`] when an attribute is missing or is not what the schema says.
pub fn to_record(mut item: Item) -> Result<KeyRecord, ItemError> {
    let key_id = required(take_text(&mut item, KEY_ID)?, KEY_ID)?;
    let scopes = take_texts(&mut item, SCOPES)?;
    let created_at = required(take_time(&mut item, CREATED_AT)?, CREATED_AT)?;
    Ok(KeyRecord {
        key_id: key_id.parse().map_err(|_not_an_id| invalid(KEY_ID))?,
        owner: required(take_text(&mut item, OWNER)?, OWNER)?,
        scopes: scopes.iter().filter_map(|name| Scope::from_name(name)).collect(),
        label: take_text(&mut item, LABEL)?,
        created_at,
        last_used_on: take_time(&mut item, LAST_USED_ON)?,
        revoked_at: take_time(&mut item, REVOKED_AT)?,
        expires_at: take_time(&mut item, EXPIRES_AT)?,
        rate: take_number(&mut item, RATE)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ApiKey, ScopeSet, Timestamp};
    use std::num::NonZeroU32;

    fn hash() -> KeyHash {
        ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]).hash()
    }

    fn full() -> KeyRecord {
        let at = Timestamp::from_unix_seconds;
        KeyRecord {
            key_id: "0123abcd".parse().unwrap(),
            owner: "ann".to_owned(),
            scopes: ScopeSet::OWNER.with(Scope::Admin),
            label: Some("laptop".to_owned()),
            created_at: at(1),
            last_used_on: Some(at(86_400)),
            revoked_at: Some(at(90_000)),
            expires_at: Some(at(100_000)),
            rate: NonZeroU32::new(5),
        }
    }

    #[test]
    fn every_field_survives_the_table() {
        let plain = KeyRecord::new(
            "0123abcd".parse().unwrap(),
            "ann",
            ScopeSet::NONE.with(Scope::Read),
            Timestamp::from_unix_seconds(9),
        );
        for record in [full(), plain] {
            assert_eq!(to_record(from_record(&hash(), &record)), Ok(record));
        }
    }

    #[test]
    fn the_item_is_found_by_the_hash_and_does_not_hold_the_token() {
        let token = ApiKey::from_random(&[7; ApiKey::RANDOM_BYTES]);
        let item = from_record(&token.hash(), &full());
        let hash = item.get(KEY_ATTRIBUTE).unwrap().as_s().unwrap();
        assert_eq!(hash.len(), 64);
        assert!(!format!("{item:?}").contains(token.reveal()));
    }

    #[test]
    fn a_scope_from_the_future_allows_nothing() {
        let mut item = from_record(&hash(), &full());
        let scopes = ["read", "root", "*"].map(text).to_vec();
        item.insert(SCOPES.to_owned(), AttributeValue::L(scopes));
        assert_eq!(to_record(item).unwrap().scopes.to_string(), "read");
    }

    #[test]
    fn what_is_outside_the_schema_is_an_error() {
        let check = |name: &'static str, value: AttributeValue| {
            let mut item = from_record(&hash(), &full());
            item.insert(name.to_owned(), value);
            assert_eq!(to_record(item), Err(ItemError::Invalid { attribute: name }));
        };
        check(KEY_ID, text("ann"));
        check(OWNER, number(1));
        check(SCOPES, text("read"));
        check(REVOKED_AT, text("never"));
        check(EXPIRES_AT, text("tomorrow"));
        check(RATE, number(0));
        for attribute in [KEY_ID, OWNER, CREATED_AT] {
            let mut item = from_record(&hash(), &full());
            item.remove(attribute);
            assert_eq!(to_record(item), Err(ItemError::Missing { attribute }));
        }
    }
}
