//! Requests that name themselves, so that repeating one is safe whatever became of it.

use links::Idempotency;
use sha2::{Digest, Sha256};

use crate::http::{body::Wish, problem::Problem, request::Request};

/// The header that carries the name.
pub(crate) const HEADER: &str = "idempotency-key";
/// Most characters of a name.
const MAX_CHARACTERS: usize = 255;

/// The name of the request, if it has one.
pub(crate) fn key(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.header(HEADER) else {
        return Ok(None);
    };
    let is_visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    match value.as_bytes() {
        bytes if (1..=MAX_CHARACTERS).contains(&bytes.len()) && is_visible(bytes) => {
            Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => Err(Problem::InvalidIdempotencyKey { limit: MAX_CHARACTERS }),
    }
}

/// What is kept with the link of a named request.
pub(crate) fn trace(owner: &str, key: &str, wish: &Wish) -> Idempotency {
    Idempotency {
        // The owner's length keeps apart owners and keys that concatenate to the same text.
        key_digest: digest(&format!("{} {owner} {key}", owner.len())),
        request_digest: digest(&wish.canonical),
    }
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        let check = |value: &str, expected: Option<&str>| {
            let request = crate::http::request::request(json!({ "headers": { HEADER: value } }));
            let key = key(&request).ok().flatten();
            assert_eq!(key.as_deref(), expected, "{value:?}");
        };
        check("7f1c-A!", Some("7f1c-A!"));
        let longest = "k".repeat(MAX_CHARACTERS);
        check(&longest, Some(&longest));
        check(&"k".repeat(MAX_CHARACTERS + 1), None);
        check("", None);
        check("a b", None);
        check("ä", None);
        assert!(matches!(key(&crate::http::request::request(json!({}))), Ok(None)));
    }
}
