//! What an administrator closed stays closed, and what ended keeps its slug.

use e2e::Reply;
use local::Config;
use serde_json::{Value, json};

use super::caller::{Caller, refused, wish, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{Site, in_both_modes_with, seconds, set, text},
};
use e2e::wait_until;

const MONTH: i64 = 30 * 24 * 3_600;
const EVIL: &str = "https://evil.example/phish2";

/// Keys, and redirectors that remember nothing.
fn moderated(config: &mut Config) {
    with_keys(config);
    set(config, "CACHE_TTL_SECONDS", "0");
    config.dax_item_ttl = std::time::Duration::from_secs(1);
}

/// The status and the `Location` that visitors get in the end.
async fn leads(site: &Site, slug: &str, status: u16, location: Option<&str>) {
    let expected = (status, location.map(str::to_owned));
    wait_until(&format!("{slug} is {status}"), async || site.visit(slug).await == expected).await;
}

/// Everything that an owner can try to open a link again.
async fn attempts(owner: &Caller, slug: &str) -> Vec<Reply> {
    vec![
        owner.restore(slug).await,
        owner.delete(slug).await,
        owner.patch(slug, &json!({ "state": "active" })).await,
        owner.patch(slug, &json!({ "state": "disabled" })).await,
        owner.patch(slug, &json!({ "expires_at": null, "valid_from": null })).await,
        owner.patch(slug, &json!({ "expired_url": EVIL })).await,
        owner.patch(slug, &json!({ "url": EVIL })).await,
        owner.patch(slug, &json!({ "note": "mine" })).await,
    ]
}

/// Nothing that the owner does changes the link.
async fn stays_closed(site: &Site, owner: &Caller, slug: &str, status: u16) {
    let before = get_item(&site.stack, slug);
    for reply in attempts(owner, slug).await {
        refused(&reply, 403, "link-blocked", slug);
    }
    let reply = owner.create(&wish(slug, &json!({}))).await;
    assert_eq!(reply.status, 409, "{}", reply.text());
    let reply = owner.create(&wish(slug, &json!({ "reuse": false }))).await;
    assert_eq!(reply.status, 409, "{}", reply.text());
    assert_eq!(get_item(&site.stack, slug), before, "{slug}");
    leads(site, slug, status, None).await;
}

#[tokio::test]
async fn an_owner_does_not_undo_what_an_administrator_did() {
    in_both_modes_with(moderated, async |site| {
        let (ann, root) = (site.owner("ann").await, site.caller("root", "admin").await);
        let over = json!({ "expired_url": EVIL });
        let closings = [
            ("patched", json!({ "state": "disabled" }), 404),
            ("expired", json!({ "expires_at": "2020-01-01T00:00:00Z" }), 410),
            ("early", json!({ "valid_from": "2200-01-01T00:00:00Z" }), 404),
            ("abuse", json!({ "state": "blocked" }), 403),
            ("legal", json!({ "state": "blocked_legal" }), 451),
        ];
        for (slug, patch, status) in &closings {
            ann.make(&wish(slug, &over)).await;
            root.change(slug, patch).await;
            stays_closed(site, &ann, slug, *status).await;
        }
        ann.make(&wish("deleted", &over)).await;
        assert_eq!(root.delete("deleted").await.status, 204);
        stays_closed(site, &ann, "deleted", 410).await;

        // The operator opens them, and then they are the owner's again.
        for slug in ["patched", "expired", "early", "abuse", "legal"] {
            let open = json!({ "state": "active", "expires_at": null, "valid_from": null });
            assert_eq!(root.change(slug, &open).await["state"], "active");
            assert_eq!(ann.change(slug, &json!({ "note": "open" })).await["note"], "open");
        }
        assert_eq!(root.restore("deleted").await.json()["state"], "active");
        assert_eq!(ann.delete("deleted").await.status, 204);
        assert_eq!(ann.restore("deleted").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_link_is_closed_in_any_state_and_comes_back_in_it() {
    in_both_modes_with(moderated, async |site| {
        let (ann, root) = (site.owner("ann").await, site.caller("root", "admin").await);
        let over = json!({ "expired_url": EVIL });
        let states: [(&str, Option<Value>, u16, Option<&str>); 4] = [
            ("disabled", Some(json!({ "state": "disabled" })), 404, None),
            ("expired", Some(json!({ "expires_at": "2020-01-01T00:00:00Z" })), 302, Some(EVIL)),
            ("early", Some(json!({ "valid_from": "2200-01-01T00:00:00Z" })), 404, None),
            ("deleted", None, 302, Some(EVIL)),
        ];
        for (slug, patch, status, location) in states {
            ann.make(&wish(slug, &over)).await;
            match patch {
                Some(patch) => drop(ann.change(slug, &patch).await),
                None => assert_eq!(ann.delete(slug).await.status, 204),
            }
            leads(site, slug, status, location).await;
            assert_eq!(root.change(slug, &json!({ "state": "blocked" })).await["state"], "blocked");
            stays_closed(site, &ann, slug, 403).await;
        }
        // What its owner deleted first, an administrator deletes as well, or takes away where it leads.
        for slug in ["again", "cleared"] {
            ann.make(&wish(slug, &over)).await;
            assert_eq!(ann.delete(slug).await.status, 204);
            leads(site, slug, 302, Some(EVIL)).await;
        }
        assert_eq!(root.delete("again").await.status, 204);
        assert_eq!(root.change("cleared", &json!({ "expired_url": null })).await["state"], "deleted");
        for slug in ["again", "cleared"] {
            stays_closed(site, &ann, slug, 410).await;
        }
        refused(&root.patch("again", &json!({ "state": "active" })).await, 409, "link-deleted", "again");
    })
    .await;
}

#[tokio::test]
async fn the_same_url_gets_no_second_slug_from_its_owner() {
    in_both_modes_with(moderated, async |site| {
        let (ann, root) = (site.owner("ann").await, site.caller("root", "admin").await);
        let wish = json!({ "url": "https://evil.example/x" });
        let slug = ann.make(&wish).await["slug"].as_str().expect("a slug").to_owned();
        root.change(&slug, &json!({ "state": "blocked" })).await;
        refused(&ann.create(&wish).await, 403, "link-blocked", "the same URL");
    })
    .await;
}

#[tokio::test]
async fn whoever_comes_first_a_block_holds() {
    in_both_modes_with(moderated, async |site| {
        let (ann, root) = (site.owner("ann").await, site.caller("root", "admin").await);
        for round in 0..6 {
            let slug = format!("race-{round}");
            ann.make(&wish(&slug, &json!({ "expired_url": EVIL }))).await;
            let (block, move_away) = (json!({ "state": "blocked" }), json!({ "url": EVIL }));
            let pause = json!({ "state": "disabled" });
            let (blocked, ..) = tokio::join!(
                root.patch(&slug, &block),
                ann.delete(&slug),
                ann.patch(&slug, &move_away),
                ann.delete(&slug),
                ann.restore(&slug),
                ann.patch(&slug, &pause),
            );
            // Too many others may come between; then the operator is told.
            if blocked.status == 503 {
                refused(&blocked, 503, "too-many-editors", &slug);
                root.change(&slug, &block).await;
            }
            assert_eq!(root.read(&slug).await.json()["state"], "blocked", "{}", blocked.text());
            stays_closed(site, &ann, &slug, 403).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_ended_slug_stays_its_owners() {
    in_both_modes_with(moderated, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let deleted = [("state", text("deleted")), ("owner", text("ann")), ("version", json!({ "N": "5" }))];
        let expired = [("expires_at", seconds(-MONTH - 10)), ("owner", text("ann")), ("updated_at", seconds(0))];
        site.put("tomb", &[&deleted[..], &[("updated_at", seconds(-MONTH - 10)), ("ttl", seconds(-10))]].concat());
        site.put("fair", &expired);
        site.put("fresh", &[&deleted[..], &[("updated_at", seconds(60 - MONTH))]].concat());
        site.put(
            "held",
            &[&deleted[..], &[("updated_at", seconds(-2 * MONTH)), ("held", json!({ "BOOL": true }))]].concat(),
        );
        site.put("shut", &[&expired[..], &[("state", text("blocked"))]].concat());
        for slug in ["tomb", "fair", "fresh", "held", "shut"] {
            let before = get_item(&site.stack, slug);
            refused(&bob.create(&wish(slug, &json!({}))).await, 409, "slug-taken", slug);
            assert_eq!(get_item(&site.stack, slug), before);
        }
        for slug in ["fresh", "held", "shut"] {
            assert_eq!(ann.create(&wish(slug, &json!({}))).await.status, 409, "{slug}");
        }
        for (slug, version) in [("tomb", 6), ("fair", 2)] {
            let link = ann.make(&wish(slug, &json!({ "note": "again" }))).await;
            assert_eq!(
                (&link["version"], &link["state"], &link["existing"]),
                (&json!(version), &json!("active"), &json!(false))
            );
            leads(site, slug, 301, Some(&format!("https://example.com/{slug}"))).await;
            let item = get_item(&site.stack, slug);
            assert_eq!((&item["ttl"], &item["expires_at"]), (&Value::Null, &Value::Null), "{item}");
            assert_eq!(ann.read(slug).await.json()["created_at"], link["created_at"]);
        }
        // It is in the list of its owner, once.
        let listed = ann.get("/api/v1/links?limit=100").await.json();
        let slugs: Vec<_> = listed["links"].as_array().expect("links").iter().map(|link| &link["slug"]).collect();
        assert_eq!(slugs.iter().filter(|slug| **slug == "tomb").count(), 1, "{listed}");
    })
    .await;
}

#[tokio::test]
async fn an_ended_slug_of_everybody_is_nobodys() {
    in_both_modes_with(
        |_config| {},
        async |site| {
            let deleted =
                [("state", text("deleted")), ("owner", text("anonymous")), ("updated_at", seconds(-2 * MONTH))];
            site.put("tomb", &deleted);
            refused(&site.anyone().create(&wish("tomb", &json!({}))).await, 409, "slug-taken", "tomb");
        },
    )
    .await;
}

#[tokio::test]
async fn a_change_that_closes_no_longer_expires_out_of_the_table() {
    in_both_modes_with(moderated, async |site| {
        let root = site.caller("root", "admin").await;
        site.put("old", &[("owner", text("ann")), ("ttl", seconds(-10)), ("expires_at", seconds(-MONTH - 10))]);
        root.change("old", &json!({ "state": "blocked" })).await;
        let item = get_item(&site.stack, "old");
        assert_eq!((&item["ttl"], &item["unblocks_to"]["S"]), (&Value::Null, &json!("active")), "{item}");
        let by = item["updated_by"]["S"].as_str().expect("who did it");
        assert!(by.starts_with("key:") && by.len() == 12, "{item}");
        let line = site.logged_where(|line| line["message"] == "moderated" && line["slug"] == "old").await;
        for (field, expected) in [
            ("state_before", json!("active")),
            ("state_after", json!("blocked")),
            ("reason", json!("abuse")),
            ("owner", json!("ann")),
            ("principal", json!(by)),
        ] {
            assert_eq!(line[field], expected, "{field} in {line}");
        }
    })
    .await;
}
