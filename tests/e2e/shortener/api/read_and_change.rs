//! `GET` and `PATCH /api/v1/links/{slug}`.

use e2e::wait_until;
use local::Config;
use serde_json::{Value, json};

use super::caller::{lasting, refused, seconds, wish, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{Site, in_both_modes, in_both_modes_with, set},
};

/// Redirectors forget soon.
fn forgetful(config: &mut Config) {
    set(config, "CACHE_TTL_SECONDS", "1");
}

async fn leads_to(site: &Site, path: &str, status: u16, url: &str) {
    let expected = (status, Some(url.to_owned()));
    wait_until("the change is seen", async || site.visit(path).await == expected).await;
}

#[tokio::test]
async fn a_link_is_read_as_it_is() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let mut link = caller.make(&wish("launch", &json!({ "note": "n" }))).await;
        link["existing"] = json!(true);
        for slug in ["launch", "LAUNCH", "%6caunch"] {
            let reply = caller.read(slug).await;
            assert_eq!(reply.status, 200, "{slug}");
            assert_eq!(reply.header("etag"), Some("\"1\""));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(lasting(reply.json()), lasting(link.clone()), "{slug}");
        }
        let requests = site.stack.dynamodb_requests();
        for slug in ["no.slug", "-abc", "abc%20", &"a".repeat(65)] {
            let reply = caller.read(slug).await;
            refused(&reply, 404, "unknown-link", slug);
        }
        assert_eq!(site.stack.dynamodb_requests(), requests);
        let reply = caller.read("nothing").await;
        refused(&reply, 404, "unknown-link", "nothing");
        assert_eq!(reply.json()["slug"], "nothing");
    })
    .await;
}

#[tokio::test]
async fn an_item_of_the_original_application_is_a_link() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        site.put("launch", &[]);
        let link = caller.read("launch").await.json();
        for (member, expected) in [
            ("url", json!("https://example.com/launch")),
            ("owner", json!("anonymous")),
            ("version", json!(1)),
            ("state", json!("active")),
            ("created_at", Value::Null),
        ] {
            assert_eq!(link[member], expected, "{member}");
        }
        let changed = caller.change("launch", &json!({ "note": "n" })).await;
        assert_eq!((&changed["version"], &changed["note"]), (&json!(2), &json!("n")));
    })
    .await;
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let path = "/api/v1/links/launch";
        let check = async |tags: &str, status: u16| {
            let reply = caller.call("GET", path, &[("if-none-match", tags)], "").await;
            assert_eq!(reply.status, status, "{tags}");
            assert_eq!(reply.body.is_empty(), status == 304, "{tags}");
            reply.header("etag").map(str::to_owned)
        };
        for tags in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
            assert_eq!(check(tags, 304).await.as_deref(), Some("\"1\""));
        }
        for tags in ["\"2\"", "\"11\"", "1"] {
            check(tags, 200).await;
        }
        caller.change("launch", &json!({ "note": "n" })).await;
        assert_eq!(check("\"1\"", 200).await.as_deref(), Some("\"2\""));
        check("\"2\"", 304).await;
    })
    .await;
}

#[tokio::test]
async fn every_change_is_kept_and_followed() {
    in_both_modes_with(forgetful, async |site| {
        let caller = site.anyone();
        let first = caller.make(&wish("launch", &json!({}))).await;
        leads_to(site, "launch", 301, "https://example.com/launch").await;
        let over = "https://example.com/over";
        let patch = json!({ "url": "https://EXAMPLE.org/new", "redirect": 307, "cache_seconds": 5,
            "permanent": true, "forward_query": true, "expired_url": over, "valid_from": 1_000,
            "ttl_seconds": 600, "tags": ["a", "b"], "note": "n" });
        let reply = caller.patch("launch", &patch).await;
        assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, Some("\"2\"")));
        let changed = reply.json();
        for (member, expected) in [
            ("url", json!("https://example.org/new")),
            ("redirect", json!(307)),
            ("cache_seconds", json!(5)),
            ("permanent", json!(true)),
            ("forward_query", json!(true)),
            ("expired_url", json!(over)),
            ("valid_from", json!("1970-01-01T00:16:40Z")),
            ("tags", json!(["a", "b"])),
            ("note", json!("n")),
            ("version", json!(2)),
            ("slug", json!("launch")),
            ("created_at", first["created_at"].clone()),
        ] {
            assert_eq!(changed[member], expected, "{member}");
        }
        assert_eq!(seconds(&changed["expires_at"]), seconds(&changed["updated_at"]) + 600);
        leads_to(site, "launch?q=1", 307, "https://example.org/new?q=1").await;
        let caching = site.get("/launch").await;
        assert_eq!(caching.header("cache-control"), Some("public, max-age=5, s-maxage=5"));

        // What is absent stays, what is null gets its default.
        let kept = caller.change("launch", &json!({ "note": "m" })).await;
        assert_eq!((&kept["redirect"], &kept["tags"]), (&json!(307), &json!(["a", "b"])));
        let cleared = json!({ "redirect": null, "cache_seconds": null, "permanent": null,
            "forward_query": null, "expired_url": null, "valid_from": null, "expires_at": null,
            "tags": null, "note": null, "state": null });
        let link = caller.change("launch", &cleared).await;
        for (member, expected) in [
            ("permanent", json!(false)),
            ("forward_query", json!(false)),
            ("tags", json!([])),
            ("state", json!("active")),
            ("url", json!("https://example.org/new")),
            ("version", json!(4)),
        ] {
            assert_eq!(link[member], expected, "{member}");
        }
        for member in ["redirect", "cache_seconds", "expired_url", "valid_from", "expires_at", "note"] {
            assert_eq!(link.get(member), Some(&Value::Null), "{member}");
        }
        leads_to(site, "launch?q=1", 301, "https://example.org/new").await;
        let reply = caller.patch("launch", &json!({ "url": null })).await;
        refused(&reply, 422, "missing-field", "a link without a URL");
    })
    .await;
}

#[tokio::test]
async fn a_link_is_paused_and_resumed() {
    in_both_modes_with(forgetful, async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        assert_eq!(site.visit("launch").await.0, 301);
        let paused = caller.change("launch", &json!({ "state": "disabled" })).await;
        assert_eq!(paused["state"], "disabled");
        wait_until("it is paused", async || site.visit("launch").await == (404, None)).await;
        caller.change("launch", &json!({ "state": "active" })).await;
        leads_to(site, "launch", 301, "https://example.com/launch").await;
        for state in ["deleted", "Active", "sleeping", ""] {
            let reply = caller.patch("launch", &json!({ "state": state })).await;
            refused(&reply, 422, "wrong-type", state);
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_none() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({ "note": "n" }))).await;
        let before = get_item(&site.stack, "launch");
        for patch in [
            json!({}),
            json!({ "note": "n", "tags": [], "state": "active" }),
            json!({ "url": "HTTPS://example.com:443/launch" }),
            json!({ "x_mine": 1 }),
        ] {
            assert_eq!(caller.change("launch", &patch).await["version"], 1, "{patch}");
        }
        assert_eq!(get_item(&site.stack, "launch"), before);
    })
    .await;
}

#[tokio::test]
async fn a_change_may_depend_on_the_version() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let mut version = 1;
        for tags in ["\"1\"", "\"7\", \"2\"", "*"] {
            let note = json!({ "note": tags });
            let reply = caller.patch_if("launch", &note, &[("if-match", tags)]).await;
            assert_eq!(reply.status, 200, "{tags}");
            version += 1;
            assert_eq!(reply.header("etag"), Some(format!("\"{version}\"").as_str()));
        }
        let before = get_item(&site.stack, "launch");
        let path = "/api/v1/links/launch";
        for tags in ["\"1\"", "\"5\"", "W/\"4\"", "4", "\"3\", \"5\""] {
            let condition = [("if-match", tags)];
            for reply in [
                caller.patch_if("launch", &json!({ "note": "late" }), &condition).await,
                caller.call("DELETE", path, &condition, "").await,
            ] {
                refused(&reply, 412, "version-mismatch", tags);
                assert_eq!(reply.json()["version"], 4);
            }
        }
        assert_eq!(get_item(&site.stack, "launch"), before);
        let reply = caller.patch("nothing", &json!({ "note": "n" })).await;
        refused(&reply, 404, "unknown-link", "nothing to change");
    })
    .await;
}

#[tokio::test]
async fn nobody_changes_the_link_of_another() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        ann.make(&wish("launch", &json!({ "note": "private" }))).await;
        let before = get_item(&site.stack, "launch");
        for reply in [
            bob.read("launch").await,
            bob.patch("launch", &json!({ "note": "mine" })).await,
            bob.delete("launch").await,
            bob.restore("launch").await,
            bob.get("/api/v1/links/launch/qr").await,
        ] {
            refused(&reply, 403, "not-owner", "bob");
            assert!(!reply.text().contains("private"), "{}", reply.text());
        }
        assert_eq!(get_item(&site.stack, "launch"), before);
    })
    .await;
}
