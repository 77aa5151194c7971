//! Slugs that callers choose.

use serde_json::{Value, json};

use super::caller::{now, refused, wish, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{in_both_modes, in_both_modes_with},
};

const RESERVED: [&str; 15] = [
    "api", "admin", "app", "assets", "docs", "favicon", "health", "healthz", "login", "metrics", "openapi", "robots",
    "static", "status", "www",
];

#[tokio::test]
async fn an_alias_follows_the_syntax_of_slugs() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let longest = "a".repeat(64);
        for (alias, slug) in [
            ("abc", "abc"),
            (longest.as_str(), longest.as_str()),
            ("Launch-2030", "launch-2030"),
            ("a_b", "a_b"),
            ("007", "007"),
            ("apis", "apis"),
        ] {
            let link = caller.make(&wish(alias, &json!({}))).await;
            assert_eq!(link["slug"], slug);
            let target = Some(format!("https://example.com/{alias}"));
            assert_eq!(site.visit(alias).await, (301, target.clone()), "{alias}");
            assert_eq!(site.visit(slug).await, (301, target), "{alias}");
        }
        let pasted = json!({ "url": "https://example.com/pasted", "slug": " pasted\u{200b}\n" });
        assert_eq!(caller.make(&pasted).await["slug"], "pasted");
        for alias in ["ab\u{200b}c", "ab\nc"] {
            let reply = caller.create(&json!({ "url": "https://example.com/", "slug": alias })).await;
            refused(&reply, 422, "invalid-slug", alias);
        }
        let too_long = "a".repeat(65);
        for alias in [
            "",
            "a",
            "ab",
            &too_long,
            "-abc",
            "abc-",
            "_abc",
            "abc_",
            "a b c",
            "a.b",
            "robots.txt",
            "abc/def",
            "abc+",
            "a%62c",
            "bücher",
        ] {
            let reply = caller.create(&wish(alias, &json!({}))).await;
            refused(&reply, 422, "invalid-slug", alias);
            assert_eq!(reply.json()["field"], "slug", "{alias}");
        }
        for alias in [json!(7), json!(["abc"]), json!(true)] {
            let wish = json!({ "url": "https://example.com", "slug": alias });
            refused(&caller.create(&wish).await, 422, "wrong-type", "alias");
        }
        let wish = json!({ "url": "https://example.com/", "slug": null });
        assert_eq!(caller.make(&wish).await["slug"].as_str().map(str::len), Some(8));
    })
    .await;
}

#[tokio::test]
async fn paths_of_the_service_are_no_aliases() {
    in_both_modes(async |site| {
        for word in RESERVED {
            for alias in [word.to_owned(), word.to_ascii_uppercase()] {
                let reply = site.anyone().create(&wish(&alias, &json!({}))).await;
                refused(&reply, 422, "reserved-slug", &alias);
                assert_eq!(reply.json()["slug"], word);
            }
            assert_eq!(get_item(&site.stack, word), Value::Null, "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_alias_belongs_to_whoever_was_first() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let first = ann.make(&wish("launch", &json!({ "note": "mine" }))).await;
        let before = get_item(&site.stack, "launch");

        // The same owner, the same target in any spelling: the link that is there.
        for url in ["https://example.com/launch", "HTTPS://EXAMPLE.com:443/x/../launch"] {
            let again = ann.create(&json!({ "url": url, "slug": "LAUNCH" })).await;
            assert_eq!(again.status, 200, "{}", again.text());
            let again = again.json();
            assert_eq!(again["existing"], true);
            for member in ["slug", "url", "created_at", "version", "note"] {
                assert_eq!(again[member], first[member], "{member}");
            }
        }
        // Anybody else, any other target, or a caller who wants no link that is there.
        let elsewhere = json!({ "url": "https://example.com/other", "slug": "launch" });
        let fresh = wish("launch", &json!({ "reuse": false }));
        for (caller, wish) in
            [(&bob, &wish("launch", &json!({}))), (&bob, &elsewhere), (&ann, &elsewhere), (&ann, &fresh)]
        {
            let reply = caller.create(wish).await;
            refused(&reply, 409, "slug-taken", &wish.to_string());
            assert_eq!(reply.json()["slug"], "launch");
        }
        assert_eq!(get_item(&site.stack, "launch"), before);

        // What is deleted keeps its slug: it can be restored.
        assert_eq!(ann.delete("launch").await.status, 204);
        for (caller, code) in [(&ann, "link-deleted"), (&bob, "slug-taken")] {
            let reply = caller.create(&wish("launch", &json!({}))).await;
            refused(&reply, 409, code, "a tombstone");
        }
    })
    .await;
}

#[tokio::test]
async fn the_owner_of_an_alias_learns_why_it_is_not_free() {
    in_both_modes_with(with_keys, async |site| {
        let (ann, bob) = (site.owner("ann").await, site.owner("bob").await);
        let kiosk = site.caller("ann", "create").await;
        let later = now().as_secs() + 3_600;
        for (slug, options, change, code, way_out) in [
            ("paused", json!({}), Some(json!({ "state": "disabled" })), "link-disabled", "Resume"),
            ("early", json!({ "valid_from": later }), None, "link-early", "valid_from"),
            ("elsewhere", json!({}), Some(json!({ "url": "https://example.com/x" })), "slug-taken", "Change its url"),
            ("noted", json!({ "note": "a" }), Some(json!({ "note": "b" })), "options-differ", "Change it"),
        ] {
            ann.make(&wish(slug, &options)).await;
            if let Some(change) = change {
                ann.change(slug, &change).await;
            }
            let again = wish(slug, &options);
            let reply = ann.create(&again).await;
            refused(&reply, 409, code, slug);
            let problem = reply.json();
            assert!(problem["detail"].as_str().expect("a text").contains(way_out), "{problem}");
            assert_eq!(problem["slug"], slug);
            for caller in [&bob, &kiosk] {
                let reply = caller.create(&again).await;
                refused(&reply, 409, "slug-taken", slug);
                assert!(reply.json()["fields"].is_null());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_alias_with_other_options_is_another_wish() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let options = json!({ "redirect": 307, "note": "n", "tags": ["a"], "ttl_seconds": 3_600 });
        let made = caller.make(&wish("launch", &options)).await;
        let before = get_item(&site.stack, "launch");
        for (given, differing) in [
            (json!({}), json!(null)),
            (options.clone(), json!(null)),
            (json!({ "expires_at": made["expires_at"], "permanent": false }), json!(null)),
            (json!({ "redirect": 308, "note": "n" }), json!(["redirect"])),
            (json!({ "redirect": null }), json!(["redirect"])),
            (json!({ "ttl_seconds": 60 }), json!(["ttl_seconds"])),
            (json!({ "tags": ["a", "b"], "note": "m" }), json!(["tags", "note"])),
            (json!({ "expired_url": "https://example.com/over" }), json!(["expired_url"])),
        ] {
            let reply = caller.create(&wish("launch", &given)).await;
            match differing.is_null() {
                true => assert_eq!(reply.status, 200, "{given} {}", reply.text()),
                false => refused(&reply, 409, "options-differ", &given.to_string()),
            }
            assert_eq!(reply.json()["fields"], differing, "{given}");
        }
        assert_eq!(get_item(&site.stack, "launch"), before);
    })
    .await;
}

#[tokio::test]
async fn a_link_keeps_its_slug() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        caller.make(&wish("launch", &json!({}))).await;
        let reply = caller.patch("launch", &json!({ "slug": "other" })).await;
        refused(&reply, 422, "unknown-field", "another slug");
        assert_eq!(reply.json()["field"], "slug");
        assert_eq!(caller.read("LAUNCH").await.json()["version"], 1);
    })
    .await;
}
