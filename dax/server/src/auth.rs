//! Verifies that a client knows the secret.
//!
//! The client signs an empty `POST /` to DAX's host with Signature Version 4 and sends the string it signed. Only a
//! hash of the request is in there, so the server builds what it must have been. The Go clients sign the host with
//! `https://` in front, the others without.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::request::Authorization;

/// How long an authorization counts. Clients renew it after 150 or 225 seconds.
pub(crate) const VALID: Duration = Duration::from_secs(300);

/// How far the clocks of client and server may be apart, as everywhere in AWS.
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

const SIGNED_HOSTS: [&str; 2] = ["dax.amazonaws.com", "https://dax.amazonaws.com"];
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "dax";
/// SHA-256 of nothing, the body of the signed request.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Knows the secret access key.
pub(crate) struct Verifier {
    secret: String,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    pub(crate) fn new(secret: String) -> Self {
        Self { secret }
    }

    /// Checks a proof at a point in time.
    ///
    /// # Errors
    /// What is wrong with it, for the client to read.
    pub(crate) fn verify(&self, proof: &Authorization, now: SystemTime) -> Result<(), &'static str> {
        let text = std::str::from_utf8(&proof.string_to_sign).ok().ok_or("the string to sign is not UTF-8")?;
        let mut lines = text.split('\n');
        let (Some(ALGORITHM), Some(stamp), Some(scope), Some(request_hash), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err("the string to sign is not of Signature Version 4");
        };
        let mut parts = scope.split('/');
        let (Some(date), Some(region), Some(SERVICE), Some("aws4_request"), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("the credential scope is not one for DAX");
        };
        if !stamp.starts_with(date) {
            return Err("the credential scope has another date than the request");
        }
        let signed_at = parse_stamp(stamp).ok_or("the date is not written as YYYYMMDDTHHMMSSZ")?;
        let skew = now.duration_since(signed_at).unwrap_or_else(|early| early.duration());
        if skew > MAX_SKEW {
            return Err("the signature is too old, or the clocks differ by more than 15 minutes");
        }
        if !SIGNED_HOSTS.iter().any(|host| canonical_request_hash(host, stamp) == request_hash) {
            return Err("the signed request is not the one that opens a DAX connection");
        }
        let signature = HEXLOWER_PERMISSIVE.decode(proof.signature.as_bytes());
        let signature = signature.or(Err("the signature is not hexadecimal"))?;
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [date, region, SERVICE, "aws4_request"] {
            key = mac(&key, part).ok_or("no key")?.finalize().into_bytes().to_vec();
        }
        // Compared in constant time.
        mac(&key, text).ok_or("no key")?.verify_slice(&signature).ok().ok_or("the signature does not match")
    }
}

fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    // Keys of any length are fine.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn canonical_request_hash(host: &str, stamp: &str) -> String {
    let request = format!("POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{EMPTY_BODY}");
    HEXLOWER.encode(&Sha256::digest(request))
}

pub(crate) fn parse_stamp(stamp: &str) -> Option<SystemTime> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    let seconds = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from the official clients with a made-up secret; see `dax/vectors`.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn python() -> Authorization {
        Authorization {
            access_key_id: "AKIDEXAMPLE".into(),
            signature: "593a7a2e46fec09b15c5656373070cd6d0c9c28f942434c5241914ac58b577f2".into(),
            string_to_sign: b"AWS4-HMAC-SHA256\n20261123T004351Z\n20261123/us-east-1/dax/aws4_request\n\
                6e64d088ea2662c8cd9d3560ec1d4fbb2318148331574136ef587635f23a0a2c"
                .to_vec(),
        }
    }

    fn go() -> Authorization {
        Authorization {
            access_key_id: "AKIDEXAMPLE".into(),
            signature: "0e48bf2c5b50a6ce552dd16a803d80631eae003ec11c8a612ba5b9adbed905b9".into(),
            string_to_sign: b"AWS4-HMAC-SHA256\n20261123T004324Z\n20261123/us-east-1/dax/aws4_request\n\
                2eee30c3a42570f60fe5b9bf65ef4341e4c69e42d1491b8f7218af9b922327cf"
                .to_vec(),
        }
    }

    fn minutes_after_recording(minutes: u64) -> SystemTime {
        parse_stamp("20261123T004351Z").unwrap() + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn recorded_signatures_of_both_kinds_are_accepted() {
        let verifier = Verifier::new(SECRET.into());
        for proof in [python(), go()] {
            assert_eq!(verifier.verify(&proof, minutes_after_recording(1)), Ok(()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let good = python;
        let now = minutes_after_recording(1);
        let with_text = |from: &str, to: &str| Authorization {
            string_to_sign: String::from_utf8(good().string_to_sign).unwrap().replace(from, to).into_bytes(),
            ..good()
        };
        for (what, secret, proof, now) in [
            ("other secret", "secret", good(), now),
            ("other signature", SECRET, Authorization { signature: go().signature, ..good() }, now),
            ("no signature", SECRET, Authorization { signature: String::new(), ..good() }, now),
            ("odd signature", SECRET, Authorization { signature: "abc".into(), ..good() }, now),
            ("too late", SECRET, good(), minutes_after_recording(16)),
            ("other region", SECRET, with_text("us-east-1", "eu-west-1"), now),
            ("other service", SECRET, with_text("/dax/", "/s3/"), now),
            ("other request", SECRET, with_text("6e64d0", "000000"), now),
            ("no lines", SECRET, with_text("\n", " "), now),
        ] {
            assert!(Verifier::new(secret.into()).verify(&proof, now).is_err(), "{what}");
        }
    }
}
