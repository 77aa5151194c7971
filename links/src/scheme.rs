//! Which slug a URL gets.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::{
    Slug, TargetUrl,
    encoding::{CROCKFORD, base32},
};

/// How often a taken slug is replaced by another of the same length.
const ATTEMPTS: u32 = 5;
/// Characters of a keyed slug: 40 bits, as in the AWS sample.
const CHARACTERS: usize = 8;
/// Characters of a keyed slug once all shorter ones were taken.
const MORE_CHARACTERS: usize = 10;
/// What the slug of a new link is derived from.
#[derive(Debug, Clone, Copy)]
pub enum SlugBasis<'a> {
    /// The URL alone: it gets the same slug again.
    Url(&'a TargetUrl),
    /// The URL and random bytes: it gets another slug each time.
    Fresh(&'a TargetUrl, [u8; 16]),
    /// The idempotency key of a request: repeated, it gets the same slug.
    Request(&'a str),
}

impl SlugBasis<'_> {
    /// Bytes that no other basis has: the identity of a URL begins with its scheme, the others with a zero.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Url(target) => target.identity().as_bytes().to_vec(),
            Self::Fresh(target, random) => [b"\0fresh", &random[..], target.identity().as_bytes()].concat(),
            Self::Request(key) => [b"\0request", key.as_bytes()].concat(),
        }
    }

    /// The text that the AWS sample would hash; it knows URLs only.
    fn sample_text(self, owner: &str) -> String {
        match self {
            Self::Url(target) => target.to_string(),
            Self::Fresh(target, random) => format!("{:032x}${target}", u128::from_be_bytes(random)),
            Self::Request(key) => format!("{}${owner}${key}", owner.len()),
        }
    }
}

/// How slugs are derived from URLs. Both schemes are deterministic: the same URL of the same owner gets the same slug,
/// without an index to look it up.
#[derive(Debug, Clone)]
pub enum SlugScheme {
    /// HMAC-SHA-256 under a secret: nobody outside can compute which slug a private URL has.
    Keyed(SlugSecret),
    /// The AWS sample's algorithm to the letter: the first 40 bits of the MD5 of the URL in base 32 without padding; if
    /// that slug is taken, of the taken slug, `$` and the URL.
    AwsSample,
}

impl SlugScheme {
    /// The slugs to try, best first; finite. Reserved names are left out.
    pub fn candidates(&self, owner: &str, basis: SlugBasis<'_>) -> impl Iterator<Item = Slug> {
        let slugs: Vec<String> = match self {
            Self::Keyed(secret) => {
                let basis = basis.bytes();
                (0..2 * ATTEMPTS).map(|attempt| keyed(secret, owner, &basis, attempt)).collect()
            }
            Self::AwsSample => {
                let text = basis.sample_text(owner);
                let first = sample(&text);
                let next = |taken: &String| Some(sample(&format!("{taken}${text}")));
                std::iter::successors(Some(first), next).take(ATTEMPTS as usize).collect()
            }
        };
        slugs.into_iter().filter_map(|slug| slug.parse().ok()).filter(|slug: &Slug| !slug.is_reserved())
    }
}

fn keyed(secret: &SlugSecret, owner: &str, basis: &[u8], attempt: u32) -> String {
    // The owner's length goes first, so that no other owner and basis concatenate to the same bytes.
    let mut mac = secret.0.clone();
    mac.update(&(owner.len() as u64).to_be_bytes());
    mac.update(owner.as_bytes());
    mac.update(basis);
    mac.update(&attempt.to_be_bytes());
    let characters = if attempt < ATTEMPTS { CHARACTERS } else { MORE_CHARACTERS };
    base32(&CROCKFORD, &mac.finalize().into_bytes(), characters)
}

fn sample(text: &str) -> String {
    // The digits of `Number.prototype.toString(32)` are those of DNSSEC.
    let digits = base32(&BASE32_DNSSEC, &Md5::digest(text.as_bytes()), CHARACTERS);
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        number => number.to_owned(),
    }
}

/// The key under which slugs are derived. Changing it gives every URL another slug; links that exist keep working.
#[derive(Clone)]
pub struct SlugSecret(Hmac<Sha256>);

impl SlugSecret {
    /// Fewest bytes of a secret: half the output of the hash; RFC 2104 advises against fewer.
    pub const MIN_BYTES: usize = 16;

    /// Takes at least [`MIN_BYTES`](Self::MIN_BYTES) hard-to-guess bytes.
    ///
    /// # Errors
    /// [`SlugSecretError`] for fewer.
    pub fn new(bytes: &[u8]) -> Result<Self, SlugSecretError> {
        if bytes.len() < Self::MIN_BYTES {
            return Err(SlugSecretError { bytes: bytes.len() });
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_invalid_length| SlugSecretError { bytes: bytes.len() })
    }
}

impl fmt::Debug for SlugSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlugSecret(..)")
    }
}

/// A secret that is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are fewer than the {} that a secret needs", SlugSecret::MIN_BYTES)]
pub struct SlugSecretError {
    bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetRules;
    use std::collections::HashSet;

    fn target(text: &str) -> TargetUrl {
        TargetUrl::parse(text, &TargetRules::default()).unwrap()
    }

    fn candidates(scheme: &SlugScheme, owner: &str, url: &str) -> Vec<String> {
        scheme.candidates(owner, SlugBasis::Url(&target(url))).map(String::from).collect()
    }

    #[test]
    fn the_slugs_of_the_aws_sample_are_computed() {
        let check = |url: &str, expected: &[&str]| {
            assert_eq!(
                candidates(&SlugScheme::AwsSample, "anyone", url).get(..expected.len()).unwrap(),
                expected,
                "{url}"
            );
        };
        check("https://www.amazon.com", &["grqpaeet"]);
        check("https://example.com/1139924", &["8c8r"]);
        check("https://example.com/425790", &["47d90svq"]);
        check("https://example.com/1023374", &["47d90svq", "q1e1ft90"]);
        check("https://example.com/588975", &["3el49v5g"]);
        check("https://example.com/1176252", &["3el49v5g", "2q3runug"]);
        check("https://example.com/1313633", &["5164d63b"]);
        check("https://example.com/2232887", &["5164d63b", "n0utblij"]);
        assert_eq!(candidates(&SlugScheme::AwsSample, "anyone", "https://www.amazon.com").len(), 5);
    }

    #[test]
    fn keyed_slugs_depend_on_secret_owner_and_url() {
        let scheme = |secret: &[u8]| SlugScheme::Keyed(SlugSecret::new(secret).unwrap());
        let first = |scheme: &SlugScheme, owner, url| candidates(scheme, owner, url).remove(0);
        let one = scheme(b"a secret of sixteen bytes or more");
        let slug = first(&one, "ann", "https://example.com/");
        // Computed with another implementation: python3 -c "import hmac,hashlib; print(hmac.new(b'a secret of sixteen
        // bytes or more', (3).to_bytes(8,'big')+b'ann'+b'https://example.com'+(0).to_bytes(4,'big'),
        // hashlib.sha256).hexdigest()[:10])", then five bits a character.
        assert_eq!(slug, "366d5sed");
        assert_eq!(slug, first(&one, "ann", "https://example.com"), "the slash of an empty path makes no difference");
        assert_ne!(slug, first(&one, "bob", "https://example.com/"));
        assert_ne!(slug, first(&one, "ann", "https://example.com/a"));
        assert_ne!(slug, first(&scheme(b"another secret of enough bytes"), "ann", "https://example.com/"));
    }

    #[test]
    fn keyed_candidates_are_distinct_and_grow() {
        let scheme = SlugScheme::Keyed(SlugSecret::new(&[7; 32]).unwrap());
        let slugs = candidates(&scheme, "ann", "https://example.com/");
        assert_eq!(slugs.iter().map(String::len).collect::<Vec<_>>(), [8, 8, 8, 8, 8, 10, 10, 10, 10, 10]);
        assert_eq!(slugs.iter().collect::<HashSet<_>>().len(), 10);
        assert!(slugs.iter().all(|slug| crate::encoding::is_crockford(slug)));
    }

    #[test]
    fn short_secrets_are_refused_and_none_is_printed() {
        assert_eq!(
            SlugSecret::new(&[0; 15]).unwrap_err().to_string(),
            "15 bytes are fewer than the 16 that a secret needs"
        );
        assert_eq!(format!("{:?}", SlugSecret::new(b"0123456789abcdef").unwrap()), "SlugSecret(..)");
    }

    #[test]
    fn no_two_bases_share_a_slug() {
        let keyed = SlugScheme::Keyed(SlugSecret::new(b"0123456789abcdef").unwrap());
        let url = target("https://example.com/");
        for scheme in [keyed, SlugScheme::AwsSample] {
            let first = |owner: &str, basis| scheme.candidates(owner, basis).next().unwrap();
            let slugs = [
                first("ann", SlugBasis::Url(&url)),
                first("ann", SlugBasis::Fresh(&url, [1; 16])),
                first("ann", SlugBasis::Fresh(&url, [2; 16])),
                first("ann", SlugBasis::Request("https://example.com/")),
                first("ann", SlugBasis::Request("b")),
                first("an", SlugBasis::Request("nb")),
            ];
            let different: HashSet<_> = slugs.iter().collect();
            assert_eq!(different.len(), slugs.len(), "{slugs:?}");
            assert_eq!(first("ann", SlugBasis::Request("b")), first("ann", SlugBasis::Request("b")));
        }
    }
}
