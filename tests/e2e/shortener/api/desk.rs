//! `/api/v1/admin/block` and `unblock`.

use serde_json::{Value, json};

use super::caller::{Caller, JSON, refused, wish, with_keys};
use crate::shortener::{
    get_item, put_item,
    redirect::site::{Site, in_both_modes_with, number, text},
};

const BLOCK: &str = "/api/v1/admin/block";
const UNBLOCK: &str = "/api/v1/admin/unblock";

/// How many links the same request changes until it has no cursor.
async fn all(admin: &Caller, path: &str, order: &Value) -> u64 {
    let (mut order, mut changed) = (order.clone(), 0);
    loop {
        let reply = admin.post(path, JSON, order.to_string()).await;
        assert_eq!(reply.status, 200, "{order}: {}", reply.text());
        let done = reply.json();
        changed += done["changed"].as_u64().expect("a number");
        match &done["cursor"] {
            Value::Null => return changed,
            cursor => order["cursor"] = cursor.clone(),
        }
    }
}

async fn state(admin: &Caller, slug: &str) -> Value {
    admin.read(slug).await.json()["state"].clone()
}

/// Links of two owners in every state, to three hosts; and one of the AWS sample.
async fn links(site: &Site) -> (Caller, Caller) {
    let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
    for (owner, slug, more) in [
        (&ann, "evil-1", json!({ "url": "https://evil.example/1" })),
        (&ann, "evil-2", json!({ "url": "https://www.EVIL.example./2" })),
        (&ann, "over", json!({ "url": "https://example.com/", "expired_url": "https://evil.example/3" })),
        (&ann, "good", json!({ "url": "https://example.com/evil.example" })),
        (&bob, "evil-3", json!({ "url": "https://a.b.evil.example:8443/4" })),
        (&bob, "near", json!({ "url": "https://notevil.example/" })),
        (&bob, "paused", json!({ "url": "https://evil.example/5" })),
        (&bob, "gone", json!({ "url": "https://evil.example/6" })),
    ] {
        owner.make(&wish(slug, &more)).await;
    }
    bob.change("paused", &json!({ "state": "disabled" })).await;
    assert_eq!(bob.delete("gone").await.status, 204);
    put_item(&site.stack, &json!({ "id": text("sample"), "target": text("HTTPS://Evil.Example/7") }));
    (ann, bob)
}

#[tokio::test]
async fn links_to_a_host_are_blocked_wherever_they_are() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = links(site).await;
        let root = site.caller("root", "admin").await;
        let order = json!({ "host": "Evil.Example.", "reason": "legal" });
        assert_eq!(all(&root, BLOCK, &order).await, 7);
        for slug in ["evil-1", "evil-2", "over", "evil-3", "paused", "gone", "sample"] {
            assert_eq!(state(&root, slug).await, "blocked_legal", "{slug}");
        }
        for slug in ["good", "near"] {
            assert_eq!(state(&root, slug).await, "active", "{slug}");
        }
        assert_eq!(all(&root, BLOCK, &order).await, 0, "again");
        refused(&bob.restore("gone").await, 403, "link-blocked", "gone");
        refused(&ann.patch("over", &json!({ "expired_url": null })).await, 403, "link-blocked", "over");
        // For another reason: only that changes.
        assert_eq!(all(&root, BLOCK, &json!({ "host": "b.evil.example" })).await, 1);
        assert_eq!(state(&root, "evil-3").await, "blocked");
        assert_eq!(all(&root, UNBLOCK, &json!({ "host": "evil.example", "reason": "legal" })).await, 6);
        assert_eq!(state(&root, "evil-3").await, "blocked");
        for (slug, before) in [("evil-1", "active"), ("paused", "disabled"), ("gone", "deleted"), ("sample", "active")]
        {
            assert_eq!(state(&root, slug).await, before, "{slug}");
        }
        assert_eq!(bob.restore("gone").await.json()["state"], "active");
    })
    .await;
}

#[tokio::test]
async fn all_links_of_an_owner_are_blocked() {
    in_both_modes_with(with_keys, async |site| {
        drop(links(site).await);
        let root = site.caller("root", "admin").await;
        for position in 0..120 {
            site.put(&format!("many-{position}"), &[("owner", text("ann")), ("created_at", number(position))]);
        }
        assert_eq!(all(&root, BLOCK, &json!({ "owner": "ann" })).await, 124);
        assert_eq!((state(&root, "evil-1").await, state(&root, "evil-3").await), (json!("blocked"), json!("active")));
        assert_eq!(all(&root, BLOCK, &json!({ "owner": "anonymous" })).await, 1, "of the AWS sample");
        assert_eq!(all(&root, UNBLOCK, &json!({ "owner": "ann" })).await, 124);
        assert_eq!(all(&root, UNBLOCK, &json!({ "owner": "ann" })).await, 0);
        let item = get_item(&site.stack, "evil-1");
        assert_eq!((&item["version"]["N"], &item["unblocks_to"]), (&json!("3"), &Value::Null), "{item}");
    })
    .await;
}

#[tokio::test]
async fn a_request_does_a_bounded_part_of_the_work() {
    in_both_modes_with(with_keys, async |site| {
        let root = site.caller("root", "admin").await;
        for position in 0..1_050 {
            site.put(&format!("many-{position}"), &[("owner", text("ann")), ("created_at", number(position))]);
        }
        // All but the last hundred are blocked already, so that only these take time.
        for position in 0..950 {
            let blocked = ("state", text("blocked"));
            let attributes = [("owner", text("ann")), ("created_at", number(1_050 - position)), blocked];
            site.put(&format!("many-{}", 1_049 - position), &attributes);
        }
        let first = root.post(BLOCK, JSON, json!({ "owner": "ann" }).to_string()).await.json();
        let cursor = first["cursor"].as_str().expect("a cursor");
        let again = json!({ "owner": "ann", "cursor": cursor });
        assert_eq!(first["changed"].as_u64().expect("a number") + all(&root, BLOCK, &again).await, 100);
        // It leads into no other list.
        for other in [json!({ "owner": "bob", "cursor": cursor }), json!({ "host": "example.com", "cursor": cursor })] {
            refused(&root.post(BLOCK, JSON, other.to_string()).await, 400, "invalid-parameter", "another list");
        }
    })
    .await;
}

#[tokio::test]
async fn one_link_is_blocked_and_the_log_says_by_whom() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, _) = links(site).await;
        let root = site.caller("root", "admin").await;
        let block = |order: Value| root.post(BLOCK, JSON, order.to_string());
        assert_eq!(block(json!({ "slug": "EVIL-1" })).await.json(), json!({ "changed": 1 }));
        assert_eq!(block(json!({ "slug": "evil-1" })).await.json(), json!({ "changed": 0 }));
        assert_eq!(site.visit("evil-1").await, (403, None));
        let line = site.logged_where(|line| line["message"] == "moderated" && line["slug"] == "evil-1").await;
        assert_eq!((&line["state_before"], &line["state_after"]), (&json!("active"), &json!("blocked")), "{line}");
        assert!(line["principal"].as_str().is_some_and(|by| by.starts_with("key:")), "{line}");
        for (order, status, code) in [
            (json!({ "slug": "nothing" }), 404, "unknown-link"),
            (json!({ "slug": "no slug" }), 404, "unknown-link"),
            (json!({}), 422, "missing-field"),
            (json!({ "slug": "a", "host": "b.example" }), 422, "exclusive-fields"),
            (json!({ "slug": "evil-1", "reason": "spite" }), 422, "wrong-type"),
            (json!({ "host": "https://evil.example/" }), 422, "wrong-type"),
            (json!({ "slug": "evil-1", "hots": "x" }), 422, "unknown-field"),
            (json!({ "owner": "ann", "cursor": "x" }), 400, "invalid-parameter"),
        ] {
            refused(&block(order.clone()).await, status, code, &order.to_string());
        }
        for path in [BLOCK, UNBLOCK, "/api/v1/admin/hosts"] {
            let reply = ann.post(path, JSON, json!({ "slug": "good" }).to_string()).await;
            refused(&reply, 403, "insufficient-scope", path);
        }
        assert_eq!(state(&root, "good").await, "active");
    })
    .await;
}
