//! How a function knows that a request came through CloudFront.

use std::{fmt, hint::black_box};

/// A secret that CloudFront adds to every request in the header [`OriginSecret::HEADER`].
///
/// A web ACL of an HTTP API can only be in CloudFront, and API Gateway cannot compare a header before it calls a function.
/// Without this secret, whoever knows the API's own address could pass the web ACL by.
#[derive(Clone, PartialEq, Eq)]
pub struct OriginSecret(String);

/// A secret that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginSecretError;

impl OriginSecret {
    /// The header's name, in lower case as API Gateway sends it.
    pub const HEADER: &str = "x-origin-verify";

    /// Fewest bytes of a secret.
    const MIN_BYTES: usize = 16;

    /// A secret of at least sixteen bytes.
    ///
    /// # Errors
    /// [`OriginSecretError`] if it is shorter.
    pub fn new(secret: String) -> Result<Self, OriginSecretError> {
        if secret.len() < Self::MIN_BYTES { Err(OriginSecretError) } else { Ok(Self(secret)) }
    }

    /// Whether a request with this value of the header came through CloudFront; an absent header is an empty value. The
    /// time that the answer takes says nothing about the secret but its length.
    pub fn admits(&self, sent: &str) -> bool {
        let pairs = self.0.bytes().zip(sent.bytes());
        let difference = pairs.fold(0, |difference, (expected, sent)| difference | (expected ^ sent));
        self.0.len() == sent.len() && black_box(difference) == 0
    }
}

impl fmt::Debug for OriginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginSecret")
    }
}

impl fmt::Display for OriginSecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has fewer than {} bytes", OriginSecret::MIN_BYTES)
    }
}

impl std::error::Error for OriginSecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_alone_is_admitted() {
        let secret = OriginSecret::new("0123456789abcdef".to_owned()).unwrap();
        for (sent, expected) in [
            ("0123456789abcdef", true),
            ("0123456789abcdeF", false),
            ("1123456789abcdef", false),
            ("0123456789abcde", false),
            ("0123456789abcdef0", false),
            ("", false),
        ] {
            assert_eq!(secret.admits(sent), expected, "{sent}");
        }
    }

    #[test]
    fn a_secret_is_long_and_never_shown() {
        assert_eq!(OriginSecret::new("0123456789abcde".to_owned()), Err(OriginSecretError));
        let secret = OriginSecret::new("0123456789abcdef".to_owned()).unwrap();
        assert_eq!(format!("{secret:?}"), "OriginSecret");
    }
}
