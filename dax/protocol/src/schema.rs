//! What a node is asked before items can be read and written.

/// Number of the attribute list that has no names. Both sides know it without asking.
pub const EMPTY_ATTRIBUTE_LIST: u32 = 1;

/// Type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

impl KeyType {
    /// As the protocol and DynamoDB write it.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        }
    }

    /// The type that the protocol and DynamoDB write so.
    pub fn from_letter(letter: &str) -> Option<Self> {
        [Self::S, Self::N, Self::B].into_iter().find(|kind| kind.letter() == letter)
    }
}
