//! How errors are worded.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use dax_protocol::Method;

/// An error with its causes, in one line. What is logged is shown in this way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WithCauses<'a>(&'a (dyn StdError + 'static));

/// An error with its causes, in one line.
pub(crate) fn with_causes<'a>(error: &'a (dyn StdError + 'static)) -> WithCauses<'a> {
    WithCauses(error)
}

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// A call, and what it had to ask.
pub(super) struct Step(pub(super) Method, pub(super) Option<Method>);

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            // Not an operation that anybody calls: the client asks it by itself.
            Self(Method::Endpoints, None) => f.write_str("Endpoints (the cluster's list of its nodes)"),
            Self(method, None) => write!(f, "{method}"),
            Self(method, Some(lookup)) => write!(f, "{method}, asking {lookup}"),
        }
    }
}

/// A duration without digits that nobody set: what is left of a call's time is never a round number.
pub(super) struct Rounded(pub(super) Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.0 < Duration::from_millis(1) { 1_000 } else { 1_000_000 };
        let rounded = (self.0.as_nanos() + unit / 2) / unit * unit;
        match u64::try_from(rounded) {
            Ok(nanos) => write!(f, "{:?}", Duration::from_nanos(nanos)),
            Err(_centuries) => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded() {
        let check = |nanos, expected: &str| assert_eq!(Rounded(Duration::from_nanos(nanos)).to_string(), expected);
        check(1_000_000_060, "1s");
        check(199_966_981, "200ms");
        check(49_980_210, "50ms");
        check(1_234_567_890, "1.235s");
        check(12_345, "12µs");
        check(0, "0ns");
        assert_eq!(Rounded(Duration::MAX).to_string(), format!("{:?}", Duration::MAX));
    }

    #[test]
    fn causes_follow_their_error() {
        let nobody = std::io::Error::other("nobody listens");
        let error = crate::Error::Dns { host: "cluster".to_owned(), source: nobody };
        assert_eq!(with_causes(&error).to_string(), "cannot resolve cluster: nobody listens");
    }

    #[test]
    fn a_method_that_nobody_calls_is_explained() {
        let check = |method, lookup, expected: &str| assert_eq!(Step(method, lookup).to_string(), expected);
        check(Method::Endpoints, None, "Endpoints (the cluster's list of its nodes)");
        check(Method::GetItem, None, "GetItem");
        check(Method::GetItem, Some(Method::DefineKeySchema), "GetItem, asking DefineKeySchema");
    }
}
