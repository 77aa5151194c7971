//! How a [`Link`] is stored. No other module knows the names of attributes.
//!
//! The table has the schema of the AWS sample: hash key `id`, the target in `target`. All further attributes are optional
//! on read, so a table that the sample filled works unchanged. Times are numbers, in seconds since the epoch.

mod fields;
pub(crate) mod update;

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

pub use fields::{FIELDS, Field, Kind};

use crate::{ANONYMOUS, Idempotency, Link, RedirectStatus, Slug, State, StoredTarget, Timestamp};

/// The table's hash key, a string: the slug.
pub const KEY_ATTRIBUTE: &str = "id";
/// The attribute from which DynamoDB removed ended links, a number. Earlier releases wrote it. Slugs stay taken now, so this
/// one never does, and every change of a link removes it.
pub const TTL_ATTRIBUTE: &str = "ttl";
/// The index of the links of an owner by the time of their creation: its hash key, a string, ...
pub const OWNER_ATTRIBUTE: &str = "owner";
/// ... its range key, a number, ...
pub const CREATED_AT_ATTRIBUTE: &str = "created_at";
/// ... and its name. Neither key ever changes, and the index holds nothing but the keys, so only creating and removing a
/// link write to it.
pub const OWNER_INDEX: &str = "by_owner";

/// The condition under which a put creates a link. It has no placeholders.
pub const IS_NEW: &str = "attribute_not_exists(id)";
/// The condition under which a put may replace whatever is there: nothing that an administrator closed. Its values are
/// [`closed_values`], its names [`closed_names`].
pub const IS_NOT_CLOSED: &str = "NOT (#state IN (:blocked, :legal)) AND NOT (#held = :true)";

/// The names in [`IS_NOT_CLOSED`].
pub fn closed_names() -> HashMap<String, String> {
    HashMap::from([("#state", STATE), ("#held", HELD)].map(|(name, attribute)| (name.to_owned(), attribute.to_owned())))
}

/// The values in [`IS_NOT_CLOSED`].
pub fn closed_values() -> Item {
    let state = |state: State| text(state.name());
    Item::from([
        (":blocked".to_owned(), state(State::Blocked)),
        (":legal".to_owned(), state(State::BlockedLegal)),
        (":true".to_owned(), AttributeValue::Bool(true)),
    ])
}

/// Whether an item is of a link that an administrator closed, so that [`IS_NOT_CLOSED`] does not hold.
pub fn is_closed(item: &Item) -> bool {
    let state = item.get(STATE).and_then(|state| state.as_s().ok()).and_then(|name| State::from_name(name));
    state.is_some_and(State::is_blocked) || item.get(HELD) == Some(&AttributeValue::Bool(true))
}

/// The texts of an item that visitors may be sent to.
pub fn targets(item: &Item) -> impl Iterator<Item = &str> {
    [TARGET, EXPIRED_URL].into_iter().filter_map(|name| item.get(name)?.as_s().ok()).map(String::as_str)
}

/// The condition under which an update finds a link. It has no placeholders.
pub(crate) const EXISTS: &str = "attribute_exists(id)";

const TARGET: &str = "target";
const STATE: &str = "state";
const REDIRECT: &str = "redirect";
const CACHE_SECONDS: &str = "cache_seconds";
const PERMANENT: &str = "permanent";
const FORWARD_QUERY: &str = "forward_query";
const EXPIRED_URL: &str = "expired_url";
const CREATED_AT: &str = CREATED_AT_ATTRIBUTE;
const UPDATED_AT: &str = "updated_at";
const VALID_FROM: &str = "valid_from";
const EXPIRES_AT: &str = "expires_at";
const OWNER: &str = OWNER_ATTRIBUTE;
const VERSION: &str = "version";
const TAGS: &str = "tags";
const NOTE: &str = "note";
const RESTORES_TO: &str = "restores_to";
const UNBLOCKS_TO: &str = "unblocks_to";
const HELD: &str = "held";
const UPDATED_BY: &str = "updated_by";
const IDEMPOTENCY_KEY: &str = "idempotency_key";
const REQUEST_DIGEST: &str = "request_digest";
const STAMP: &str = "stamp";

/// An item as the SDK and the DAX client pass it.
pub type Item = HashMap<String, AttributeValue>;

/// The key of a link.
pub fn key(slug: &Slug) -> Item {
    raw_key(slug.as_str())
}

/// The key of an item that need not be a link.
pub(crate) fn raw_key(key: &str) -> Item {
    Item::from([(KEY_ATTRIBUTE.to_owned(), text(key))])
}

/// The whole item of a link. Fields at their default are left out.
pub fn from_link(link: &Link) -> Item {
    let mut item = key(&link.slug);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    put(TARGET, Some(text(link.target.as_str())));
    put(STATE, (link.state != State::Active).then(|| text(link.state.name())));
    put(REDIRECT, link.redirect.map(|status| number(status.code())));
    put(CACHE_SECONDS, link.cache_seconds.map(number));
    put(PERMANENT, link.permanent.then_some(AttributeValue::Bool(true)));
    put(FORWARD_QUERY, link.forward_query.then_some(AttributeValue::Bool(true)));
    put(EXPIRED_URL, link.expired_url.as_ref().map(|url| text(url.as_str())));
    put(CREATED_AT, link.created_at.map(time));
    put(UPDATED_AT, link.updated_at.map(time));
    put(VALID_FROM, link.valid_from.map(time));
    put(EXPIRES_AT, link.expires_at.map(time));
    put(OWNER, Some(text(&link.owner)));
    put(VERSION, Some(number(link.version)));
    put(TAGS, (!link.tags.is_empty()).then(|| AttributeValue::L(link.tags.iter().map(|tag| text(tag)).collect())));
    put(NOTE, link.note.as_deref().map(text));
    put(RESTORES_TO, link.restores_to.map(|state| text(state.name())));
    put(UNBLOCKS_TO, link.unblocks_to.map(|state| text(state.name())));
    put(HELD, link.held.then_some(AttributeValue::Bool(true)));
    put(UPDATED_BY, link.updated_by.as_deref().map(text));
    let idempotency = link.idempotency.as_ref();
    put(IDEMPOTENCY_KEY, idempotency.map(|request| text(&request.key_digest)));
    put(REQUEST_DIGEST, idempotency.map(|request| text(&request.request_digest)));
    put(STAMP, link.stamp.map(number));
    item
}

/// The link that an item holds.
///
/// # Errors
/// [`ItemError`] when an attribute is missing or is not what the schema says.
pub fn to_link(mut item: Item) -> Result<Link, ItemError> {
    let slug = required(take_text(&mut item, KEY_ATTRIBUTE)?, KEY_ATTRIBUTE)?;
    let target = required(take_text(&mut item, TARGET)?, TARGET)?;
    Ok(Link {
        slug: slug.parse().map_err(|_not_a_slug| invalid(KEY_ATTRIBUTE))?,
        target: StoredTarget::from_table(target),
        state: take_state(&mut item, STATE)?.unwrap_or(State::Active),
        redirect: match take_number(&mut item, REDIRECT)? {
            None => None,
            Some(code) => Some(RedirectStatus::from_code(code).ok_or_else(|| invalid(REDIRECT))?),
        },
        cache_seconds: take_number(&mut item, CACHE_SECONDS)?,
        permanent: take_bool(&mut item, PERMANENT)?,
        forward_query: take_bool(&mut item, FORWARD_QUERY)?,
        expired_url: take_text(&mut item, EXPIRED_URL)?.map(StoredTarget::from_table),
        created_at: take_time(&mut item, CREATED_AT)?,
        updated_at: take_time(&mut item, UPDATED_AT)?,
        valid_from: take_time(&mut item, VALID_FROM)?,
        expires_at: take_time(&mut item, EXPIRES_AT)?,
        owner: take_text(&mut item, OWNER)?.unwrap_or_else(|| ANONYMOUS.to_owned()),
        version: take_number(&mut item, VERSION)?.unwrap_or(1),
        tags: take_texts(&mut item, TAGS)?,
        note: take_text(&mut item, NOTE)?,
        restores_to: take_state(&mut item, RESTORES_TO)?,
        unblocks_to: take_state(&mut item, UNBLOCKS_TO)?,
        held: take_bool(&mut item, HELD)?,
        updated_by: take_text(&mut item, UPDATED_BY)?,
        stamp: take_number(&mut item, STAMP)?,
        idempotency: match take_text(&mut item, IDEMPOTENCY_KEY)? {
            None => None,
            Some(key_digest) => Some(Idempotency {
                key_digest,
                request_digest: required(take_text(&mut item, REQUEST_DIGEST)?, REQUEST_DIGEST)?,
            }),
        },
    })
}

fn take_state(item: &mut Item, name: &'static str) -> Result<Option<State>, ItemError> {
    take_text(item, name)?.map(|state| State::from_name(&state).ok_or_else(|| invalid(name))).transpose()
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn binary(bytes: impl AsRef<[u8]>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.as_ref()))
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn time(value: Timestamp) -> AttributeValue {
    number(value.unix_seconds())
}

pub(crate) fn take_text(item: &mut Item, name: &'static str) -> Result<Option<String>, ItemError> {
    match item.remove(name) {
        None | Some(AttributeValue::Null(_)) => Ok(None),
        Some(AttributeValue::S(value)) => Ok(Some(value)),
        Some(_) => Err(invalid(name)),
    }
}

pub(crate) fn take_texts(item: &mut Item, name: &'static str) -> Result<Vec<String>, ItemError> {
    match item.remove(name) {
        None | Some(AttributeValue::Null(_)) => Ok(Vec::new()),
        Some(AttributeValue::L(values)) => values
            .into_iter()
            .map(|value| match value {
                AttributeValue::S(value) => Ok(value),
                _ => Err(invalid(name)),
            })
            .collect(),
        Some(_) => Err(invalid(name)),
    }
}

pub(crate) fn take_number<N: std::str::FromStr>(item: &mut Item, name: &'static str) -> Result<Option<N>, ItemError> {
    match item.remove(name) {
        None | Some(AttributeValue::Null(_)) => Ok(None),
        Some(AttributeValue::N(digits)) => digits.parse().map(Some).map_err(|_not_that_number| invalid(name)),
        Some(_) => Err(invalid(name)),
    }
}

fn take_bool(item: &mut Item, name: &'static str) -> Result<bool, ItemError> {
    match item.remove(name) {
        None | Some(AttributeValue::Null(_)) => Ok(false),
        Some(AttributeValue::Bool(value)) => Ok(value),
        Some(_) => Err(invalid(name)),
    }
}

pub(crate) fn take_time(item: &mut Item, name: &'static str) -> Result<Option<Timestamp>, ItemError> {
    Ok(take_number(item, name)?.map(Timestamp::from_unix_seconds))
}

pub(crate) fn required<T>(value: Option<T>, attribute: &'static str) -> Result<T, ItemError> {
    value.ok_or(ItemError::Missing { attribute })
}

pub(crate) fn invalid(attribute: &'static str) -> ItemError {
    ItemError::Invalid { attribute }
}

/// An item that does not follow its table's schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// A required attribute is missing.
    #[error("the attribute \"{attribute}\" is missing")]
    Missing {
        /// Its name.
        attribute: &'static str,
    },
    /// An attribute has a type or a value outside the schema.
    #[error("the attribute \"{attribute}\" has the wrong type or value")]
    Invalid {
        /// Its name.
        attribute: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(attributes: &[(&str, AttributeValue)]) -> Item {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    pub(super) fn full() -> Link {
        Link {
            slug: "launch".parse().unwrap(),
            target: StoredTarget::from_table("https://example.com/".into()),
            state: State::Disabled,
            redirect: Some(RedirectStatus::TemporaryRedirect),
            cache_seconds: Some(60),
            permanent: true,
            forward_query: true,
            expired_url: Some(StoredTarget::from_table("https://example.com/gone".into())),
            created_at: Some(Timestamp::from_unix_seconds(1)),
            updated_at: Some(Timestamp::from_unix_seconds(2)),
            valid_from: Some(Timestamp::from_unix_seconds(3)),
            expires_at: Some(Timestamp::from_unix_seconds(4)),
            owner: "ann".into(),
            version: 7,
            tags: vec!["b".into(), "a".into()],
            note: Some("n".into()),
            restores_to: Some(State::Active),
            unblocks_to: Some(State::Deleted),
            held: true,
            updated_by: Some("key:0123abcd".into()),
            idempotency: Some(Idempotency { key_digest: "k".into(), request_digest: "r".into() }),
            stamp: Some(9),
        }
    }

    #[test]
    fn an_item_of_the_aws_sample_is_a_link() {
        let link = to_link(item(&[("id", text("grqpaeet")), ("target", text("https://www.amazon.com"))])).unwrap();
        assert_eq!((link.slug.as_str(), link.target.as_str()), ("grqpaeet", "https://www.amazon.com"));
        assert_eq!((link.state, link.owner.as_str(), link.version), (State::Active, "anonymous", 1));
        assert_eq!((link.created_at, link.expires_at, link.redirect), (None, None, None));
    }

    #[test]
    fn every_field_survives_the_table() {
        assert_eq!(to_link(from_link(&full())), Ok(full()));
    }

    #[test]
    fn a_plain_link_has_few_attributes() {
        let url = crate::TargetUrl::parse("https://example.com/", &crate::TargetRules::default()).unwrap();
        let link = Link::new("abc".parse().unwrap(), &url, "ann", Timestamp::from_unix_seconds(9));
        let stored = from_link(&link);
        let mut names: Vec<_> = stored.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["created_at", "id", "owner", "target", "updated_at", "version"]);
        assert_eq!(to_link(stored), Ok(link));
    }

    #[test]
    fn what_is_outside_the_schema_is_an_error() {
        let check = |name: &'static str, value: AttributeValue| {
            let mut item = from_link(&full());
            item.insert(name.to_owned(), value);
            assert_eq!(to_link(item), Err(ItemError::Invalid { attribute: name }));
        };
        check("state", text("sleeping"));
        check("redirect", number(300));
        check("cache_seconds", number(-1));
        check("permanent", text("yes"));
        check("expires_at", number("1.5"));
        check("target", number(1));
        check("tags", AttributeValue::L(vec![number(1)]));
        check("id", text("no slug"));
        assert_eq!(to_link(item(&[("id", text("abc"))])), Err(ItemError::Missing { attribute: "target" }));
        assert_eq!(to_link(Item::new()), Err(ItemError::Missing { attribute: "id" }));
    }
}
