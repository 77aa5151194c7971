//! Links that the operator closes.

use local::Config;
use serde_json::{Value, json};

use super::caller::{refused, wish, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{Site, in_both_modes_with, set},
};
use e2e::wait_until;

fn forgetful_with_keys(config: &mut Config) {
    with_keys(config);
    set(config, "CACHE_TTL_SECONDS", "1");
}

async fn becomes(site: &Site, slug: &str, status: u16) {
    wait_until("the change is seen", async || {
        let (actual, location) = site.visit(slug).await;
        assert_eq!(location.is_some(), actual == 301, "{slug}");
        actual == status
    })
    .await;
}

#[tokio::test]
async fn an_administrator_closes_a_link_and_its_owner_cannot_open_it() {
    in_both_modes_with(forgetful_with_keys, async |site| {
        let ann = site.owner("ann").await;
        let admin = site.caller("operator", "admin").await;
        for (slug, state, status) in [("abuse", "blocked", 403), ("legal", "blocked_legal", 451)] {
            let over = json!({ "expired_url": "https://example.com/over" });
            ann.make(&wish(slug, &over)).await;
            becomes(site, slug, 301).await;
            for state in ["blocked", "blocked_legal"] {
                let reply = ann.patch(slug, &json!({ "state": state })).await;
                refused(&reply, 403, "insufficient-scope", state);
                assert_eq!(reply.json()["scope"], "admin");
            }
            let closed = admin.change(slug, &json!({ "state": state })).await;
            assert_eq!((&closed["state"], &closed["owner"]), (&json!(state), &json!("ann")));
            becomes(site, slug, status).await;

            let before = get_item(&site.stack, slug);
            for reply in [
                ann.patch(slug, &json!({ "state": "active" })).await,
                ann.patch(slug, &json!({ "state": null })).await,
                ann.patch(slug, &json!({ "url": "https://example.com/else" })).await,
                ann.patch(slug, &json!({})).await,
                ann.delete(slug).await,
                ann.restore(slug).await,
            ] {
                refused(&reply, 403, "link-blocked", slug);
                assert_eq!(reply.json()["slug"], slug);
            }
            assert_eq!(get_item(&site.stack, slug), before);
            // Its owner sees that it is closed, and gets no second one in its place.
            assert_eq!(ann.read(slug).await.json()["state"], state);
            let reply = ann.create(&wish(slug, &json!({}))).await;
            refused(&reply, 409, "link-blocked", slug);

            // Deleted and restored, it is still closed; and only an administrator does either.
            assert_eq!(admin.delete(slug).await.status, 204);
            refused(&ann.restore(slug).await, 403, "link-blocked", slug);
            let restored = admin.restore(slug).await;
            assert_eq!(restored.json()["state"], state, "{}", restored.text());
            becomes(site, slug, status).await;
            assert_eq!(admin.change(slug, &json!({ "state": "active" })).await["state"], "active");
            becomes(site, slug, 301).await;
            assert_eq!(ann.change(slug, &json!({ "note": "open" })).await["note"], "open");
        }
    })
    .await;
}

#[tokio::test]
async fn without_keys_nobody_is_an_administrator() {
    in_both_modes_with(
        |_config| {},
        async |site| {
            let anyone = site.anyone();
            let link = anyone.make(&wish("launch", &json!({}))).await;
            assert_eq!(link["owner"], "anonymous");
            for state in ["blocked", "blocked_legal"] {
                let reply = anyone.patch("launch", &json!({ "state": state })).await;
                refused(&reply, 403, "insufficient-scope", state);
            }
            let reply = anyone.get("/api/v1/links?owner=ann").await;
            refused(&reply, 403, "insufficient-scope", "the links of another");
            // A header that nobody asked for changes nothing.
            let headers = [("authorization", "Bearer admin"), ("content-type", "application/json")];
            let body = json!({ "url": "https://example.com/" }).to_string();
            let reply = site.client.call("POST", "/api/v1/links", &headers, body).await;
            assert_eq!(reply.json()["owner"], "anonymous");
            let item = get_item(&site.stack, "launch");
            assert_ne!(item, Value::Null);
        },
    )
    .await;
}
