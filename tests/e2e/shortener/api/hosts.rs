//! The operator's lists of hosts: `/api/v1/admin/hosts`.

use e2e::{Reply, wait_until};
use serde_json::{Value, json};

use super::caller::{Caller, JSON, TEXT, refused, wish, with_keys};
use crate::shortener::redirect::site::in_both_modes_with;

const HOSTS: &str = "/api/v1/admin/hosts";

async fn change(admin: &Caller, change: &Value) -> Reply {
    admin.call("PATCH", HOSTS, &[("content-type", JSON)], change.to_string()).await
}

async fn changed(admin: &Caller, body: &Value) -> Value {
    let reply = change(admin, body).await;
    assert_eq!(reply.status, 200, "{body}: {}", reply.text());
    assert_eq!(admin.get(HOSTS).await.json(), reply.json());
    reply.json()
}

#[tokio::test]
async fn a_forbidden_host_is_refused_wherever_a_url_is_given() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, root) = (site.owner("ann").await, site.caller("root", "admin").await);
        ann.make(&wish("launch", &json!({}))).await;
        ann.make(&wish("before", &json!({ "url": "https://evil.example/before" }))).await;
        let lists = changed(&root, &json!({ "forbid": ["EVIL.example.", "bücher.example", "8.8.4.4"] })).await;
        let expected = json!({ "forbidden": ["8.8.4.4", "evil.example", "xn--bcher-kva.example"], "allowed": [] });
        assert_eq!(lists, expected);
        // Another environment may have read the lists before; they are current for ten seconds.
        wait_until("every writer knows", async || {
            let reply = ann.create(&json!({ "url": "https://evil.example/", "reuse": false })).await;
            reply.status == 422
        })
        .await;
        for url in [
            "https://evil.example/x",
            "https://www.Evil.Example./x",
            "https://evil.example:8443/",
            "https://ev%69l.example/",
            "https://ｅｖｉｌ.example/",
            "https://a.xn--bcher-kva.example/",
            "https://BÜCHER.example/",
            "http://0x08080404/",
        ] {
            let reply = ann.create(&json!({ "url": url })).await;
            refused(&reply, 422, "forbidden-host", url);
            assert!(reply.json()["host"].is_string(), "{}", reply.text());
            refused(&ann.post("/", TEXT, url).await, 422, "forbidden-host", url);
            let bulk = ann.post("/api/v1/links:bulk", JSON, json!({ "links": [{ "url": url }] }).to_string()).await;
            assert_eq!(bulk.json()["results"][0]["problem"]["type"], "urn:kurz:problem:forbidden-host", "{url}");
            refused(&ann.patch("launch", &json!({ "url": url })).await, 422, "forbidden-host", url);
            let reply = ann.patch("launch", &json!({ "expired_url": url })).await;
            refused(&reply, 422, "forbidden-host", url);
            assert_eq!(reply.json()["field"], "expired_url");
        }
        for url in ["https://notevil.example/", "https://evil.example.org/", "https://example.org/?evil.example"] {
            ann.make(&json!({ "url": url })).await;
        }
        // Existing links stay, and other changes of them too.
        assert_eq!(ann.change("before", &json!({ "note": "n" })).await["note"], "n");
        assert_eq!(site.visit("before").await.0, 301);

        let lists = changed(&root, &json!({ "remove": ["evil.example"], "allow": ["example.com"] })).await;
        assert_eq!(lists["allowed"], json!(["example.com"]));
        wait_until("every writer knows", async || {
            let reply = ann.create(&json!({ "url": "https://example.net/", "reuse": false })).await;
            reply.status == 422
        })
        .await;
        refused(&ann.create(&json!({ "url": "https://evil.example/y" })).await, 422, "forbidden-host", "not allowed");
        ann.make(&json!({ "url": "https://www.example.com/y" })).await;
    })
    .await;
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_kept_and_mistakes_change_nothing() {
    in_both_modes_with(with_keys, async |site| {
        let root = site.caller("root", "admin").await;
        let orders: Vec<Value> = (0..8).map(|number| json!({ "forbid": [format!("e{number}.example")] })).collect();
        let replies = futures_util::future::join_all(orders.iter().map(|order| change(&root, order))).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        let lists = root.get(HOSTS).await.json();
        assert_eq!(lists["forbidden"].as_array().map(Vec::len), Some(8), "{lists}");
        // A host moves from one list to the other.
        let moved =
            changed(&root, &json!({ "allow": ["e0.example"], "forbid": ["f.example"], "remove": ["e1.example"] }))
                .await;
        assert_eq!((&moved["allowed"], moved["forbidden"].as_array().map(Vec::len)), (&json!(["e0.example"]), Some(7)));
        let many: Vec<_> = (0..101).map(|number| format!("m{number}.example")).collect();
        for (order, code) in [
            (json!({ "forbid": ["https://evil.example/"] }), "wrong-type"),
            (json!({ "forbid": "evil.example" }), "wrong-type"),
            (json!({ "forbid": ["a.example"], "allow": ["A.example"] }), "exclusive-fields"),
            (json!({ "forbidden": ["a.example"] }), "unknown-field"),
            (json!({ "forbid": many }), "too-many"),
        ] {
            refused(&change(&root, &order).await, 422, code, &order.to_string());
        }
        // A list has a bound, which concurrent changes respect too.
        for page in 0..8 {
            let hosts: Vec<_> = (0..100).map(|number| format!("p{page}-{number}.example")).collect();
            let reply = change(&root, &json!({ "forbid": hosts })).await;
            match page {
                0..7 => assert_eq!(reply.status, 200, "{}", reply.text()),
                _ => refused(&reply, 422, "too-many", "the last hundred"),
            }
        }
        assert_eq!(root.get(HOSTS).await.json()["forbidden"].as_array().map(Vec::len), Some(707));
    })
    .await;
}
