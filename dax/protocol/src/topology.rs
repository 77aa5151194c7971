//! The nodes of a cluster.

/// Role of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Takes writes.
    Leader,
    /// Takes reads; forwards writes.
    Replica,
    /// A role that is not known here, kept as sent.
    Other(i64),
}

impl Role {
    /// The number on the wire.
    pub const fn code(self) -> i64 {
        match self {
            Self::Leader => 1,
            Self::Replica => 2,
            Self::Other(code) => code,
        }
    }

    /// The role with this number.
    pub const fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Leader,
            2 => Self::Replica,
            other => Self::Other(other),
        }
    }
}
