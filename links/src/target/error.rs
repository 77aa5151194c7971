//! Why a text cannot be the target of a link, in words for people.

use crate::HiddenCharacter;

use super::TargetUrl;

/// Why a text cannot be the target of a link. The messages continue a sentence: "This URL cannot be shortened: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing, or nothing that can be seen.
    #[error("it is empty")]
    Empty,
    /// A character inside that cannot be seen: an invisible one, a control, a tab, a line break.
    #[error("it contains {0}, {advice}", advice = advice(*.0))]
    Hidden(HiddenCharacter),
    /// A second URL after the first.
    #[error("a second URL begins at character {position}; send one at a time")]
    SecondUrl {
        /// Where it begins, counted in characters from 1.
        position: usize,
    },
    /// Text before the URL.
    #[error("there is text before the URL, which begins at character {position}; send the URL alone")]
    TextBefore {
        /// Where the URL begins, counted in characters from 1.
        position: usize,
    },
    /// A quotation mark or a bracket before the URL.
    #[error("it begins with {character}; send the URL alone, without quotation marks or brackets around it")]
    Enclosed {
        /// The mark.
        character: char,
    },
    /// No scheme at all.
    #[error("it does not begin with https:// or http://")]
    NoScheme,
    /// A scheme other than `http` and `https`.
    #[error("it begins with \"{scheme}:\"; only https:// and http:// are possible")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// Two schemes in a row.
    #[error("http:// or https:// is there twice")]
    TwoSchemes,
    /// Not a URL for another reason.
    #[error("{what}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
    },
    /// User name or password in the URL.
    #[error("it contains a user name or a password")]
    Credentials,
    /// Longer than a target may be.
    #[error("{bytes} bytes are more than the limit of {limit}", limit = TargetUrl::MAX_BYTES)]
    TooLong {
        /// Its length in the form that would be stored.
        bytes: usize,
    },
    /// It leads back to the service.
    #[error("it leads back to this service")]
    SelfLoop,
    /// A host that is not public: a special-purpose address, a special-use name, or a name without a dot.
    #[error("its host is not public: it is {what}")]
    Private {
        /// What the host is.
        what: &'static str,
    },
    /// The operator forbids links to its host, or allows others only.
    #[error("the operator of this service does not allow links to {host}")]
    ForbiddenHost {
        /// The host, as DNS has it.
        host: String,
    },
}

fn advice(hidden: HiddenCharacter) -> &'static str {
    match hidden {
        _ if hidden.is_line_break() => "which breaks the line; join the lines",
        _ if hidden.character.is_control() => "which no URL has; remove it",
        _ => "which cannot be seen; remove it, or percent-encode it if it belongs there",
    }
}
