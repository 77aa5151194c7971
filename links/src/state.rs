//! Whether a link may be followed, and why the operator closes one.

/// Whether a link may be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Followed.
    Active,
    /// Paused by its owner: for visitors it does not exist.
    Disabled,
    /// Deleted by its owner; kept as a tombstone, so that the slug does not get another meaning.
    Deleted,
    /// Closed by the operator for abuse.
    Blocked,
    /// Closed by the operator for legal reasons.
    BlockedLegal,
}

impl State {
    /// All states with their names in the table and in responses.
    const NAMES: [(Self, &str); 5] = [
        (Self::Active, "active"),
        (Self::Disabled, "disabled"),
        (Self::Deleted, "deleted"),
        (Self::Blocked, "blocked"),
        (Self::BlockedLegal, "blocked_legal"),
    ];

    /// Whether the operator has closed the link.
    pub fn is_blocked(self) -> bool {
        matches!(self, Self::Blocked | Self::BlockedLegal)
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(state, _)| *state)
    }

    /// Its name in the table and in responses.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }
}

/// Why the operator blocks a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BlockReason {
    /// It was reported for abuse.
    #[default]
    Abuse,
    /// The law asks for it.
    Legal,
}

impl BlockReason {
    /// The reason of that name: `abuse` or `legal`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Abuse, Self::Legal].into_iter().find(|reason| reason.name() == name)
    }

    /// Its name in requests and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abuse => "abuse",
            Self::Legal => "legal",
        }
    }

    /// The state of a link that is blocked for this reason.
    pub fn state(self) -> State {
        match self {
            Self::Abuse => State::Blocked,
            Self::Legal => State::BlockedLegal,
        }
    }

    /// The reason behind a state, if it is a block.
    pub fn of(state: State) -> Option<Self> {
        [Self::Abuse, Self::Legal].into_iter().find(|reason| reason.state() == state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_names_both_ways() {
        for (state, name) in State::NAMES {
            assert_eq!((State::from_name(name), state.name()), (Some(state), name));
        }
        assert_eq!(State::from_name("Active"), None);
    }
}
