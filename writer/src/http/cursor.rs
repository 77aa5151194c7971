//! Cursors: where the next page of a list begins. They are opaque to callers and do not hold the owner, so a cursor
//! never leads into someone else's list.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use links::{Position, Timestamp};

use super::problem::{Problem, RequestProblem};

/// Longest cursor that is decoded: a number, a separator and a slug, in base64.
const MAX_BYTES: usize = 200;

/// The cursor of a position.
pub(crate) fn cursor(position: &Position) -> String {
    let text = format!("{} {}", position.created_at.unix_seconds(), position.slug);
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// The position of a cursor.
pub(crate) fn position(cursor: &str) -> Result<Position, Problem> {
    let parse = || {
        let bytes = (cursor.len() <= MAX_BYTES).then(|| BASE64_URL_SAFE_NO_PAD.decode(cursor).ok())?;
        let text = String::from_utf8(bytes?).ok()?;
        let (seconds, slug) = text.split_once(' ')?;
        Some(Position { created_at: Timestamp::from_unix_seconds(seconds.parse().ok()?), slug: slug.parse().ok()? })
    };
    let expected = "the next_cursor of an earlier response";
    parse().ok_or_else(|| RequestProblem::InvalidParameter { parameter: "cursor".to_owned(), expected }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let there =
            Position { created_at: Timestamp::from_unix_seconds(1_700_000_000), slug: "abc-1".parse().unwrap() };
        assert_eq!(position(&cursor(&there)).unwrap(), there);
        for bad in ["", "!", "YWJj", "MTIzIA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSBhYmM", &"A".repeat(201)] {
            assert!(position(bad).is_err(), "{bad}");
        }
    }
}
