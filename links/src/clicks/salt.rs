//! The secret of a day's visitor codes.

use std::fmt;

/// Random bytes that the visitor codes of one day are made with. Whoever has them can find the visitors behind the codes by
/// trying all addresses; so they are never shown, and removed after two days.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; Self::BYTES]);

impl Salt {
    /// How many bytes it has.
    pub const BYTES: usize = 16;

    /// The salt of random bytes.
    pub const fn from_random(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// A salt as a table holds it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_has_16_bytes_and_is_never_shown() {
        let salt = Salt::from_random([7; 16]);
        assert_eq!(Salt::from_bytes(salt.as_bytes()), Some(salt));
        assert_eq!((Salt::from_bytes(&[7; 15]), Salt::from_bytes(&[])), (None, None));
        assert_eq!(format!("{salt:?}"), "Salt");
    }
}
