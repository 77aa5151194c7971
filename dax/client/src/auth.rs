//! The proof of identity sent on each connection: AWS Signature Version 4 over a fixed, empty request.
//!
//! The signature does not cover requests. It authorises the connection for about five minutes, so signing costs one
//! hash chain per connection and renewal, never per request.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// How long a signature is used. Servers honour it for 300 s; renewing at three quarters of that leaves room for
/// slow networks and skewed clocks (the official Go client renews at the same age).
pub(crate) const RENEW_AFTER: Duration = Duration::from_secs(225);

const SERVICE: &str = "dax";

/// The host that the JavaScript and Python clients sign; Go's puts `https://` in front.
const SIGNED_HOST: &str = "dax.amazonaws.com";
/// SHA-256 of nothing.
const EMPTY_PAYLOAD_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What `authorizeConnection` carries besides the access key and the session token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// 64 lower-case hex digits.
    pub(crate) signature: String,
    pub(crate) string_to_sign: String,
}

/// Signs for `region` at `now`.
pub(crate) fn prove(credentials: &Credentials, region: &str, now: SystemTime) -> Proof {
    let date_time = amz_date(now);
    let date = date_time.split('T').next().unwrap_or_default();
    let canonical =
        format!("POST\n/\n\nhost:{SIGNED_HOST}\nx-amz-date:{date_time}\n\nhost;x-amz-date\n{EMPTY_PAYLOAD_SHA256}");
    let digest = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
    let string_to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{date}/{region}/{SERVICE}/aws4_request\n{digest}");
    let key = generate_signing_key(credentials.secret_access_key(), now, region, SERVICE);
    let signature = calculate_signature(key, string_to_sign.as_bytes());
    Proof { signature, string_to_sign }
}

/// `20261123T004324Z`; times before 1970 are given as 1970, which no server accepts.
fn amz_date(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Gregorian date of a day counted from 1970-01-01, by counting from 0000-03-01 in eras of 400 years.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_FROM_0000_03_01_TO_1970: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;
    let days = days_since_1970 + DAYS_FROM_0000_03_01_TO_1970;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_795_394_604, "20261123T004324Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(amz_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    /// Every recorded proof, of fake credentials. Go's signs the host with its scheme, so only its date is compared.
    #[test]
    fn equals_the_official_clients_proofs() {
        const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../vectors/authorizeConnection.json")).unwrap();
        let mut compared = 0;
        for vector in file["vectors"].as_array().unwrap() {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let credentials =
                Credentials::new(text(&vector["credentials"]["access_key_id"]), SECRET, None, None, "test");
            let date = text(&vector["amz_date"]);
            let proof = prove(&credentials, &text(&vector["region"]), seconds_into_2026_11_23(&date));
            let recorded = &vector["request_parsed"];
            let recorded =
                Proof { signature: text(&recorded["signature"]), string_to_sign: text(&recorded["stringToSign"]) };
            if vector["client"] == "go-v2" {
                let lines = |proof: &Proof| proof.string_to_sign.lines().take(3).map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(lines(&proof), lines(&recorded), "{}", vector["name"]);
            } else {
                assert_eq!(proof, recorded, "{}", vector["name"]);
                compared += 1;
            }
        }
        assert!(compared >= 6);
    }

    /// All proofs were recorded on that day.
    fn seconds_into_2026_11_23(date: &str) -> SystemTime {
        let time = date.strip_prefix("20261123T").unwrap();
        let part = |at: usize| time.get(at..at + 2).unwrap().parse::<u64>().unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_392_000 + part(0) * 3600 + part(2) * 60 + part(4))
    }
}
