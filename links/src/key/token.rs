//! The token, its hash, and its public part.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::encoding::{CROCKFORD, is_crockford};

/// What every token begins with, so that scanners for leaked secrets recognise it.
const PREFIX: &str = "kurz_";
/// Characters of the public part: 40 bits, enough to tell the keys of one service apart.
const ID_CHARACTERS: usize = 8;
/// Characters of the secret part: 160 bits.
const SECRET_CHARACTERS: usize = 32;

/// A key as its holder has it: `kurz_`, eight characters that name it, `_`, and 32 secret characters.
///
/// Its debug output shows only its name; [`reveal`](Self::reveal) returns the whole token.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    token: String,
    id: KeyId,
}

impl ApiKey {
    /// How many random bytes a key is made from.
    pub const RANDOM_BYTES: usize = (ID_CHARACTERS + SECRET_CHARACTERS) / 8 * 5;

    /// A new key. The bytes must be unpredictable; whoever knows them has the key.
    pub fn from_random(bytes: &[u8; Self::RANDOM_BYTES]) -> Self {
        let mut id = CROCKFORD.encode(bytes);
        let secret = id.split_off(ID_CHARACTERS);
        Self { token: format!("{PREFIX}{id}_{secret}"), id: KeyId(id) }
    }

    /// The hash under which it is stored.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.token.as_bytes()).into())
    }

    /// Its public part.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The whole token: to be shown once to its holder, and never to be stored or logged.
    pub fn reveal(&self) -> &str {
        &self.token
    }
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        let rest = text.strip_prefix(PREFIX).ok_or(ApiKeyError)?;
        let (id, secret) = rest.split_once('_').ok_or(ApiKeyError)?;
        if secret.len() != SECRET_CHARACTERS || !is_crockford(secret) {
            return Err(ApiKeyError);
        }
        Ok(Self { token: text.to_owned(), id: id.parse()? })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id)
    }
}

/// A text that cannot be a key. It says no more, because the text may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key of this service")]
pub struct ApiKeyError;

/// The public part of a key: eight characters of Crockford's base 32, for lists and logs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        if text.len() != ID_CHARACTERS || !is_crockford(text) {
            return Err(ApiKeyError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of a whole token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// A hash that no key has, as far as anyone can tell.
    pub(crate) const NONE: Self = Self([0; 32]);
}

impl fmt::Display for KeyHash {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "kurz_00000000_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

    fn bytes() -> [u8; ApiKey::RANDOM_BYTES] {
        std::array::from_fn(|index| if index < 5 { 0 } else { 0xff })
    }

    #[test]
    fn a_key_is_its_random_bytes_in_base_32() {
        let key = ApiKey::from_random(&bytes());
        assert_eq!((key.reveal(), key.id().as_str()), (TOKEN, "00000000"));
        assert_eq!(key.reveal().len() - PREFIX.len() - ID_CHARACTERS - 1, 160 / 5);
    }

    #[test]
    fn the_hash_is_that_of_the_whole_token() {
        // printf %s kurz_00000000_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz | sha256sum
        let expected = "1bbee9c2bc7760772e357b3708609d57c1bd3d09f7ce7c36df2fc90b847bb34d";
        assert_eq!(ApiKey::from_random(&bytes()).hash().to_string(), expected);
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown = format!("{:?}", ApiKey::from_random(&bytes()));
        assert_eq!(shown, "ApiKey(00000000)");
    }

    #[test]
    fn other_texts_are_refused() {
        let check = |text: &str, expected: bool| {
            assert_eq!(text.parse::<ApiKey>().is_ok(), expected, "{text:?}");
        };
        check(TOKEN, true);
        check("", false);
        check("kurz_", false);
        check(&TOKEN.to_uppercase(), false);
        check(&format!("{TOKEN}z"), false);
        check(TOKEN.trim_end_matches('z'), false);
        check(&format!(" {TOKEN}"), false);
        check(&TOKEN.replace("kurz_", "curz_"), false);
        check(&TOKEN.replace("_z", "-z"), false);
        check(&TOKEN.replace("00000000", "0000000"), false);
        check(&TOKEN.replace("00000000", "0000000u"), false);
        check(&TOKEN.replace("zz", "éz"), false);
        check(&"kurz_00000000_".repeat(1000), false);
    }

    proptest! {
        #[test]
        fn every_key_is_parsed_to_itself(bytes: [u8; ApiKey::RANDOM_BYTES]) {
            let key = ApiKey::from_random(&bytes);
            prop_assert_eq!(&key.reveal().parse::<ApiKey>().unwrap(), &key);
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "(kurz_)?\\PC{0,50}") {
            if let Ok(key) = text.parse::<ApiKey>() {
                prop_assert_eq!(key.reveal(), text);
            }
        }
    }
}
