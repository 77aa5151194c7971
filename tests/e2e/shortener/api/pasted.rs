//! Pasted text: the cases that page, importer and API decide alike, through every way in that the API has.

use e2e::Reply;
use serde_json::{Value, json};

use super::caller::{Caller, FORM, JSON, TEXT, refused};
use crate::shortener::redirect::site::in_both_modes;

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../pasted.json")).expect("a list")
}

/// As a browser encodes a field of a form, but for its length.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What `POST /` answers, as JSON.
async fn shorten(caller: &Caller, media_type: &str, body: String) -> Reply {
    caller.call("POST", "/", &[("content-type", media_type), ("accept", JSON)], body).await
}

#[tokio::test]
async fn every_way_in_decides_alike() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for case in cases() {
            let text = case["text"].as_str().expect("a text");
            let mut ways = vec![
                ("the API", caller.create(&json!({ "url": text })).await),
                ("JSON", shorten(&caller, JSON, json!({ "url": text }).to_string()).await),
                ("a form", shorten(&caller, FORM, format!("url={}", encoded(text))).await),
            ];
            if case["name"] != "nothing but blanks and invisible characters" {
                ways.push(("text", shorten(&caller, TEXT, text.to_owned()).await));
                ways.push(("a form that is no form", shorten(&caller, FORM, text.to_owned()).await));
            }
            for (way, reply) in ways {
                match case["stored"].as_str() {
                    Some(stored) => assert_eq!(reply.json()["url"], stored, "{way}: {case}"),
                    None => refused(&reply, 422, case["problem"].as_str().expect("a code"), &format!("{way}: {case}")),
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_for_people() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for (text, words, position) in [
            ("https://example.com/\u{200b}a", "U+200B ZERO WIDTH SPACE at character 21", Some(21)),
            (" https://example.com/wrap\nped", "U+000A LINE FEED at character 26, which breaks the line", Some(26)),
            ("https://example.com/a https://example.com/b", "a second URL begins at character 23", Some(23)),
            ("Look at this: https://example.com/", "there is text before the URL", Some(15)),
            ("<https://example.com/>", "it begins with <", None),
            ("https://https://example.com/", "http:// or https:// is there twice", None),
            ("example.com/x", "it does not begin with https:// or http://", None),
            ("localhost:8080", "it does not begin with https:// or http://", None),
            ("ftp://example.com/", "it begins with \"ftp:\"", None),
            ("https://", "no host follows the scheme", None),
            ("http://router/", "its host is not public: it is a name without a dot", None),
        ] {
            for field in ["url", "expired_url"] {
                let mut wish = json!({ "url": "https://example.com/" });
                wish[field] = json!(text);
                let reply = caller.create(&wish).await;
                assert_eq!(reply.status, 422, "{text}");
                let problem = reply.json();
                assert!(problem["detail"].as_str().expect("a text").contains(words), "{problem}");
                assert_eq!(problem.get("position").and_then(Value::as_u64), position, "{problem}");
            }
        }
        let reply = caller.create(&json!({ "url": "https://example.com/", "slug": "ab\u{ad}c" })).await;
        refused(&reply, 422, "invalid-slug", "a soft hyphen");
        let detail = reply.json()["detail"].as_str().expect("a text").to_owned();
        assert!(detail.contains("U+00AD SOFT HYPHEN at character 3"), "{detail}");
        for (field, value) in [("note", json!("a\u{202e}")), ("tags", json!(["a\u{0}"]))] {
            let mut wish = json!({ "url": "https://example.com/" });
            wish[field] = value;
            refused(&caller.create(&wish).await, 422, "unfit-character", field);
        }
    })
    .await;
}
