//! What a key allows.

use std::{fmt, str::FromStr};

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Create links.
    Create,
    /// See own links.
    Read,
    /// Change own links.
    Update,
    /// Delete and restore own links.
    Delete,
    /// All of it, with the links of every owner.
    Admin,
}

impl Scope {
    /// All scopes, in display order.
    pub const ALL: [Self; 5] = [Self::Create, Self::Read, Self::Update, Self::Delete, Self::Admin];

    /// Its name in the table, on the command line, and in responses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Several scopes. Written as their names with commas between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// No scope: allows nothing.
    pub const NONE: Self = Self(0);
    /// Everything that an owner does with their own links.
    pub const OWNER: Self = Self(Scope::Create.bit() | Scope::Read.bit() | Scope::Update.bit() | Scope::Delete.bit());

    /// Whether it allows what `scope` names. [`Scope::Admin`] allows everything.
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// Whether it includes the links of other owners.
    pub const fn is_admin(self) -> bool {
        self.allows(Scope::Admin)
    }

    /// The set with one scope more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// Its scopes, in order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", scope.name())?;
        }
        Ok(())
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let scope = |name: &str| Scope::from_name(name).ok_or_else(|| ScopeError { name: name.to_owned() });
        text.split(',').map(str::trim).map(scope).collect()
    }
}

/// A word that is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is not a scope; the scopes are create, read, update, delete and admin")]
pub struct ScopeError {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_allows_everything_and_the_others_only_themselves() {
        for held in Scope::ALL {
            for wanted in Scope::ALL {
                let set = ScopeSet::NONE.with(held);
                let expected = held == wanted || held == Scope::Admin;
                assert_eq!(set.allows(wanted), expected, "{set} {wanted:?}");
                assert!(!ScopeSet::NONE.allows(wanted));
            }
        }
        assert!(!ScopeSet::OWNER.is_admin());
        assert_eq!(ScopeSet::OWNER.to_string(), "create,read,update,delete");
    }

    #[test]
    fn sets_are_written_and_read_by_name() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let set = text.parse::<ScopeSet>().map(|set| set.to_string());
            let expected = expected.map(str::to_owned).map_err(|name| ScopeError { name: name.to_owned() });
            assert_eq!(set, expected, "{text:?}");
        };
        check("read", Ok("read"));
        check("delete, create,create", Ok("create,delete"));
        check("create,read,update,delete,admin", Ok("create,read,update,delete,admin"));
        check("", Err(""));
        check("read,", Err(""));
        check("Read", Err("Read"));
        check("write", Err("write"));
    }
}
