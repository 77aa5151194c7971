//! Entity tags: the version of a link, and the conditional headers that name it.

use links::Link;

/// The version of a link as an entity tag.
pub(crate) fn of(link: &Link) -> String {
    format!("\"{}\"", link.version)
}

/// Which versions of a link a change may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// Any.
    None,
    /// One of these entity tags.
    OneOf(Vec<String>),
}

impl Precondition {
    /// Parses `If-Match`. A weak tag never matches in it.
    pub(crate) fn if_match(header: &str) -> Self {
        match header.trim() {
            "*" => Self::None,
            tags => Self::OneOf(tags.split(',').map(|tag| tag.trim().to_owned()).collect()),
        }
    }

    pub(crate) fn holds(&self, version: u64) -> bool {
        match self {
            Self::None => true,
            Self::OneOf(tags) => tags.contains(&format!("\"{version}\"")),
        }
    }
}

/// Whether `If-None-Match` names the tag: the client has this version already. Here weak tags match as well.
pub(crate) fn is_known(header: &str, tag: &str) -> bool {
    header.trim() == "*"
        || header.split(',').any(|known| {
            let known = known.trim();
            known.strip_prefix("W/").unwrap_or(known) == tag
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_versions() {
        let check = |header: &str, expected: bool| {
            assert_eq!(Precondition::if_match(header).holds(3), expected, "{header}");
        };
        check("\"3\"", true);
        check("\"1\", \"3\"", true);
        check(" * ", true);
        check("\"4\"", false);
        check("3", false);
        check("W/\"3\"", false);
        check("", false);
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let check = |header: &str, expected: bool| {
            assert_eq!(is_known(header, "\"3\""), expected, "{header}");
        };
        check("W/\"3\"", true);
        check("\"1\",\"3\"", true);
        check("*", true);
        check("\"33\"", false);
    }
}
