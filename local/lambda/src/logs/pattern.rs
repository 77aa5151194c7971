//! Filter patterns.

use std::str::FromStr;

/// A filter pattern: a word that lines must contain, or nothing, which every line matches.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern(String);

/// The filter pattern is more than a word.
///
/// What CloudWatch Logs makes of the other forms cannot be told without it, and a line that is filtered in one place and not
/// in the other is hard to find.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the filter pattern {0:?} is not a single word, and no other form is understood here")]
pub struct PatternError(String);

impl Pattern {
    pub(super) fn matches(&self, line: &str) -> bool {
        line.contains(&self.0)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.bytes().all(is_word) { Ok(Self(text.to_owned())) } else { Err(PatternError(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_word_or_nothing() {
        for (pattern, line, expected) in [
            ("click", r#"{"click":{"country":"DE"}}"#, Some(true)),
            ("click", r#"{"slug":"launch"}"#, Some(false)),
            ("Click", r#"{"click":{}}"#, Some(false)),
            ("", "anything", Some(true)),
            (r#"{ $.outcome = "redirect" }"#, "", None),
            ("two words", "", None),
            ("-click", "", None),
            ("\"click\"", "", None),
        ] {
            let found = pattern.parse::<Pattern>().ok().map(|pattern| pattern.matches(line));
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
