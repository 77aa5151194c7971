//! Idempotency keys: a request that carries one can be repeated safely, whether or not it succeeded before.

use data_encoding::HEXLOWER;
use links::Idempotency;
use sha2::{Digest, Sha256};

use crate::http::{
    problem::{Problem, RequestProblem},
    request::Request,
};

use super::new_link::NewLink;

/// The header that carries the key.
pub(crate) const HEADER: &str = "idempotency-key";
/// Maximum length of a key.
const MAX_CHARACTERS: usize = 255;

/// The key of the request, if it has one.
pub(crate) fn key(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.header(HEADER) else {
        return Ok(None);
    };
    let is_visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    match value.as_bytes() {
        bytes if (1..=MAX_CHARACTERS).contains(&bytes.len()) && is_visible(bytes) => {
            Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
        }
        _ => Err(RequestProblem::InvalidIdempotencyKey { limit: MAX_CHARACTERS }.into()),
    }
}

/// What is stored with the link to recognize a repeated request.
pub(crate) fn trace(owner: &str, key: &str, new_link: &NewLink) -> Idempotency {
    Idempotency {
        // The length separates the owner from the key: two pairs never concatenate to the same string.
        key_digest: digest(&format!("{} {owner} {key}", owner.len())),
        request_digest: digest(&new_link.canonical),
    }
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::request;
    use serde_json::json;

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        let check = |value: &str, expected: Option<&str>| {
            let request = request(json!({ "headers": { HEADER: value } }));
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
        assert!(matches!(key(&request(json!({}))), Ok(None)));
    }
}
