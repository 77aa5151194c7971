//! Where visitors report abuse.

use links::State;
use serde_json::Value;

use crate::fixture::{Fixture, START, event};

const CONTACT: (&str, &str) = ("ABUSE_CONTACT", "abuse@example.com");

fn browser(path: &str) -> Value {
    let mut event = event("GET", path);
    event["headers"] = serde_json::json!({ "accept": "text/html" });
    event
}

#[tokio::test]
async fn security_txt_names_the_contact_without_a_read() {
    let fixture = Fixture::with(&[CONTACT]);
    let response = fixture.get(".well-known/security.txt").await;
    assert_eq!(response["statusCode"], 200);
    assert_eq!(response["headers"]["content-type"], "text/plain; charset=utf-8");
    // 90 days after the start of the clock.
    assert_eq!(START, 1_700_000_000);
    assert_eq!(
        response["body"],
        "Contact: mailto:abuse@example.com\nExpires: 2024-02-12T22:13:20Z\nPreferred-Languages: en\n"
    );
    let head = fixture.request(event("HEAD", ".well-known/security.txt")).await;
    assert_eq!(
        (&head["statusCode"], &head["headers"], &head["body"]),
        (&response["statusCode"], &response["headers"], &Value::Null)
    );
    assert_eq!(fixture.status(".well-known/security").await, 404);
    assert_eq!(fixture.reads(), 0);
    assert_eq!(Fixture::new().status(".well-known/security.txt").await, 404);
}

#[tokio::test]
async fn a_blocked_link_and_a_preview_name_the_contact() {
    let fixture = Fixture::with(&[CONTACT]);
    fixture.put("abuse", |link| link.state = State::Blocked);
    fixture.put("legal", |link| link.state = State::BlockedLegal);
    fixture.put("open", |_link| {});
    let address = "<a href=\"mailto:abuse@example.com\">abuse@example.com</a>";
    for (path, names) in [("abuse", true), ("legal", true), ("abuse+", true), ("open+", true), ("nothing", false)] {
        let page = fixture.request(browser(path)).await;
        assert_eq!(page["body"].as_str().unwrap().contains(address), names, "{path}");
        let json: Value = serde_json::from_str(fixture.get(path).await["body"].as_str().unwrap()).unwrap();
        let expected = if names { Value::from("mailto:abuse@example.com") } else { Value::Null };
        assert_eq!(json["abuse_contact"], expected, "{path}");
    }
    let silent = Fixture::new();
    silent.put("abuse", |link| link.state = State::Blocked);
    assert!(!silent.request(browser("abuse")).await["body"].as_str().unwrap().contains("href"));
}

#[tokio::test]
async fn what_an_administrator_closed_leads_nowhere() {
    let fixture = Fixture::new();
    let over = || Some(links::StoredTarget::from_table("https://example.com/over".to_owned()));
    fixture.put("deleted", |link| (link.state, link.expired_url) = (State::Deleted, over()));
    fixture.put("held", |link| (link.state, link.expired_url, link.held) = (State::Deleted, over(), true));
    fixture.put("blocked", |link| (link.state, link.expired_url) = (State::Blocked, over()));
    for (path, status) in [("deleted", 302), ("held", 410), ("blocked", 403), ("held+", 410), ("blocked+", 403)] {
        let response = fixture.get(path).await;
        assert_eq!(response["statusCode"], status, "{path}");
        assert_eq!(response["headers"]["location"].is_string(), status == 302, "{path}");
    }
}
