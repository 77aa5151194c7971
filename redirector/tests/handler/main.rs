//! Events in, responses out, over a store that counts its reads.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod contact;
mod fixture;
mod preview;

use fixture::{Fixture, START, event, pass};
use links::{Link, State, StoredTarget, Timestamp};
use serde_json::{Value, json};

#[tokio::test]
async fn a_link_is_followed() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    let expected = json!({
        "statusCode": 301,
        "headers": {
            "location": "https://example.com/there",
            "cache-control": "private, max-age=90",
            "content-type": "text/plain",
            "x-robots-tag": "noindex",
        },
        "body": "https://example.com/there",
    });
    assert_eq!(fixture.get("launch").await, expected);
    let mut head = fixture.request(event("HEAD", "launch")).await;
    assert_eq!(head.get("body"), None);
    head["body"] = expected["body"].clone();
    assert_eq!(head, expected);
}

#[tokio::test]
async fn spelling_does_not_matter_where_it_cannot() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    for path in
        ["launch", "LAUNCH", "Launch/", "launch/", "launch.", "launch).", "launch\u{200b}", "launch ", "/launch"]
    {
        assert_eq!(fixture.status(path).await, 301, "{path}");
    }
    for path in ["launch//", "launch%", "launch%2E", "lau/nch", "laun ch", "", "/"] {
        assert_eq!(fixture.status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn other_paths_need_no_read() {
    let fixture = Fixture::new();
    let long = "a".repeat(65);
    for path in [
        "robots.txt",
        "favicon.ico",
        "health",
        "wp-login.php",
        ".env",
        "a/b",
        "-a",
        "a++",
        "-a+",
        "not..a..slug+",
        "+",
        "ü",
        "",
        "//",
        "ü).\u{200b}",
        "a//",
        &long,
    ] {
        fixture.get(path).await;
    }
    assert_eq!(fixture.request(json!({})).await["statusCode"], 405);
    assert_eq!(fixture.reads(), 0);
    assert_eq!(fixture.status("robots.txt").await, 200);
    assert_eq!(fixture.status("favicon.ico").await, 204);
    assert_eq!(fixture.get("health").await["body"], "ok\n");
}

#[tokio::test]
async fn other_methods_are_refused_with_the_allowed_ones() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    for method in ["POST", "DELETE", "OPTIONS", "get"] {
        let response = fixture.request(event(method, "launch")).await;
        assert_eq!(
            (&response["statusCode"], &response["headers"]["allow"]),
            (&json!(405), &json!("GET, HEAD")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn what_passes_cloudfront_by_is_refused_unread() {
    const SECRET: &str = "0123456789abcdef";
    let closed = Fixture::with(&[("ORIGIN_SECRET", SECRET)]);
    let open = Fixture::new();
    for fixture in [&closed, &open] {
        fixture.put("launch", |_| {});
    }
    let with = |path: &str, value: Value| {
        let mut event = event("GET", path);
        event["headers"] = json!({ "x-origin-verify": value, "accept": "*/*" });
        event
    };
    for sent in [json!(""), json!(null), json!("0123456789abcdeg"), json!([SECRET])] {
        for path in ["launch", "launch+", "health", "robots.txt", "nothing"] {
            let response = closed.request(with(path, sent.clone())).await;
            assert_eq!(response["statusCode"], 403, "{path} {sent}");
            assert!(response["body"].as_str().unwrap().contains("urn:kurz:problem:wrong-address"), "{response}");
        }
        assert_eq!(open.request(with("launch", sent.clone())).await["statusCode"], 301, "{sent}");
    }
    assert_eq!((closed.status("launch").await, closed.reads()), (403, 0));
    assert_eq!(closed.request(with("launch", json!(SECRET))).await["statusCode"], 301);
    assert_eq!(closed.request(with("health", json!(SECRET))).await["statusCode"], 200);
}

#[tokio::test]
async fn errors_are_problems_or_pages() {
    let fixture = Fixture::new();
    let response = fixture.get("nothing").await;
    assert_eq!(response["headers"], json!({ "cache-control": "no-store", "content-type": "application/problem+json" }));
    let problem: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:kurz:problem:not-found");
    assert_eq!((&problem["status"], &problem["slug"]), (&json!(404), &json!("nothing")));
    assert_eq!(problem["request_id"], "id-1");

    let mut browser = event("GET", "nothing");
    browser["headers"] = json!({ "accept": "text/html,*/*;q=0.8" });
    let response = fixture.request(browser.clone()).await;
    assert_eq!(response["headers"]["content-type"], "text/html; charset=utf-8");
    assert!(response["headers"]["content-security-policy"].as_str().unwrap().starts_with("default-src 'none'"));
    assert!(response["body"].as_str().unwrap().contains("<h1>No such link</h1>"));
    browser["requestContext"]["http"]["method"] = json!("HEAD");
    let head = fixture.request(browser).await;
    assert_eq!((head.get("body"), &head["headers"]), (None, &response["headers"]));
}

#[tokio::test]
async fn states_have_their_statuses() {
    let fixture = Fixture::new();
    let check = async |change: fn(&mut Link), status: u64| {
        fixture.put("launch", change);
        pass(60_000);
        let response = fixture.get("launch").await;
        assert_eq!(response["statusCode"], status);
        assert_eq!(response["headers"].get("location").is_some(), status < 400);
        pass(60_000);
    };
    check(|link| link.state = State::Disabled, 404).await;
    check(|link| link.state = State::Deleted, 410).await;
    check(|link| link.state = State::Blocked, 403).await;
    check(|link| link.state = State::BlockedLegal, 451).await;
    check(|link| link.target = StoredTarget::from_table("javascript:alert(1)".into()), 404).await;
    check(|link| link.target = StoredTarget::from_table("https://e.com/\r\nx: y".into()), 404).await;
    check(|link| link.valid_from = Some(Timestamp::from_unix_seconds(START + 100_000)), 404).await;
    check(|link| link.expires_at = Some(Timestamp::from_unix_seconds(START)), 410).await;
    let over = |link: &mut Link| {
        link.expires_at = Some(Timestamp::from_unix_seconds(START));
        link.expired_url = Some(StoredTarget::from_table("https://example.com/over".into()));
    };
    check(over, 302).await;
}

#[tokio::test]
async fn hits_need_no_read_until_the_deadline() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    for millis in [0, 5_000, 4_990] {
        pass(millis);
        assert_eq!(fixture.status("launch").await, 301);
    }
    assert_eq!(fixture.reads(), 1);
    pass(10);
    assert_eq!(fixture.status("launch").await, 301);
    assert_eq!(fixture.reads(), 1);
}

#[tokio::test]
async fn an_update_is_seen_when_the_entry_ends() {
    let fixture = Fixture::new();
    fixture.put("launch", |_| {});
    assert_eq!(fixture.status("launch").await, 301);
    fixture.put("launch", |link| link.state = State::Disabled);
    pass(9_990);
    assert_eq!(fixture.status("launch").await, 301);
    pass(10);
    assert_eq!(fixture.status("launch").await, 404);
}

#[tokio::test]
async fn expiry_is_checked_on_hits_too() {
    let fixture = Fixture::new();
    fixture.put("launch", |link| {
        link.expires_at = Some(Timestamp::from_unix_seconds(START + 2));
    });
    let response = fixture.get("launch").await;
    assert_eq!(response["headers"]["cache-control"], "private, max-age=2");
    pass(2_000);
    assert_eq!(fixture.status("launch").await, 410);
    assert_eq!(fixture.reads(), 1);
}

#[tokio::test]
async fn absence_is_confirmed_and_believed_for_two_seconds() {
    let fixture = Fixture::new();
    assert_eq!(fixture.status("launch").await, 404);
    assert_eq!(fixture.reads(), 2, "a cached and a strong read");
    fixture.put_unsettled("launch", |_| {});
    pass(1_999);
    assert_eq!((fixture.status("launch").await, fixture.reads()), (404, 0));
    pass(1);
    assert_eq!(fixture.status("launch").await, 301, "the replica still does not know it");
}

#[tokio::test]
async fn a_failing_store_is_covered_for_ten_minutes() {
    let fixture = Fixture::with(&[("DEBUG_HEADERS", "1")]);
    fixture.put("launch", |link| {
        link.expires_at = Some(Timestamp::from_unix_seconds(START + 300));
    });
    assert_eq!(fixture.get("launch").await["headers"]["x-cache"], "dynamodb");
    assert_eq!(fixture.get("launch").await["headers"]["x-cache"], "lru");
    *fixture.store.fails.lock().unwrap() = true;
    pass(60_000);
    let response = fixture.get("launch").await;
    assert_eq!((&response["statusCode"], &response["headers"]["x-cache"]), (&json!(301), &json!("stale")));
    pass(240_000);
    assert_eq!(fixture.status("launch").await, 410, "expired, however it was found");
    let response = fixture.get("other").await;
    assert_eq!((&response["statusCode"], &response["headers"]["retry-after"]), (&json!(503), &json!("1")));
    pass(600_000);
    assert_eq!(fixture.status("launch").await, 503, "too old");
    *fixture.store.fails.lock().unwrap() = false;
    assert_eq!(fixture.status("other").await, 404);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_left_before_the_function_is_stopped() {
    let fixture = Fixture::with(&[("DEBUG_HEADERS", "1")]);
    fixture.put("launch", |_| {});
    assert_eq!(fixture.status("launch").await, 301);
    *fixture.store.hangs.lock().unwrap() = true;
    pass(60_000);
    for (path, status) in [("launch", 301), ("other", 503), ("other+", 503)] {
        let start = tokio::time::Instant::now();
        assert_eq!(fixture.status(path).await, status, "{path}");
        assert!(start.elapsed() < std::time::Duration::from_millis(4_600), "{path}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn the_default_status_can_be_set() {
    let fixture = Fixture::with(&[("DEFAULT_REDIRECT", "307")]);
    fixture.put("launch", |_| {});
    fixture.put("fixed", |link| {
        link.redirect = links::RedirectStatus::from_code(308);
    });
    assert_eq!((fixture.status("launch").await, fixture.status("fixed").await), (307, 308));
}
