//! `GET /{slug}+`

use links::{Link, State, StoredTarget, Timestamp};
use serde_json::{Value, json};

use super::fixture::{Fixture, START, event, pass};

fn browser(method: &str, path: &str) -> Value {
    let mut browser = event(method, path);
    browser["headers"] = json!({ "accept": "text/html,*/*;q=0.8" });
    browser
}

fn expires(offset: u64) -> Option<Timestamp> {
    Some(Timestamp::from_unix_seconds(START + offset))
}

#[tokio::test]
async fn a_program_reads_where_a_link_leads() {
    let fixture = Fixture::new();
    fixture.put("launch", |link| link.expires_at = expires(60));
    for path in ["launch+", "LAUNCH+", "launch+/", "launch/+", "launch+.", "launch).+"] {
        let response = fixture.get(path).await;
        assert_eq!(response["statusCode"], 200, "{path}");
        assert_eq!(
            response["headers"],
            json!({ "cache-control": "no-store", "x-robots-tag": "noindex", "content-type": "application/json" })
        );
        let preview: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!(
            preview,
            json!({ "slug": "launch", "url": "https://example.com/there", "host": "example.com",
                "host_unicode": "example.com", "created_at": "2023-11-14T22:13:20Z",
                "expires_at": "2023-11-14T22:14:20Z" })
        );
    }
    for path in ["launch++", "launch+x+", "launch+//"] {
        assert_eq!(fixture.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn a_person_gets_a_page() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    let response = fixture.request(browser("GET", "launch+")).await;
    let headers = &response["headers"];
    assert_eq!(
        (&response["statusCode"], &headers["content-type"], &headers["cache-control"]),
        (&json!(200), &json!("text/html; charset=utf-8"), &json!("no-store"))
    );
    assert_eq!(headers.get("location"), None);
    let policy = headers["content-security-policy"].as_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = response["body"].as_str().unwrap();
    assert!(page.contains("href=\"https://example.com/there\""), "{page}");
    assert!(page.contains("14 November 2023, 22:13 UTC"), "{page}");

    let head = fixture.request(browser("HEAD", "launch+")).await;
    assert_eq!((head.get("body"), &head["headers"]), (None, headers));
    let post = fixture.request(browser("POST", "launch+")).await;
    assert_eq!(post["statusCode"], 405);
}

#[tokio::test]
async fn what_cannot_be_followed_is_not_shown_either() {
    let fixture = Fixture::new();
    let check = async |change: fn(&mut Link), status: u64| {
        fixture.put("launch", change);
        for event in [event("GET", "launch+"), browser("GET", "launch+")] {
            let response = fixture.request(event).await;
            assert_eq!(response["statusCode"], status);
            let text = response.to_string();
            assert!(!text.contains("example.com"), "{text}");
            assert_eq!(response["headers"]["cache-control"], "no-store");
        }
    };
    check(|link| link.state = State::Disabled, 404).await;
    check(|link| link.state = State::Deleted, 410).await;
    check(|link| link.state = State::Blocked, 403).await;
    check(|link| link.state = State::BlockedLegal, 451).await;
    check(|link| link.valid_from = expires(1), 404).await;
    check(|link| link.expires_at = expires(0), 410).await;
    check(|link| link.target = StoredTarget::from_table("javascript:alert('example.com')".into()), 404).await;
}

#[tokio::test]
async fn it_shows_where_the_visitor_would_go() {
    let fixture = Fixture::new();
    let url = async |event: Value| {
        let response = fixture.request(event).await;
        let preview: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        preview["url"].as_str().unwrap().to_owned()
    };
    let mut query = event("GET", "launch+");
    query["rawQueryString"] = json!("a=1");
    fixture.put("launch", |_| {});
    assert_eq!(url(query.clone()).await, "https://example.com/there");
    fixture.put("launch", |link| link.forward_query = true);
    assert_eq!(url(query).await, "https://example.com/there?a=1");
    fixture.put("launch", |link| {
        link.expires_at = expires(0);
        link.expired_url = Some(StoredTarget::from_table("https://example.com/over".into()));
    });
    assert_eq!(url(event("GET", "launch+")).await, "https://example.com/over");
}

#[tokio::test]
async fn a_preview_is_current_and_leaves_the_cache_alone() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    assert_eq!(fixture.status("launch").await, 301);
    fixture.put("launch", |link| link.state = State::Disabled);
    assert_eq!(fixture.status("launch+").await, 404);
    assert_eq!(fixture.status("launch").await, 301, "from the cache");
    assert_eq!(fixture.reads(), 2);
}

#[tokio::test]
async fn absence_is_confirmed_and_believed_for_two_seconds() {
    let fixture = Fixture::new();
    assert_eq!((fixture.status("launch+").await, fixture.reads()), (404, 2));
    assert_eq!((fixture.status("launch").await, fixture.reads()), (404, 0));
    fixture.put_unsettled("launch", |_| {});
    pass(1_999);
    assert_eq!((fixture.status("launch+").await, fixture.reads()), (404, 0));
    pass(1);
    assert_eq!((fixture.status("launch+").await, fixture.reads()), (200, 2));
}

#[tokio::test]
async fn a_failing_store_is_reported() {
    let fixture = Fixture::with(&[("DEBUG_HEADERS", "1")]);
    fixture.put("launch", |_| {});
    assert_eq!(fixture.get("launch+").await["headers"]["x-cache"], "dynamodb");
    *fixture.store.fails.lock().unwrap() = true;
    let response = fixture.get("launch+").await;
    assert_eq!((&response["statusCode"], &response["headers"]["retry-after"]), (&json!(503), &json!("1")));
}
