//! `POST /api/v1/links`, and the description of the API.

use e2e::Reply;
use serde_json::{Value, json};

use super::caller::{JSON, LINKS, TEXT, lasting, now, seconds, wish, with_keys};
use crate::shortener::{
    get_item,
    redirect::site::{in_both_modes, in_both_modes_with},
};

/// What a link without options shows, apart from what differs from link to link.
const PLAIN: [(&str, Value); 9] = [
    ("state", Value::Null),
    ("redirect", Value::Null),
    ("cache_seconds", Value::Null),
    ("permanent", Value::Bool(false)),
    ("forward_query", Value::Bool(false)),
    ("expired_url", Value::Null),
    ("valid_from", Value::Null),
    ("expires_at", Value::Null),
    ("note", Value::Null),
];

#[tokio::test]
async fn a_new_link_is_described_whole() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        let began = now().as_secs();
        let body = json!({ "url": "HTTPS://Example.com:443/a/../b", "slug": "Launch", "x_mine": 1 });
        let reply = caller.create(&body).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        let short_url = format!("{}/launch", site.stack.url());
        for (name, value) in
            [("content-type", JSON), ("location", short_url.as_str()), ("etag", "\"1\""), ("cache-control", "no-store")]
        {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        let link = reply.json();
        for (member, expected) in PLAIN {
            let expected = match member {
                "state" => json!("active"),
                _ => expected,
            };
            assert_eq!(link.get(member), Some(&expected), "{member} of {link}");
        }
        for (member, expected) in [
            ("slug", json!("launch")),
            ("short_url", json!(short_url)),
            ("url", json!("https://example.com/b")),
            ("owner", json!("anonymous")),
            ("version", json!(1)),
            ("tags", json!([])),
            ("existing", json!(false)),
        ] {
            assert_eq!(link.get(member), Some(&expected), "{member} of {link}");
        }
        assert_eq!(link.as_object().map(serde_json::Map::len), Some(19), "{link}");
        let made = seconds(&link["created_at"]);
        assert!((began..=now().as_secs()).contains(&made), "{link}");
        assert_eq!(link["updated_at"], link["created_at"]);
        assert!((made..=made + 11).contains(&seconds(&link["visible_by"])), "{link}");
        let held = get_item(&site.stack, "launch");
        assert_eq!(held["target"]["S"], "https://example.com/b", "DynamoDB has it");

        let again = caller.create(&body).await;
        assert_eq!(again.status, 200);
        for name in ["location", "etag"] {
            assert_eq!(again.header(name), reply.header(name), "{name}");
        }
        let mut expected = link;
        expected["existing"] = json!(true);
        assert_eq!(lasting(again.json()), lasting(expected));
    })
    .await;
}

#[tokio::test]
async fn whoever_creates_owns() {
    in_both_modes_with(with_keys, async |site| {
        for name in ["ann", "bob"] {
            let owner = site.owner(name).await;
            let slug = format!("of-{name}");
            let link = owner.make(&wish(&slug, &json!({}))).await;
            assert_eq!(link["owner"], name);
            assert_eq!(get_item(&site.stack, &slug)["owner"]["S"], name);
        }
        let shortened = site.owner("ann").await;
        let slug = shortened.post("/", TEXT, "https://example.com/x").await;
        assert_eq!(get_item(&site.stack, slug.text())["owner"]["S"], "ann");
    })
    .await;
}

#[tokio::test]
async fn a_link_can_be_followed_as_soon_as_it_is_made() {
    in_both_modes(async |site| {
        let caller = site.anyone();
        for number in 0..20 {
            let slug = format!("launch-{number}");
            caller.make(&wish(&slug, &json!({}))).await;
            let target = format!("https://example.com/{slug}");
            assert_eq!(site.visit(&slug).await, (301, Some(target)));
        }
    })
    .await;
}

#[tokio::test]
async fn the_description_needs_no_key() {
    in_both_modes_with(with_keys, async |site| {
        let described = |reply: &Reply| {
            assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some(JSON)));
            reply.json()
        };
        let reply = site.get("/api/v1/openapi.json").await;
        let description = described(&reply);
        let version = description["openapi"].as_str().expect("a version");
        assert!(version.starts_with("3.1."), "{version}");
        for (path, methods) in [
            ("/", &["post"][..]),
            (LINKS, &["get", "post"]),
            ("/api/v1/links:bulk", &["post"]),
            ("/api/v1/links/{slug}", &["delete", "get", "patch"]),
            ("/api/v1/links/{slug}/restore", &["post"]),
            ("/api/v1/links/{slug}/qr", &["get"]),
            ("/api/v1/openapi.json", &["get"]),
        ] {
            for method in methods {
                assert!(description["paths"][path][method].is_object(), "{method} {path}");
            }
        }
        let unknown = [("authorization", "Bearer nobody's")];
        let reply = site.client.call("GET", "/api/v1/openapi.json", &unknown, "").await;
        assert_eq!(described(&reply), description);
        assert_eq!(site.get(LINKS).await.status, 401, "all else does");
    })
    .await;
}
