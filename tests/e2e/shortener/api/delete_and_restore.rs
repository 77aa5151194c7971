//! `DELETE /api/v1/links/{slug}` and `POST /api/v1/links/{slug}/restore`.

use e2e::wait_until;
use local::Config;
use serde_json::{Value, json};

use super::caller::{refused, wish};
use crate::shortener::{
    get_item,
    redirect::site::{in_both_modes, in_both_modes_with, seconds, set, text},
};

const MONTH: u64 = 30 * 24 * 3_600;

/// Redirectors forget soon.
fn forgetful(config: &mut Config) {
    set(config, "CACHE_TTL_SECONDS", "1");
}

#[tokio::test]
async fn a_deleted_link_is_gone_and_comes_back() {
    in_both_modes_with(forgetful, async |site| {
        let caller = site.anyone();
        let target = "https://example.com/launch".to_owned();
        let first = caller.make(&wish("launch", &json!({ "note": "n" }))).await;
        assert_eq!(site.visit("launch").await, (301, Some(target.clone())));
        let reply = caller.delete("LAUNCH").await;
        assert_eq!((reply.status.as_u16(), reply.text()), (204, ""));
        wait_until("it is gone", async || site.visit("launch").await == (410, None)).await;

        let tombstone = caller.read("launch").await.json();
        assert_eq!(tombstone["state"], "deleted");
        assert_eq!(tombstone["version"], 2);
        let item = get_item(&site.stack, "launch");
        assert_eq!(item["ttl"], Value::Null, "the slug stays taken: {item}");
        // It does not change until it is restored.
        let reply = caller.patch("launch", &json!({ "note": "m" })).await;
        refused(&reply, 409, "link-deleted", "a tombstone");
        assert_eq!(caller.delete("launch").await.status, 204, "again");
        assert_eq!(get_item(&site.stack, "launch"), item);

        let reply = caller.restore("launch").await;
        assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, Some("\"3\"")));
        let restored = reply.json();
        assert_eq!(restored["state"], "active");
        for member in ["slug", "url", "created_at", "owner", "note", "tags"] {
            assert_eq!(restored[member], first[member], "{member}");
        }
        let back = (301, Some(target));
        wait_until("it is back", async || site.visit("launch").await == back).await;
        // Nothing to restore: nothing changes.
        assert_eq!(caller.restore("launch").await.json()["version"], 3);
    })
    .await;
}

#[tokio::test]
async fn what_was_paused_comes_back_paused() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        caller.change("launch", &json!({ "state": "disabled" })).await;
        assert_eq!(caller.delete("launch").await.status, 204);
        let restored = caller.restore("launch").await.json();
        assert_eq!(restored["state"], "disabled");
        assert_eq!(site.visit("launch").await, (404, None));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_link_may_lead_to_its_last_url() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let over = "https://example.com/over";
        caller.make(&wish("launch", &json!({ "expired_url": over }))).await;
        assert_eq!(caller.delete("launch").await.status, 204);
        assert_eq!(site.visit("launch").await, (302, Some(over.to_owned())));
    })
    .await;
}

#[tokio::test]
async fn after_a_month_there_is_nothing_to_restore() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let month = i64::try_from(MONTH).expect("a number");
        for (slug, deleted, status) in [("in-time", seconds(60 - month), 200), ("too-late", seconds(-month), 404)] {
            let attributes = [
                ("state", text("deleted")),
                ("owner", text("anonymous")),
                ("created_at", seconds(-2 * month)),
                ("updated_at", deleted),
            ];
            site.put(slug, &attributes);
            let before = get_item(&site.stack, slug);
            assert_eq!(caller.read(slug).await.status, status, "{slug}");
            let reply = caller.restore(slug).await;
            assert_eq!(reply.status, status, "{slug}");
            if status == 404 {
                refused(&reply, 404, "unknown-link", slug);
                refused(&caller.delete(slug).await, 404, "unknown-link", slug);
                assert_eq!(get_item(&site.stack, slug), before);
            }
        }
        for reply in [caller.delete("nothing").await, caller.restore("nothing").await] {
            refused(&reply, 404, "unknown-link", "nothing");
        }
    })
    .await;
}
