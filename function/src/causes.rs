//! Why something failed, as one line.

use std::{error::Error, fmt::Write as _};

/// An error and everything that caused it, outermost first, for a log. Never for a response: causes name hosts and
/// tables.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Outer<E>(E);

    impl<E> fmt::Display for Outer<E> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl<E: Error + 'static> Error for Outer<E> {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn causes_follow_outermost_first() {
        let cause = "x".parse::<u8>().unwrap_err();
        assert_eq!(with_causes(&cause), "invalid digit found in string");
        assert_eq!(with_causes(&Outer(Outer(cause))), "outer: outer: invalid digit found in string");
    }
}
