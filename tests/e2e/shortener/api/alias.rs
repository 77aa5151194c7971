//! Slugs that callers choose.

use serde_json::{Value, json};

use super::caller::{refused, wish, with_keys};
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
            "abc\n",
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
        for caller in [&ann, &bob] {
            let reply = caller.create(&wish("launch", &json!({}))).await;
            refused(&reply, 409, "slug-taken", "a tombstone");
        }
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
