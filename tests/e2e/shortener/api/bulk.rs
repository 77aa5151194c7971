//! `POST /api/v1/links:bulk`.

use e2e::{Reply, wait_until};
use serde_json::{Value, json};

use super::caller::{Caller, JSON, lasting, refused, wish};
use crate::shortener::redirect::site::in_both_modes;

const BULK: &str = "/api/v1/links:bulk";

async fn bulk(caller: &Caller, links: &[Value], headers: &[(&str, &str)]) -> Reply {
    let headers = [&[("content-type", JSON)], headers].concat();
    let body = json!({ "links": links }).to_string();
    caller.call("POST", BULK, &headers, body).await
}

/// The results, whose positions must be those of the wishes.
fn results(reply: &Reply, count: usize) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let results = reply.json()["results"].as_array().expect("results").clone();
    assert_eq!(results.len(), count);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index, "{result}");
        let has = |member| result.get(member).is_some();
        assert!(has("link") != has("problem"), "{result}");
    }
    results
}

#[tokio::test]
async fn what_is_wrong_with_one_does_not_touch_the_others() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("taken", &json!({}))).await;
        let elsewhere = json!({ "url": "https://example.com/other", "slug": "taken" });
        let cases = [
            (json!({ "url": "https://example.com/0" }), 201, ""),
            (json!({ "url": "javascript:alert(1)" }), 422, "invalid-url"),
            (elsewhere, 409, "slug-taken"),
            (wish("taken", &json!({})), 200, ""),
            (json!({ "url": "https://example.com/0", "sulg": "x" }), 422, "unknown-field"),
            (json!({ "url": "https://example.com/1", "slug": "admin" }), 422, "reserved-slug"),
            (json!({}), 422, "missing-field"),
            (json!("https://example.com/"), 422, "wrong-type"),
            (Value::Null, 422, "wrong-type"),
            (json!({ "url": "http://10.0.0.1/" }), 422, "private-target"),
            (wish("new", &json!({ "redirect": 307, "note": "n" })), 201, ""),
        ];
        let wishes = cases.each_ref().map(|(wish, ..)| wish.clone());
        let reply = bulk(&caller, &wishes, &[]).await;
        for (result, (wish, status, code)) in results(&reply, cases.len()).iter().zip(&cases) {
            assert_eq!(result["status"], *status, "{wish} {result}");
            let Some(problem) = result.get("problem") else {
                assert_eq!(*code, "", "{wish} {result}");
                let slug = result["link"]["slug"].as_str().expect("a slug");
                let mut read = caller.read(slug).await.json();
                read["existing"] = json!(*status == 200);
                assert_eq!(lasting(result["link"].clone()), lasting(read.clone()));
                assert_eq!(site.visit(slug).await.1.as_deref(), read["url"].as_str());
                continue;
            };
            assert_eq!(problem["type"], format!("urn:kurz:problem:{code}"), "{wish}");
            assert_eq!(problem["status"], *status, "{wish}");
            assert!(problem["request_id"].is_string(), "{problem}");
        }
        assert_eq!(site.visit("new").await.0, 307);
    })
    .await;
}

#[tokio::test]
async fn up_to_a_hundred_links_are_made_at_once() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let wishes: Vec<_> = (0..101).map(|number| json!({ "url": format!("https://example.com/{number}") })).collect();
        // The first write of a function asks for the key of the table.
        results(&bulk(&caller, &[json!({ "url": "https://example.com/first" })], &[]).await, 1);
        let requests = site.stack.dynamodb_requests();
        let reply = bulk(&caller, &wishes, &[]).await;
        refused(&reply, 422, "too-many", "101 links");
        assert_eq!((&reply.json()["limit"], &reply.json()["field"]), (&json!(100), &json!("links")));
        assert_eq!(site.stack.dynamodb_requests(), requests, "none of them is made");

        let hundred = wishes.get(..100).expect("a hundred");
        for status in [201, 200] {
            let reply = bulk(&caller, hundred, &[]).await;
            for (result, wish) in results(&reply, 100).iter().zip(hundred) {
                assert_eq!(result["status"], status, "{result}");
                assert_eq!(result["link"]["url"], wish["url"]);
            }
        }
        results(&bulk(&caller, &[], &[]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_same_wish_twice_is_one_link_unless_it_is_not_wanted() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let plain = json!({ "url": "https://example.com/twice" });
        let fresh = json!({ "url": "https://example.com/twice", "reuse": false });
        let wishes = [&plain, &plain, &fresh, &fresh].map(Value::clone);
        let results = results(&bulk(&caller, &wishes, &[]).await, 4);
        let slug = |index: usize| results[index]["link"]["slug"].clone();
        assert_eq!(slug(0), slug(1));
        assert!(slug(0) != slug(2) && slug(2) != slug(3) && slug(0) != slug(3));
    })
    .await;
}

#[tokio::test]
async fn a_named_bulk_finds_its_links_again() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let name = [("idempotency-key", "import-1")];
        let fresh = json!({ "url": "https://example.com/a", "reuse": false });
        let mut wishes = vec![
            fresh.clone(),
            fresh,
            json!({ "url": "https://example.com/b", "note": "n" }),
            json!({ "url": "nonsense" }),
        ];
        let first = results(&bulk(&caller, &wishes, &name).await, 4);
        assert_ne!(first[0]["link"]["slug"], first[1]["link"]["slug"]);
        let again = results(&bulk(&caller, &wishes, &name).await, 4);
        for index in 0..3 {
            assert_eq!((&first[index]["status"], &again[index]["status"]), (&json!(201), &json!(200)));
            assert_eq!(first[index]["link"]["slug"], again[index]["link"]["slug"]);
        }
        assert_eq!(again[3]["status"], 422);
        // Another link at the same place is another request.
        wishes[2] = json!({ "url": "https://example.com/c" });
        wishes[3] = json!({ "url": "https://example.com/repaired" });
        let other = results(&bulk(&caller, &wishes, &name).await, 4);
        let statuses = [0, 1, 2, 3].map(|index: usize| other[index]["status"].as_u64());
        assert_eq!(statuses, [200, 200, 422, 201].map(Some));
        assert_eq!(other[2]["problem"]["type"], "urn:kurz:problem:idempotency-mismatch");
        let spaced = [("idempotency-key", "a b")];
        let reply = bulk(&caller, &wishes, &spaced).await;
        refused(&reply, 400, "invalid-idempotency-key", "the whole request");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_list_of_links_is_refused_whole() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for (body, code) in [
            (json!({}), "missing-field"),
            (json!({ "links": null }), "missing-field"),
            (json!({ "links": {} }), "wrong-type"),
            (json!({ "links": "https://example.com" }), "wrong-type"),
            (json!({ "links": [], "link": 1 }), "unknown-field"),
        ] {
            let reply = caller.post(BULK, JSON, body.to_string()).await;
            refused(&reply, 422, code, &body.to_string());
        }
        let reply = caller.post(BULK, JSON, json!({ "links": [], "x_mine": 1 }).to_string()).await;
        results(&reply, 0);
    })
    .await;
}

#[tokio::test]
async fn a_hundred_of_the_longest_links_are_made_at_once() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let padded = |start: String| format!("{start}{}", "a".repeat(8_192 - start.len()));
        let wishes: Vec<_> = (0..100)
            .map(|number| {
                json!({
                    "url": padded(format!("https://example.com/{number}/")),
                    "expired_url": padded(format!("https://example.org/{number}/")),
                    "slug": format!("{number:064}"),
                    "note": "\u{1f600}".repeat(1_000),
                    "tags": (0..20).map(|tag| format!("{tag:02}{}", "\u{1f600}".repeat(62))).collect::<Vec<_>>(),
                    "redirect": 307,
                    "cache_seconds": 86_400,
                    "permanent": true,
                    "forward_query": true,
                    "valid_from": "2020-01-01T00:00:00+00:00",
                    "expires_at": "2999-12-31T23:59:59+00:00",
                    "reuse": true,
                })
            })
            .collect();
        // As a program writes it that escapes whatever is not ASCII, which is the longest form.
        let body = json!({ "links": wishes }).to_string().replace('\u{1f600}', "\\ud83d\\ude00");
        assert!(body.len() > 4_300_000, "{} bytes", body.len());
        // A busy machine may need several attempts, each of which goes on where the last one was.
        let mut reply = caller.post(BULK, JSON, body.clone()).await;
        wait_until("all are made", async || {
            if reply.status == 503 {
                reply = caller.post(BULK, JSON, body.clone()).await;
            }
            reply.status != 503
        })
        .await;
        for (result, wish) in results(&reply, 100).iter().zip(&wishes) {
            assert!(result["problem"].is_null(), "{}", result["problem"]);
            for field in ["url", "expired_url", "slug", "note", "tags"] {
                assert_eq!(result["link"][field], wish[field]);
            }
        }
        let list = caller.get("/api/v1/links?limit=100").await;
        assert_eq!(list.json()["links"].as_array().map(Vec::len), Some(100));

        let too_long = format!("{{\"links\":[],\"x_pad\":\"{}\"}}", "a".repeat(4_500_000));
        let reply = caller.post(BULK, JSON, too_long).await;
        refused(&reply, 413, "body-too-large", "bulk");
        assert_eq!(reply.json()["limit"], 4_500_000);
        let name = "a".repeat(4_000_000);
        let reply = bulk(&caller, &[json!({ "url": "https://example.com/", name: 1 })], &[]).await;
        assert_eq!(results(&reply, 1)[0]["problem"]["type"], "urn:kurz:problem:unknown-field");
    })
    .await;
}
