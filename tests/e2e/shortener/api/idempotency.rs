//! Requests that may be repeated: by their content, or by a name.

use e2e::Reply;
use serde_json::{Value, json};

use super::caller::{Caller, JSON, LINKS, TEXT, refused, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{in_both_modes, in_both_modes_with},
};

async fn named(caller: &Caller, key: &str, wish: &Value) -> Reply {
    let headers = [("content-type", JSON), ("idempotency-key", key)];
    caller.call("POST", LINKS, &headers, wish.to_string()).await
}

/// The slug in an answer with that status.
fn slug(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{}", reply.text());
    let link = reply.json();
    assert_eq!(link["existing"], status == 200, "{link}");
    link["slug"].as_str().expect("a slug").to_owned()
}

#[tokio::test]
async fn a_url_alone_is_the_same_link_for_its_owner() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let plain = json!({ "url": "https://example.com/a" });
        let first = ann.create(&plain).await;
        let mine = slug(&first, 201);
        let before = get_item(&site.stack, &mine);
        for wish in [
            plain.clone(),
            json!({ "url": "https://EXAMPLE.com/b/../a", "reuse": true }),
            // Options with their default values count as absent.
            json!({ "url": "https://example.com/a", "note": null, "tags": [], "permanent": false }),
        ] {
            let again = ann.create(&wish).await;
            assert_eq!(slug(&again, 200), mine, "{wish}");
            assert_eq!(again.header("etag"), first.header("etag"));
            assert_eq!(again.header("location"), first.header("location"));
        }
        assert_eq!(get_item(&site.stack, &mine), before, "nothing is rewritten");
        assert_ne!(slug(&bob.create(&plain).await, 201), mine, "bob has his own");
        let shortened = ann.post("/", TEXT, "https://example.com/a").await;
        assert_eq!(shortened.text(), mine, "both interfaces make the same link");

        // A request for a new or different link gets one, each time.
        let mut slugs = vec![mine];
        for wish in [
            json!({ "url": "https://example.com/a", "reuse": false }),
            json!({ "url": "https://example.com/a", "note": "mine" }),
            json!({ "url": "https://example.com/a", "redirect": 301 }),
            json!({ "url": "https://example.com/a", "ttl_seconds": 60 }),
        ] {
            for _ in 0..2 {
                slugs.push(slug(&ann.create(&wish).await, 201));
            }
        }
        let count = slugs.len();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), count, "{slugs:?}");
    })
    .await;
}

#[tokio::test]
async fn a_named_request_makes_one_link() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let wish = json!({ "url": "https://example.com/a", "note": "n", "reuse": false });
        let mine = slug(&named(&ann, "order-1", &wish).await, 201);
        let before = get_item(&site.stack, &mine);
        assert_eq!(slug(&named(&ann, "order-1", &wish).await, 200), mine);
        // The order of the fields makes no difference, nor do the caller's own fields.
        let respelt = r#"{ "x_try": 2, "reuse": false, "note": "n", "url": "https://example.com/a" }"#;
        let headers = [("content-type", JSON), ("idempotency-key", "order-1")];
        let again = ann.call("POST", LINKS, &headers, respelt).await;
        assert_eq!(slug(&again, 200), mine);

        for other in [
            json!({ "url": "https://example.com/b", "note": "n", "reuse": false }),
            json!({ "url": "https://example.com/a", "note": "m", "reuse": false }),
            json!({ "url": "https://example.com/a" }),
        ] {
            let reply = named(&ann, "order-1", &other).await;
            refused(&reply, 422, "idempotency-mismatch", &other.to_string());
        }
        assert_eq!(get_item(&site.stack, &mine), before);
        // Names are the owner's own, and as different as they are written.
        assert_ne!(slug(&named(&bob, "order-1", &wish).await, 201), mine);
        assert_ne!(slug(&named(&ann, "Order-1", &wish).await, 201), mine);
    })
    .await;
}

#[tokio::test]
async fn a_named_request_finds_its_link_whatever_became_of_it() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let wish = json!({ "url": "https://example.com/a" });
        let mine = slug(&named(&caller, "k", &wish).await, 201);
        let change = json!({ "url": "https://example.com/moved", "note": "edited" });
        caller.change(&mine, &change).await;
        let again = named(&caller, "k", &wish).await;
        assert_eq!(slug(&again, 200), mine);
        assert_eq!(again.json()["url"], "https://example.com/moved");
        assert_eq!(again.header("etag"), Some("\"2\""));

        assert_eq!(caller.delete(&mine).await.status, 204);
        let again = named(&caller, "k", &wish).await;
        assert_eq!(slug(&again, 200), mine);
        assert_eq!(again.json()["state"], "deleted", "nothing is made again");
        let other = json!({ "url": "https://example.com/b" });
        let reply = named(&caller, "k", &other).await;
        refused(&reply, 422, "idempotency-mismatch", "of a deleted link");
    })
    .await;
}

#[tokio::test]
async fn an_alias_may_be_asked_for_by_a_named_request() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let wish = json!({ "url": "https://example.com/a", "slug": "launch", "note": "n" });
        assert_eq!(slug(&named(&caller, "k", &wish).await, 201), "launch");
        assert_eq!(slug(&named(&caller, "k", &wish).await, 200), "launch");
        let other = json!({ "url": "https://example.com/a", "slug": "launch", "note": "m" });
        let reply = named(&caller, "k", &other).await;
        refused(&reply, 422, "idempotency-mismatch", "another note");
    })
    .await;
}

#[tokio::test]
async fn a_name_has_1_to_255_visible_characters() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let longest = "k".repeat(255);
        for key in ["k", "!\"~,;=", &longest] {
            let wish = json!({ "url": "https://example.com/named" });
            let made = slug(&named(&caller, key, &wish).await, 201);
            assert_eq!(slug(&named(&caller, key, &wish).await, 200), made, "{key}");
        }
        let requests = site.stack.dynamodb_requests();
        for key in ["", "a b", "a\tb", &"k".repeat(256)] {
            let reply = named(&caller, key, &json!({ "url": "https://example.com" })).await;
            refused(&reply, 400, "invalid-idempotency-key", key);
            assert_eq!(reply.json()["limit"], 255);
        }
        assert_eq!(site.stack.dynamodb_requests(), requests);
    })
    .await;
}

#[tokio::test]
async fn the_seeds_interface_takes_names_too() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let headers = [("content-type", TEXT), ("idempotency-key", "k")];
        let shorten = async |url: &'static str| caller.call("POST", "/", &headers, url).await;
        let first = shorten("https://example.com/a").await;
        assert_eq!(first.status, 200, "{}", first.text());
        assert_eq!(shorten("https://example.com/a").await.text(), first.text());
        let reply = shorten("https://example.com/b").await;
        refused(&reply, 422, "idempotency-mismatch", "another URL");
    })
    .await;
}
