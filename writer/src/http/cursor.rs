//! Cursors: where the next page of a list begins. They are opaque to callers.
//!
//! A cursor carries a digest of the list that it belongs to, so that it leads into no other: in a list with another
//! filter, the links before it would be missing without a word.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use links::{Position, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{problem::Problem, query::refused};

/// Longest cursor that is decoded: digest, time and a key of DynamoDB's 2,048 bytes, in base64.
const MAX_BYTES: usize = 2_800;

/// The parameters that say which links a list holds, in their order.
pub(crate) type ListParameters = [(&'static str, String)];

/// The cursor of a position in a list.
pub(crate) fn cursor(list: &ListParameters, position: &Position) -> String {
    let text = format!("{} {} {}", digest(list), position.created_at.unix_seconds(), position.key);
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// The position of a cursor of that list.
pub(crate) fn position(list: &ListParameters, cursor: &str) -> Result<Position, Problem> {
    let parse = || {
        let bytes = (cursor.len() <= MAX_BYTES).then(|| BASE64_URL_SAFE_NO_PAD.decode(cursor).ok())?;
        let text = String::from_utf8(bytes?).ok()?;
        let mut parts = text.splitn(3, ' ');
        let (its_list, seconds, key) = (parts.next()?, parts.next()?, parts.next().filter(|key| !key.is_empty())?);
        let created_at = Timestamp::from_unix_seconds(seconds.parse().ok()?);
        (its_list == digest(list)).then(|| Position { created_at, key: key.to_owned() })
    };
    parse().ok_or_else(|| refused("cursor", "the next_cursor of an earlier response to the same request"))
}

/// Eight characters, enough to notice a mistake. A forged one does no harm: every page is read with the rights of its
/// caller.
fn digest(list: &ListParameters) -> String {
    let mut hash = Sha256::new();
    for (name, value) in list {
        hash.update(format!("{name} {} {value}\n", value.len()));
    }
    data_encoding::HEXLOWER.encode(hash.finalize().get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(filter: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        filter.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let list = list(&[("owner", "ann")]);
        for key in ["abc-1", "not a slug", "ü"] {
            let there = Position { created_at: Timestamp::from_unix_seconds(1_700_000_000), key: key.to_owned() };
            assert_eq!(position(&list, &cursor(&list, &there)).unwrap(), there);
        }
        for bad in ["", "!", "YWJj", "MTIzIA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSBhYmM", &"A".repeat(2_801)] {
            assert!(position(&list, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_leads_into_no_other_list() {
        let there = Position { created_at: Timestamp::from_unix_seconds(1), key: "abc".to_owned() };
        let lists = [
            list(&[("owner", "ann")]),
            list(&[("owner", "bob")]),
            list(&[("owner", "*")]),
            list(&[("owner", "ann"), ("q", "a")]),
            list(&[("owner", "ann"), ("tag", "a")]),
            list(&[("owner", "ann"), ("tag", "a"), ("tag", "b")]),
            list(&[("owner", "ann"), ("tag", "a\ntag 1 b")]),
        ];
        for (from, a) in lists.iter().enumerate() {
            for (to, b) in lists.iter().enumerate() {
                assert_eq!(position(b, &cursor(a, &there)).is_ok(), from == to, "{a:?} {b:?}");
            }
        }
    }
}
