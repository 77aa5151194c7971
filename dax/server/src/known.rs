//! The errors that a fault rule can name: all that DynamoDB, DAX or this server answer with.

use dax_protocol::{Exception, exception::reach};

use super::failure::{Failure, unlisted_codes};

/// What the server answers to who has not signed in; the protocol has codes for it, and DynamoDB the name.
const NOT_SIGNED_IN: &str = "MissingAuthenticationTokenException";

/// Errors of DynamoDB that the protocol has no codes for, and their HTTP status.
const UNLISTED_ERRORS: [(&str, u16); 6] = [
    ("ExpiredTokenException", 400),
    ("IncompleteSignatureException", 400),
    ("InvalidSignatureException", 400),
    ("ReplicatedWriteConflictException", 400),
    ("ServiceUnavailable", 503),
    ("UnrecognizedClientException", 400),
];

/// All names, in alphabetical order.
pub(crate) fn names() -> Vec<&'static str> {
    let listed = Exception::all().map(Exception::name);
    let mut names: Vec<_> = listed.chain(UNLISTED_ERRORS.map(|(name, _)| name)).chain([NOT_SIGNED_IN]).collect();
    names.sort_unstable();
    names
}

/// The error of this name, in any case, with or without the ending that some names have. `None` if it is not known.
pub(crate) fn failure(name: &str, message: &str) -> Option<Failure> {
    let known = names().into_iter().find(|known| stem(known).eq_ignore_ascii_case(stem(name)))?;
    if known == NOT_SIGNED_IN || known == Exception::Authentication.name() {
        return Some(Failure::not_authorized(message));
    }
    if let Some((_, status)) = UNLISTED_ERRORS.into_iter().find(|(unlisted, _)| *unlisted == known) {
        return Some(Failure::new(unlisted_codes(status), Some(known), message, status));
    }
    let exception = Exception::all().find(|exception| exception.name() == known)?;
    if exception == Exception::UnknownOutcome {
        // It has no name in DynamoDB: the codes tell.
        let code = Some(Exception::InternalServerError.name());
        return Some(Failure::new(exception.codes(reach::RETRYABLE), code, message, exception.http_status()));
    }
    Some(Failure::new(exception.codes(reach::CLIENT), Some(known), message, exception.http_status()))
}

fn stem(name: &str) -> &str {
    const ENDING: &str = "Exception";
    match name.len().checked_sub(ENDING.len()).and_then(|at| name.split_at_checked(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(ENDING) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_known_by_its_name_in_any_spelling() {
        for name in names() {
            for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase(), stem(name).to_owned()] {
                assert!(failure(&spelling, "").is_some(), "{spelling}");
            }
        }
        assert!(failure("SomethingElse", "").is_none() && failure("", "").is_none() && failure("é…x", "").is_none());
    }

    #[test]
    fn the_readme_lists_them() {
        let readme = include_str!("../README.md");
        let missing: Vec<_> = names().into_iter().filter(|name| !readme.contains(&format!("`{name}`"))).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn an_error_has_the_codes_that_the_server_itself_would_send() {
        let check = |name: &str, code: &str, codes: &str| {
            let mut out = Vec::new();
            let failure = failure(name, "").unwrap();
            failure.write(&mut out);
            let start: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(start.starts_with(codes), "{name}: {start}");
            assert_eq!(failure.code(), Some(code));
        };
        check("AccessDeniedException", "AccessDeniedException", "840418251826182a60");
        check("AuthenticationException", NOT_SIGNED_IN, "840417181f182160");
        check("MissingAuthenticationToken", NOT_SIGNED_IN, "840417181f182160");
        check("ServiceUnavailable", "ServiceUnavailable", "8501182518261827182f60");
        check("UnknownOutcomeException", "InternalServerError", "84011825182618");
        check("UnrecognizedClientException", "UnrecognizedClientException", "85041825182618271863");
        check("throttling", "ThrottlingException", "85041825182618271832");
    }
}
