//! How far a stream has been counted.

use std::{fmt, str::FromStr};

/// The sequence number of a record in a Kinesis stream: a whole number of about 56 decimal digits that grows along a shard.
///
/// Its bytes have the order of the numbers, so DynamoDB can compare two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence([u8; 24]);

impl Sequence {
    /// A number as a table holds it: 24 bytes, the most significant first.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 24] {
        self.0
    }
}

impl FromStr for Sequence {
    type Err = SequenceError;

    fn from_str(text: &str) -> Result<Self, SequenceError> {
        if text.is_empty() {
            return Err(SequenceError);
        }
        let mut bytes = [0; 24];
        for character in text.bytes() {
            let digit = character.checked_sub(b'0').filter(|digit| *digit < 10).ok_or(SequenceError)?;
            let mut carry = u16::from(digit);
            for byte in bytes.iter_mut().rev() {
                let [high, low] = (u16::from(*byte) * 10 + carry).to_be_bytes();
                *byte = low;
                carry = u16::from(high);
            }
            if carry > 0 {
                return Err(SequenceError);
            }
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0;
        let mut digits = Vec::with_capacity(58);
        loop {
            let mut rest = 0;
            for byte in &mut bytes {
                let value = rest * 256 + u16::from(*byte);
                *byte = u8::try_from(value / 10).unwrap_or_default();
                rest = value % 10;
            }
            digits.push(char::from_digit(rest.into(), 10).unwrap_or_default());
            if bytes == [0; 24] {
                break;
            }
        }
        f.write_str(&digits.iter().rev().collect::<String>())
    }
}

/// A text that is not a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number has decimal digits only and is less than 2^192")]
pub struct SequenceError;

/// A part of a shard that is counted at once: everything before it is counted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The number of the shard.
    pub shard: u64,
    /// The first record in it that concerns the item.
    pub first: Sequence,
    /// The last record in it, whatever it concerns.
    pub end: Sequence,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(text: &str) -> Sequence {
        text.parse().unwrap()
    }

    #[test]
    fn bytes_have_the_order_of_the_numbers() {
        let numbers = [
            "0",
            "9",
            "255",
            "256",
            "49590338271490256608559692538361571095921575989136588898",
            "49590338271490256608559692538361571095921575989136588899",
            "6277101735386680763835789423207666416102355444464034512895",
        ];
        for pair in numbers.windows(2) {
            let [before, after] = [pair[0], pair[1]].map(sequence);
            assert!(before < after && before.to_bytes() < after.to_bytes(), "{pair:?}");
            assert_eq!(Sequence::from_bytes(&after.to_bytes()), Some(after));
            assert_eq!(before.to_string(), pair[0]);
        }
        assert_eq!(sequence("258").to_bytes()[21..], [0, 1, 2]);
        assert_eq!(sequence("6277101735386680763835789423207666416102355444464034512895").to_bytes(), [255; 24]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-1", "+1", "1a", "1.0", "6277101735386680763835789423207666416102355444464034512896"] {
            assert_eq!(text.parse::<Sequence>(), Err(SequenceError), "{text}");
        }
        assert_eq!(Sequence::from_bytes(&[0; 23]), None);
    }
}
