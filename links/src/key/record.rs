//! What is stored about a key.

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
        }
    }

    /// Whether it was revoked and allows nothing any more.
    pub fn is_revoked(&self) -> bool {
        self.revoked_at.is_some()
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
