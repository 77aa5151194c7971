//! `POST /` and `POST /api/v1/links`.

use e2e::{Client, Reply, shortener, shortener_with};
use serde_json::{Value, json};

use super::{get_item, item, put_item};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// The end of a problem's type.
fn code(reply: &Reply) -> String {
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{}",
        reply.text()
    );
    let problem = reply.json();
    assert_eq!(problem["status"], reply.status.as_u16());
    assert!(
        ["title", "detail", "request_id"]
            .iter()
            .all(|member| problem[member].is_string()),
        "{problem}"
    );
    let kind = problem["type"].as_str().expect("a type");
    kind.rsplit(':').next().unwrap_or_default().to_owned()
}

async fn check(
    client: &Client,
    path: &str,
    media_type: &str,
    body: impl Into<Vec<u8>>,
    status: u16,
    expected: &str,
) {
    let body = body.into();
    let shown =
        String::from_utf8_lossy(body.get(..body.len().min(80)).unwrap_or_default()).into_owned();
    let reply = client.post(path, media_type, body).await;
    assert_eq!(
        (reply.status.as_u16(), code(&reply).as_str()),
        (status, expected),
        "{media_type} {shown}"
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

async fn seed_stack() -> local::Stack {
    shortener_with(|config| config.slug_scheme = local::SlugScheme::Seed).await
}

#[tokio::test]
async fn what_curl_sends_becomes_a_link_that_leads_to_it() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let url = "https://example.com/a?b=1&c=%20#d";
    let reply = client.post("/", FORM, url).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (200, Some("text/plain"))
    );
    let slug = reply.text();
    assert_eq!(slug.len(), 8, "{slug}");
    assert!(
        slug.bytes()
            .all(|b| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&b)),
        "{slug}"
    );
    assert_eq!(
        reply.header("location"),
        Some(format!("{}/{slug}", stack.url()).as_str())
    );
    let reply = client.get(&format!("/{slug}")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (301, Some(url))
    );
    stack.stop().await;
}

#[tokio::test]
async fn every_form_of_a_url_is_the_same_link() {
    let stack = seed_stack().await;
    let client = Client::of(&stack);
    let url = "https://www.amazon.com";
    for (media_type, body) in [
        (FORM, url.to_owned()),
        (FORM, "url=https%3A%2F%2Fwww.amazon.com".to_owned()),
        (FORM, "a=b&url=https://www.amazon.com".to_owned()),
        ("text/plain", url.to_owned()),
        ("text/plain;charset=UTF-8", format!(" {url}\r\n")),
        // What is neither text nor a form reaches the function in base 64.
        ("application/octet-stream", format!("{url}\n")),
    ] {
        let reply = client.post("/", media_type, body.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.text()),
            (200, "grqpaeet"),
            "{media_type} {body}"
        );
    }
    let reply = client.call("POST", "/", &[], url).await;
    assert_eq!(
        (reply.status.as_u16(), reply.text()),
        (200, "grqpaeet"),
        "no media type"
    );
    let reply = client
        .post("/", JSON, json!({ "url": url }).to_string())
        .await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["slug"]),
        (200, &json!("grqpaeet"))
    );
    let reply = client.call("POST", "/", &[("accept", JSON)], url).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["slug"]),
        (200, &json!("grqpaeet"))
    );
    stack.stop().await;
}

#[tokio::test]
async fn seed_slugs_are_those_of_the_original_application() {
    let stack = seed_stack().await;
    let client = Client::of(&stack);
    for (url, slug) in [
        ("https://www.amazon.com", "grqpaeet"),
        ("https://example.com/1139924", "8c8r"),
        ("https://example.com/425790", "47d90svq"),
        ("https://example.com/1023374", "q1e1ft90"),
        ("https://example.com/588975", "3el49v5g"),
        ("https://example.com/1176252", "2q3runug"),
        ("https://example.com/1313633", "5164d63b"),
        ("https://example.com/2232887", "n0utblij"),
    ] {
        for _ in 0..2 {
            let reply = client.post("/", FORM, url).await;
            assert_eq!((reply.status.as_u16(), reply.text()), (200, slug), "{url}");
        }
        let reply = client.get(&format!("/{slug}")).await;
        assert_eq!(reply.header("location"), Some(url), "{slug}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_repeated_url_rewrites_nothing() {
    let stack = seed_stack().await;
    let client = Client::of(&stack);
    // An item of the original application, with an attribute that a rewrite would lose.
    let before = json!({ "id": { "S": "grqpaeet" }, "target": { "S": "https://www.amazon.com" }, "clicks": { "N": "7" } });
    put_item(&stack, &before);
    assert_eq!(
        client
            .post("/", FORM, "https://www.amazon.com")
            .await
            .text(),
        "grqpaeet"
    );
    assert_eq!(get_item(&stack, "grqpaeet"), before);

    let slug = client
        .post("/", FORM, "https://example.com/again")
        .await
        .text()
        .to_owned();
    let before = get_item(&stack, &slug);
    assert_eq!(
        client
            .post("/", FORM, "https://example.com/again")
            .await
            .text(),
        slug
    );
    assert_eq!(get_item(&stack, &slug), before);
    stack.stop().await;
}

#[tokio::test]
async fn a_slug_that_means_something_else_is_not_touched() {
    let stack = seed_stack().await;
    let client = Client::of(&stack);
    let other = item("grqpaeet", &[]);
    put_item(&stack, &other);
    let slug = client
        .post("/", FORM, "https://www.amazon.com")
        .await
        .text()
        .to_owned();
    assert_ne!(slug, "grqpaeet");
    assert_eq!(get_item(&stack, "grqpaeet"), other);
    assert_eq!(
        client.get(&format!("/{slug}")).await.header("location"),
        Some("https://www.amazon.com")
    );
    stack.stop().await;
}

#[tokio::test]
async fn what_is_no_url_for_a_link_is_refused() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    // A first request, so that what the function asks while it starts is not counted.
    check(&client, "/", "text/plain", "", 400, "empty-body").await;
    let before = stack.dynamodb_requests();
    let own = format!("{}/abc", stack.url());
    let long = format!("https://example.com/{}", "a".repeat(9_000));
    for (media_type, body, status, expected) in [
        (FORM, "", 400, "empty-body"),
        ("text/plain", " \r\n ", 400, "empty-body"),
        (JSON, "", 400, "empty-body"),
        ("text/plain", "example.com", 422, "invalid-url"),
        ("text/plain", "javascript:alert(1)", 422, "invalid-url"),
        ("text/plain", "data:text/html,hello", 422, "invalid-url"),
        (
            "text/plain",
            "https://example.com/\r\nset-cookie: a=b",
            422,
            "invalid-url",
        ),
        (
            "text/plain",
            "https://user:secret@example.com/",
            422,
            "invalid-url",
        ),
        ("text/plain", "http://10.0.0.1/", 422, "private-target"),
        (
            "text/plain",
            "http://169.254.169.254/latest/meta-data/",
            422,
            "private-target",
        ),
        ("text/plain", "http://[::1]/", 422, "private-target"),
        ("text/plain", "http://localhost/", 422, "private-target"),
        ("text/plain", own.as_str(), 422, "self-loop"),
        ("text/plain", long.as_str(), 422, "url-too-long"),
        (FORM, "uri=https://example.com", 422, "missing-field"),
        (JSON, "{\"url\":", 400, "malformed-json"),
        (JSON, "{\"url\":7}", 422, "wrong-type"),
        (
            JSON,
            "{\"url\":\"https://example.com\",\"sulg\":\"x\"}",
            422,
            "unknown-field",
        ),
        ("image/png", "x", 415, "unsupported-media-type"),
    ] {
        check(&client, "/", media_type, body, status, expected).await;
    }
    check(
        &client,
        "/",
        "text/plain",
        b"https://example.com/\xff".to_vec(),
        422,
        "invalid-url",
    )
    .await;
    check(
        &client,
        "/",
        "application/octet-stream",
        b"\xff\xfe\xfd".to_vec(),
        422,
        "invalid-url",
    )
    .await;
    let large = format!("https://example.com/{}", "a".repeat(300 << 10));
    check(
        &client,
        "/",
        "text/plain",
        large.clone(),
        413,
        "body-too-large",
    )
    .await;
    check(&client, "/", FORM, large, 413, "body-too-large").await;
    assert_eq!(
        stack.dynamodb_requests(),
        before,
        "nothing of this reached the table"
    );
    stack.stop().await;
}

#[tokio::test]
async fn malformed_json_is_located() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let reply = client
        .post(
            "/api/v1/links",
            JSON,
            "{\n  \"url\": \"https://example.com\",,\n}",
        )
        .await;
    assert_eq!(
        (reply.status.as_u16(), code(&reply).as_str()),
        (400, "malformed-json")
    );
    assert_eq!(reply.json()["position"], json!({ "line": 2, "column": 32 }));
    stack.stop().await;
}

#[tokio::test]
async fn a_link_made_by_the_api_is_described() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let body = json!({ "url": "HTTPS://Example.com:443/a/../b", "slug": "Launch", "x_mine": 1 })
        .to_string();
    let reply = client.post("/api/v1/links", JSON, body.clone()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-type")),
        (201, Some(JSON))
    );
    let short_url = format!("{}/launch", stack.url());
    assert_eq!(
        (reply.header("location"), reply.header("etag")),
        (Some(short_url.as_str()), Some("\"1\""))
    );
    let link = reply.json();
    for (member, expected) in [
        ("slug", json!("launch")),
        ("short_url", json!(short_url)),
        ("url", json!("https://example.com/b")),
        ("state", json!("active")),
        ("owner", json!("anonymous")),
        ("version", json!(1)),
        ("existing", json!(false)),
        ("tags", json!([])),
        ("permanent", json!(false)),
        ("forward_query", json!(false)),
        ("redirect", Value::Null),
        ("cache_seconds", Value::Null),
        ("expired_url", Value::Null),
        ("expires_at", Value::Null),
        ("valid_from", Value::Null),
        ("note", Value::Null),
    ] {
        assert_eq!(link.get(member), Some(&expected), "{member} of {link}");
    }
    for member in ["created_at", "updated_at", "visible_by"] {
        assert!(
            link[member]
                .as_str()
                .is_some_and(|time| time.ends_with('Z')),
            "{member} of {link}"
        );
    }
    let again = client.post("/api/v1/links", JSON, body).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["existing"]),
        (200, &json!(true))
    );
    assert_eq!(again.json()["created_at"], link["created_at"]);
    stack.stop().await;
}

#[tokio::test]
async fn an_alias_is_checked_and_taken_once() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let create = async |url: &str, slug: Value| {
        client
            .post(
                "/api/v1/links",
                JSON,
                json!({ "url": url, "slug": slug }).to_string(),
            )
            .await
    };
    for (slug, expected) in [
        (json!("ab"), "invalid-slug"),
        (json!("a b c"), "invalid-slug"),
        (json!("-abc"), "invalid-slug"),
        (json!("robots.txt"), "invalid-slug"),
        (json!("a".repeat(65)), "invalid-slug"),
        (json!("Admin"), "reserved-slug"),
        (json!(7), "wrong-type"),
    ] {
        let reply = create("https://example.com/", slug.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), code(&reply).as_str()),
            (422, expected),
            "{slug}"
        );
    }
    assert_eq!(
        create("https://example.com/one", json!("launch"))
            .await
            .status,
        201
    );
    let before = get_item(&stack, "launch");
    let taken = create("https://example.com/two", json!("LAUNCH")).await;
    assert_eq!(
        (taken.status.as_u16(), code(&taken).as_str()),
        (409, "slug-taken")
    );
    assert_eq!(taken.json()["slug"], "launch");
    assert_eq!(
        create("https://example.com/one", json!("launch"))
            .await
            .status,
        200
    );
    assert_eq!(get_item(&stack, "launch"), before);
    let reply = create("https://example.com/three", Value::Null).await;
    assert_eq!(reply.status, 201, "null is no alias");
    stack.stop().await;
}

#[tokio::test]
async fn wrong_methods_and_paths_are_told_apart() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    for method in ["GET", "PUT", "DELETE"] {
        let reply = client.call(method, "/api/v1/links", &[], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
        assert_eq!(code(&reply), "method-not-allowed");
    }
    check(&client, "/api/v1/nothing", JSON, "{}", 404, "unknown-path").await;
    check(
        &client,
        "/api/v1/links",
        FORM,
        "https://example.com",
        415,
        "unsupported-media-type",
    )
    .await;
    // No route of the API: answered by the gateway, as API Gateway answers.
    for (method, path) in [("PUT", "/"), ("DELETE", "/launch"), ("POST", "/launch")] {
        let reply = client.call(method, path, &[], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.text()),
            (404, "{\"message\":\"Not Found\"}"),
            "{method} {path}"
        );
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_store_that_is_gone_is_told() {
    let stack = shortener_with(|config| {
        config.dax_nodes = 0;
        let writer = config.functions.get_mut("Writer").expect("a writer");
        // A port that nothing listens on.
        writer.env.insert(
            "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
            "http://127.0.0.1:9".to_owned(),
        );
    })
    .await;
    let client = Client::of(&stack);
    let reply = client.post("/", FORM, "https://example.com").await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(code(&reply), "unavailable");
    stack.stop().await;
}
