//! Pages of other origins, and names of this machine, that the developer admits.

use e2e::{Client, Reply, shortener, shortener_with};
use http::StatusCode;
use serde_json::json;

const APP: &str = "http://localhost:5173";
const JSON: (&str, &str) = ("content-type", "application/json");

fn cors_headers(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.keys().map(http::HeaderName::as_str);
    names.filter(|name| name.starts_with("access-control-")).collect()
}

/// Whether a list in a header has all of these.
fn lists(reply: &Reply, name: &str, expected: &[&str]) -> bool {
    let value = reply.header(name).unwrap_or_default();
    let listed: Vec<&str> = value.split(',').collect();
    expected.iter().all(|expected| listed.contains(expected))
}

#[tokio::test]
async fn a_page_of_a_named_origin_uses_the_api() {
    let stack = shortener_with(|config| config.allowed_origins = vec![APP.to_owned()]).await;
    let client = Client::of(&stack);
    for path in ["/", "/api/v1/links", "/api/v1/links/mine"] {
        let asks = [
            ("origin", APP),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,content-type,if-match"),
        ];
        let reply = client.call("OPTIONS", path, &asks, "").await;
        assert_eq!((reply.status, reply.text()), (StatusCode::NO_CONTENT, ""), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(APP));
        assert!(lists(&reply, "access-control-allow-methods", &["GET", "POST", "PATCH", "DELETE"]));
        let headers = ["authorization", "content-type", "idempotency-key", "if-match"];
        assert!(lists(&reply, "access-control-allow-headers", &headers));
        assert_eq!(reply.header("access-control-max-age"), Some("600"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }

    let link = json!({ "url": "https://example.com", "slug": "mine" }).to_string();
    let sent = [("origin", APP), ("sec-fetch-site", "same-site"), JSON];
    let reply = client.call("POST", "/api/v1/links", &sent, link.clone()).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    assert_eq!(reply.header("access-control-allow-origin"), Some(APP));
    assert!(lists(&reply, "access-control-expose-headers", &["location", "etag", "link", "retry-after"]));
    // Errors can be read, too.
    let reply = client.call("GET", "/api/v1/links/missing", &[("origin", APP)], "").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (StatusCode::NOT_FOUND, Some(APP)));
    // Where API Gateway leaves the question to the function, the function says nothing but yes.
    let reply = client.call("OPTIONS", "/api/v1/links", &[("access-control-request-method", "POST")], "").await;
    assert_eq!((reply.status, cors_headers(&reply)), (StatusCode::NO_CONTENT, vec![]));
    // A program's response has none of it.
    let reply = client.call("POST", "/api/v1/links", &[JSON], link).await;
    assert_eq!((reply.status, cors_headers(&reply)), (StatusCode::OK, vec![]));
}

#[tokio::test]
async fn no_other_page_does() {
    let open = shortener_with(|config| config.allowed_origins = vec![APP.to_owned()]).await;
    for (stack, origins) in [
        (&open, &["http://evil.example", "null", "http://localhost:5174", "https://localhost:5173"][..]),
        (&shortener().await, &[APP, "http://evil.example", "null"]),
    ] {
        let client = Client::of(stack);
        for origin in origins {
            for method in ["OPTIONS", "GET", "POST"] {
                let sent = [("origin", *origin), ("access-control-request-method", "POST"), JSON];
                let reply = client.call(method, "/api/v1/links", &sent, r#"{"url":"https://example.com"}"#).await;
                assert_eq!(
                    (reply.status, cors_headers(&reply)),
                    (StatusCode::FORBIDDEN, vec![]),
                    "{method} of {origin}"
                );
            }
        }
        assert!(stack.scan(stack.table()).unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_page_of_the_stack_and_links_from_elsewhere_work() {
    let stack = shortener().await;
    let client = Client::of(&stack);
    let own =
        [("host", "localhost:3000"), ("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin"), JSON];
    let reply = client.call("POST", "/api/v1/links", &own, r#"{"url":"https://example.com","slug":"mine"}"#).await;
    assert_eq!((reply.status, cors_headers(&reply)), (StatusCode::CREATED, vec![]));
    let click = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(client.call("GET", "/mine", &click, "").await.status, StatusCode::MOVED_PERMANENTLY);
}

#[tokio::test]
async fn a_name_in_etc_hosts_is_admitted_if_it_is_given() {
    let stack = shortener_with(|config| config.allowed_hosts.push("kurz.test".to_owned())).await;
    let client = Client::of(&stack);
    let own = [("host", "kurz.test:3000"), ("origin", "http://kurz.test:3000"), ("content-type", "text/plain")];
    assert_eq!(client.call("POST", "/", &own, "https://example.com").await.status, StatusCode::OK);
    for endpoint in [stack.lambda_endpoint(), stack.dynamodb_endpoint(), stack.dax().unwrap().control_url().unwrap()] {
        let client = Client::at(&endpoint);
        let named = client.call("GET", "/", &[("host", "kurz.test")], "").await;
        assert_ne!(named.status, StatusCode::FORBIDDEN, "{endpoint}");
        let other = client.call("GET", "/", &[("host", "www.kurz.test")], "").await;
        assert_eq!(other.status, StatusCode::FORBIDDEN, "{endpoint}");
    }
}
