//! The name of a link: the part after the slash.

use std::{borrow::Borrow, fmt, str::FromStr};

use crate::{HiddenCharacter, first_hidden, trim_hidden};

/// Most characters of a slug.
const MAX_CHARACTERS: usize = 64;
/// Fewest characters of a slug that a caller chooses. Shorter ones are kept for later use by the product.
const MIN_ALIAS_CHARACTERS: usize = 3;

/// Names that callers cannot choose, because they are paths of the service or may become ones.
const RESERVED: [&str; 15] = [
    "admin", "api", "app", "assets", "docs", "favicon", "health", "healthz", "login", "metrics", "openapi", "robots",
    "static", "status", "www",
];

/// The reserved names that are paths of the service, or begin one. The others may become paths some day; links that were
/// made elsewhere may have them until then.
const PATHS: [&str; 3] = ["api", "assets", "health"];

/// A slug: 1 to 64 characters of `a-z 0-9 _ -`, first and last a letter or digit.
///
/// Parsing is the only way to create one. It folds capital letters, because slugs are typed from paper and capitalised by
/// phones. Dots never occur, so a request for `robots.txt` or `wp-login.php` is refused without a read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

impl Slug {
    /// The slug's text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is reserved for the service, so that no link may have it.
    pub fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.0.as_str())
    }

    /// Whether the name is a path of the service today, so that no request for it would find a link.
    pub fn is_path(&self) -> bool {
        PATHS.contains(&self.0.as_str())
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if let Some((position, character)) = text.chars().enumerate().find(|(_, c)| !is_slug_character(*c)) {
            let plain = SlugError::Character { character, position: position + 1 };
            return Err(first_hidden(text).map_or(plain, SlugError::Hidden));
        }
        // All characters are ASCII from here on, so bytes are characters.
        if text.len() > MAX_CHARACTERS {
            return Err(SlugError::TooLong { characters: text.len() });
        }
        if text.starts_with(['-', '_']) || text.ends_with(['-', '_']) {
            return Err(SlugError::Edge);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

fn is_slug_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Slug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlugError {
    /// No character at all.
    #[error("a slug has at least one character")]
    Empty,
    /// A character outside the alphabet.
    #[error("{character:?} at character {position} is not one of a-z, 0-9, '-' and '_'")]
    Character {
        /// The first such character.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A character that cannot be seen.
    #[error("it contains {0}, which cannot be seen")]
    Hidden(HiddenCharacter),
    /// More characters than a slug can have.
    #[error("{characters} characters are more than the limit of {MAX_CHARACTERS}")]
    TooLong {
        /// How many there are.
        characters: usize,
    },
    /// A hyphen or underscore at either end.
    #[error("a slug begins and ends with a letter or a digit")]
    Edge,
}

/// A slug that a caller chose: at least 3 characters, and not a reserved name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias(Slug);

impl Alias {
    /// The alias as a slug.
    pub fn into_slug(self) -> Slug {
        self.0
    }
}

impl FromStr for Alias {
    type Err = AliasError;

    /// Parses an alias as a caller wrote or pasted it. What cannot be seen around it is ignored.
    fn from_str(text: &str) -> Result<Self, AliasError> {
        let slug: Slug = trim_hidden(text).parse()?;
        if slug.as_str().len() < MIN_ALIAS_CHARACTERS {
            return Err(AliasError::TooShort { characters: slug.as_str().len() });
        }
        if slug.is_reserved() {
            return Err(AliasError::Reserved { slug });
        }
        Ok(Self(slug))
    }
}

/// Why a text cannot be chosen as a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AliasError {
    /// It is not a slug.
    #[error(transparent)]
    Syntax(#[from] SlugError),
    /// It has fewer characters than a chosen slug must have.
    #[error("{characters} characters are fewer than the {MIN_ALIAS_CHARACTERS} that a chosen slug needs")]
    TooShort {
        /// How many there are.
        characters: usize,
    },
    /// It is a name of the service.
    #[error("\"{slug}\" is reserved")]
    Reserved {
        /// The name, folded.
        slug: Slug,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, SlugError>) {
        assert_eq!(text.parse::<Slug>().as_ref().map(Slug::as_str), expected.as_ref().map(|s| *s), "{text:?}");
    }

    #[test]
    fn slugs_are_folded_and_checked() {
        check("grqpaeet", Ok("grqpaeet"));
        check("GrqPAEET", Ok("grqpaeet"));
        check("a", Ok("a"));
        check("a-b_c", Ok("a-b_c"));
        check(&"x".repeat(64), Ok(&"x".repeat(64)));
        check("", Err(SlugError::Empty));
        check(&"x".repeat(65), Err(SlugError::TooLong { characters: 65 }));
        check("-a", Err(SlugError::Edge));
        check("a_", Err(SlugError::Edge));
        check("robots.txt", Err(SlugError::Character { character: '.', position: 7 }));
        check("a/b", Err(SlugError::Character { character: '/', position: 2 }));
        check("ab+", Err(SlugError::Character { character: '+', position: 3 }));
        check("añb", Err(SlugError::Character { character: 'ñ', position: 2 }));
        // The Kelvin sign folds to k in Unicode; it is still not a slug character.
        check("\u{212a}elvin", Err(SlugError::Character { character: '\u{212a}', position: 1 }));
    }

    #[test]
    fn some_reserved_names_are_paths() {
        let check = |text: &str, is_path| assert_eq!(text.parse::<Slug>().unwrap().is_path(), is_path, "{text}");
        for name in PATHS {
            assert!(RESERVED.contains(&name), "{name}");
        }
        check("API", true);
        check("docs", false);
        check("launch", false);
    }

    #[test]
    fn aliases_are_longer_and_not_reserved() {
        assert!("abc".parse::<Alias>().is_ok());
        assert_eq!(" \u{200b}abc\u{feff}\n".parse::<Alias>().map(Alias::into_slug), Ok("abc".parse().unwrap()));
        let hidden = HiddenCharacter { character: '\u{200b}', position: 2 };
        assert_eq!("a\u{200b}bc".parse::<Alias>(), Err(SlugError::Hidden(hidden).into()));
        assert_eq!("ab".parse::<Alias>(), Err(AliasError::TooShort { characters: 2 }));
        assert!(matches!("API".parse::<Alias>(), Err(AliasError::Reserved { .. })));
        assert_eq!("a b".parse::<Alias>(), Err(SlugError::Character { character: ' ', position: 2 }.into()));
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused_and_parsing_is_idempotent(text in "\\PC{0,80}") {
            if let Ok(slug) = text.parse::<Slug>() {
                prop_assert_eq!(slug.as_str().parse::<Slug>(), Ok(slug.clone()));
                prop_assert_eq!(slug.as_str(), text.to_lowercase());
            }
        }
    }
}
