//! `GET` and `HEAD /{slug}`.

use std::time::{SystemTime, UNIX_EPOCH};

use e2e::{Client, Reply, shortener, shortener_with};
use serde_json::{Value, json};

use super::{item, put_item};

/// Seconds since the epoch, `offset` from now, as the table keeps them.
fn seconds(offset: i64) -> Value {
    #[expect(
        clippy::disallowed_methods,
        reason = "the functions go by the real clock too"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time");
    json!({ "N": (i64::try_from(now.as_secs()).expect("a number") + offset).to_string() })
}

fn location(reply: &Reply) -> Option<&str> {
    reply.header("location")
}

#[tokio::test]
async fn items_of_the_original_application_are_followed() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    put_item(
        &stack,
        &json!({ "id": { "S": "grqpaeet" }, "target": { "S": "https://www.amazon.com" } }),
    );
    let get = client.get("/grqpaeet").await;
    assert_eq!(
        (get.status.as_u16(), location(&get)),
        (301, Some("https://www.amazon.com"))
    );
    assert_eq!(get.header("cache-control"), Some("private, max-age=90"));
    assert_eq!(get.header("content-type"), Some("text/plain"));
    assert_eq!(get.header("x-robots-tag"), Some("noindex"));
    assert_eq!(get.text(), "https://www.amazon.com");

    let head = client.call("HEAD", "/grqpaeet", &[], "").await;
    assert_eq!((head.status.as_u16(), head.text()), (301, ""));
    for name in ["location", "cache-control", "content-type", "x-robots-tag"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn one_link_has_several_spellings() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    put_item(&stack, &item("launch", &[]));
    for path in [
        "/launch",
        "/launch/",
        "/LAUNCH",
        "/Launch/",
        "/%6caunch",
        "/launch?utm_source=mail",
    ] {
        let reply = client.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), location(&reply)),
            (301, Some("https://example.com/launch")),
            "{path}"
        );
    }
    // Decoded once by the gateway, never a second time.
    for path in [
        "/launch//",
        "/%256caunch",
        "/lau/nch",
        "/launch+x",
        "/launch%0a",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_slug_asks_nobody() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    client.get("/health").await;
    let before = stack.dynamodb_requests();
    let long = format!("/{}", "a".repeat(65));
    for path in [
        "/wp-login.php",
        "/.env",
        "/a/b",
        "/-a",
        "/a_",
        "/%20",
        "/%C3%BC",
        &long,
    ] {
        let reply = client.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("cache-control")),
            (404, Some("no-store")),
            "{path}"
        );
    }
    for (path, status) in [
        ("/robots.txt", 200),
        ("/favicon.ico", 204),
        ("/health", 200),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = client.call(method, path, &[], "").await;
            assert_eq!(
                (reply.status.as_u16(), reply.header("cache-control")),
                (status, Some("no-store")),
                "{path}"
            );
            assert_eq!(
                reply.body.is_empty(),
                method == "HEAD" || status == 204,
                "{method} {path}"
            );
        }
    }
    assert_eq!(
        stack.dynamodb_requests(),
        before,
        "no request reached the table"
    );
    client.get("/a-slug").await;
    assert_ne!(stack.dynamodb_requests(), before, "the counter counts");
    stack.stop().await;
}

#[tokio::test]
async fn a_cached_link_asks_nobody() {
    let stack = shortener_with(one_environment).await;
    let client = Client::of(&stack);
    put_item(&stack, &item("launch", &[]));
    assert_eq!(client.get("/launch").await.status, 301);
    let before = stack.dynamodb_requests();
    for _ in 0..20 {
        assert_eq!(client.get("/launch").await.status, 301);
    }
    assert_eq!(stack.dynamodb_requests(), before);
    stack.stop().await;
}

#[tokio::test]
async fn unknown_links_are_problems_for_programs_and_pages_for_people() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let reply = client.get("/nothing").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let problem = reply.json();
    assert_eq!(
        (&problem["status"], &problem["slug"]),
        (&json!(404), &json!("nothing"))
    );
    assert!(
        problem["type"]
            .as_str()
            .expect("a type")
            .ends_with("not-found")
    );
    assert!(!problem["request_id"].as_str().expect("an id").is_empty());

    let accept = (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    );
    let page = client.call("GET", "/nothing", &[accept], "").await;
    assert_eq!(
        (page.status.as_u16(), page.header("cache-control")),
        (404, Some("no-store"))
    );
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        page.header("content-security-policy")
            .is_some_and(|policy| policy.contains("default-src 'none'"))
    );
    assert!(page.text().contains("<h1>No such link</h1>"));
    assert!(
        !page.text().contains("<script") && !page.text().contains("http"),
        "self-contained"
    );
    let head = client.call("HEAD", "/nothing", &[accept], "").await;
    assert_eq!((head.status.as_u16(), head.text()), (404, ""));
    stack.stop().await;
}

#[tokio::test]
async fn states_and_times_decide() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let text = |value: &str| json!({ "S": value });
    let over = || ("expired_url", text("https://example.com/over"));
    let cases = [
        ("disabled", vec![("state", text("disabled"))], 404, None),
        ("deleted", vec![("state", text("deleted"))], 410, None),
        (
            "deleted-over",
            vec![("state", text("deleted")), over()],
            302,
            Some("https://example.com/over"),
        ),
        (
            "blocked",
            vec![("state", text("blocked")), over()],
            403,
            None,
        ),
        ("legal", vec![("state", text("blocked_legal"))], 451, None),
        ("expired", vec![("expires_at", seconds(-1))], 410, None),
        (
            "expired-over",
            vec![("expires_at", seconds(-1)), over()],
            302,
            Some("https://example.com/over"),
        ),
        ("early", vec![("valid_from", seconds(1_000))], 404, None),
        (
            "begun",
            vec![("valid_from", seconds(-1))],
            301,
            Some("https://example.com/begun"),
        ),
        (
            "found",
            vec![("redirect", json!({ "N": "302" }))],
            302,
            Some("https://example.com/found"),
        ),
        (
            "kept",
            vec![("redirect", json!({ "N": "308" }))],
            308,
            Some("https://example.com/kept"),
        ),
    ];
    for (slug, attributes, status, leads_to) in cases {
        put_item(&stack, &item(slug, &attributes));
        let reply = client.get(&format!("/{slug}")).await;
        assert_eq!(
            (reply.status.as_u16(), location(&reply)),
            (status, leads_to),
            "{slug}"
        );
    }
    put_item(
        &stack,
        &json!({ "id": { "S": "script" }, "target": { "S": "javascript:alert(1)" } }),
    );
    let reply = client.get("/script").await;
    assert_eq!((reply.status.as_u16(), location(&reply)), (404, None));
    put_item(
        &stack,
        &json!({ "id": { "S": "split" }, "target": { "S": "https://example.com/\r\nset-cookie: a=b" } }),
    );
    let reply = client.get("/split").await;
    assert_eq!(
        (
            reply.status.as_u16(),
            location(&reply),
            reply.header("set-cookie")
        ),
        (404, None, None)
    );
    put_item(
        &stack,
        &json!({ "id": { "S": "broken" }, "target": { "N": "1" } }),
    );
    assert_eq!(client.get("/broken").await.status, 500);
    stack.stop().await;
}

#[tokio::test]
async fn caching_is_bounded_by_the_link() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let number = |value: u32| json!({ "N": value.to_string() });
    let cases = [
        ("plain", vec![], "private, max-age=90"),
        (
            "shared",
            vec![("cache_seconds", number(600))],
            "public, max-age=60, s-maxage=600",
        ),
        (
            "short",
            vec![("cache_seconds", number(5))],
            "public, max-age=5, s-maxage=5",
        ),
        (
            "never",
            vec![("cache_seconds", number(0))],
            "private, max-age=0, must-revalidate",
        ),
        (
            "permanent",
            vec![("permanent", json!({ "BOOL": true }))],
            "public, max-age=3600",
        ),
    ];
    for (slug, attributes, expected) in cases {
        put_item(&stack, &item(slug, &attributes));
        assert_eq!(
            client
                .get(&format!("/{slug}"))
                .await
                .header("cache-control"),
            Some(expected),
            "{slug}"
        );
    }
    put_item(&stack, &item("ending", &[("expires_at", seconds(30))]));
    let reply = client.get("/ending").await;
    let age = reply
        .header("cache-control")
        .and_then(|value| value.strip_prefix("private, max-age="));
    let age: u32 = age.expect("a maximum age").parse().expect("a number");
    assert!((1..=30).contains(&age), "{age}");
    stack.stop().await;
}

#[tokio::test]
async fn a_query_is_forwarded_where_wanted() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    put_item(&stack, &item("plain", &[]));
    let forward = ("forward_query", json!({ "BOOL": true }));
    let target = ("target", json!({ "S": "https://example.com/a?x=1#top" }));
    put_item(&stack, &item("query", &[forward, target]));
    let reply = client.get("/plain?x=2").await;
    assert_eq!(location(&reply), Some("https://example.com/plain"));
    let reply = client
        .get("/query?x=2&y=a%20b&url=https://evil.example")
        .await;
    assert_eq!(
        location(&reply),
        Some("https://example.com/a?x=1&y=a%20b&url=https://evil.example#top")
    );
    stack.stop().await;
}

#[tokio::test]
async fn debug_headers_tell_the_tier() {
    tiers(1, ["dax", "lru"]).await;
    tiers(0, ["dynamodb", "lru"]).await;
}

async fn tiers(dax_nodes: usize, expected: [&str; 2]) {
    let stack = shortener_with(|config| {
        config.dax_nodes = dax_nodes;
        one_environment(config);
        let redirector = config
            .functions
            .get_mut("Redirector")
            .expect("a redirector");
        redirector
            .env
            .insert("DEBUG_HEADERS".to_owned(), "1".to_owned());
    })
    .await;
    let client = Client::of(&stack);
    put_item(&stack, &item("launch", &[]));
    for tier in expected {
        let reply = client.get("/launch").await;
        assert_eq!(reply.header("x-cache"), Some(tier));
        assert!(
            reply
                .header("server-timing")
                .is_some_and(|value| value.starts_with("total;dur="))
        );
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_store_that_is_gone_is_covered_or_told() {
    let stack = shortener_with(|config| {
        config.dax_nodes = 0;
        let redirector = config
            .functions
            .get_mut("Redirector")
            .expect("a redirector");
        // A port that nothing listens on.
        redirector.env.insert(
            "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
            "http://127.0.0.1:9".to_owned(),
        );
    })
    .await;
    let client = Client::of(&stack);
    let reply = client.get("/launch").await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let problem = reply.text();
    assert!(
        !problem.contains("127.0.0.1") && !problem.contains("GetItem"),
        "{problem}"
    );
    stack.stop().await;
}

/// Every request meets the same cache.
fn one_environment(config: &mut local::Config) {
    let redirector = config
        .functions
        .get_mut("Redirector")
        .expect("a redirector");
    redirector.concurrency = 1;
}
