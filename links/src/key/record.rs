//! What is stored about a key.

use std::num::NonZeroU32;

use crate::{
    Timestamp,
    key::{KeyId, ScopeSet},
};

/// A key as it is stored: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public part.
    pub key_id: KeyId,
    /// Whose links it creates and manages.
    pub owner: String,
    /// What it allows.
    pub scopes: ScopeSet,
    /// What it is for, in its creator's words.
    pub label: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The last UTC day on which it was used, as its first second. Coarse, so that a key in constant use is updated once a
    /// day.
    pub last_used_on: Option<Timestamp>,
    /// When it was revoked; it allows nothing since.
    pub revoked_at: Option<Timestamp>,
    /// From then on it allows nothing.
    pub expires_at: Option<Timestamp>,
    /// How many requests per second it allows in one process of the writer; unset, any number.
    pub rate: Option<NonZeroU32>,
}

impl KeyRecord {
    /// A new key, never used.
    pub fn new(key_id: KeyId, owner: &str, scopes: ScopeSet, now: Timestamp) -> Self {
        Self {
            key_id,
            owner: owner.to_owned(),
            scopes,
            label: None,
            created_at: now,
            last_used_on: None,
            revoked_at: None,
            expires_at: None,
            rate: None,
        }
    }

    /// Whether it was revoked and allows nothing any more.
    pub fn is_revoked(&self) -> bool {
        self.revoked_at.is_some()
    }

    /// Whether it allows nothing any more at `now`, because its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it allows anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        !self.is_revoked() && !self.is_expired(now)
    }

    /// The day to note when the key is used at `now`; none if it is noted already.
    pub fn use_to_note(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.start_of_day();
        self.last_used_on.is_none_or(|day| day < today).then_some(today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_until_it_is_revoked_or_expires() {
        let at = Timestamp::from_unix_seconds;
        let check = |revoked_at: Option<u64>, expires_at: Option<u64>, now: u64, expected: bool| {
            let record = KeyRecord {
                revoked_at: revoked_at.map(at),
                expires_at: expires_at.map(at),
                ..KeyRecord::new("00000000".parse().unwrap(), "ann", ScopeSet::OWNER, at(0))
            };
            assert_eq!(record.is_valid(at(now)), expected, "{revoked_at:?} {expires_at:?} {now}");
        };
        check(None, None, 9, true);
        check(Some(5), None, 9, false);
        check(None, Some(10), 9, true);
        check(None, Some(9), 9, false);
        check(Some(5), Some(10), 9, false);
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let check = |last_used_on: Option<u64>, now: u64, expected: Option<u64>| {
            let mut record =
                KeyRecord::new("00000000".parse().unwrap(), "ann", ScopeSet::OWNER, Timestamp::from_unix_seconds(0));
            record.last_used_on = last_used_on.map(Timestamp::from_unix_seconds);
            let noted = record.use_to_note(Timestamp::from_unix_seconds(now));
            assert_eq!(noted.map(Timestamp::unix_seconds), expected, "{last_used_on:?} {now}");
        };
        check(None, 86_399, Some(0));
        check(None, 86_400, Some(86_400));
        check(Some(0), 86_399, None);
        check(Some(0), 86_400, Some(86_400));
        check(Some(86_400), 86_399, None); // a clock that is behind does not turn the day back
    }
}
