//! Visitors: codes that are worth nothing the day after, and an estimate from a sample of them.

use std::fmt;

/// A hash of a visitor, a link and a secret that is forgotten after two days.
///
/// It has 24 bits, so that about 256 addresses share a code. An item keeps at most [`VisitorCode::MAX_KEPT`]: when there
/// are more, it keeps those that end in one zero bit more, which are half of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisitorCode([u8; 3]);

impl VisitorCode {
    /// Most codes in an item.
    pub const MAX_KEPT: usize = 256;

    /// The code of a hash: its low 24 bits.
    pub const fn of_hash(hash: u64) -> Self {
        let [.., a, b, c] = hash.to_be_bytes();
        Self([a, b, c])
    }

    /// A code as a table holds it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// A code as a log line holds it: six hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        if text.len() != 6 || !text.bytes().all(is_hex) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(Self::of_hash)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 3] {
        self.0
    }

    /// The highest level at which it is kept: how many zero bits it ends in.
    pub fn level(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_be_bytes([0, a, b, c]).trailing_zeros().min(24)
    }

    /// How many visitors there were, if `kept` codes are left at `level`.
    pub const fn estimate(kept: u64, level: u32) -> u64 {
        kept.saturating_mul(1 << if level > 24 { 24 } else { level })
    }
}

impl fmt::Display for VisitorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_24_bits() {
        let code = VisitorCode::of_hash(0x1234_5678_9aa3_f09c);
        assert_eq!(code.to_string(), "a3f09c");
        assert_eq!(VisitorCode::from_hex("a3f09c"), Some(code));
        assert_eq!(VisitorCode::from_bytes(&code.to_bytes()), Some(code));
        for text in ["", "a3f09", "a3f09c0", "A3F09C", "+3f09c", "a3f09g", "ääx"] {
            assert_eq!(VisitorCode::from_hex(text), None, "{text}");
        }
        assert_eq!((VisitorCode::from_bytes(&[1, 2]), VisitorCode::from_bytes(&[0; 4])), (None, None));
    }

    #[test]
    fn half_of_all_codes_survive_a_level() {
        for (hash, level) in [(1, 0), (2, 1), (0x80_0000, 23), (0, 24)] {
            assert_eq!(VisitorCode::of_hash(hash).level(), level, "{hash:x}");
        }
        let kept = (0..1 << 12).filter(|hash| VisitorCode::of_hash(*hash).level() >= 4).count();
        assert_eq!(kept, 1 << 8);
        assert_eq!(VisitorCode::estimate(kept as u64, 4), 1 << 12);
    }
}
