//! Saying why something failed.

use std::{error::Error, fmt::Write as _};

/// The text of an error and of everything that caused it, outermost first, for a log. Never for an answer: causes name
/// hosts and tables.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
