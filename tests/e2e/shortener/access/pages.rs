//! Lists and their cursors: one owner's links only.

use e2e::{Client, Reply};
use serde_json::{Value, json};

use super::super::keys::keyed_stack;

const ALL: &str = "create,read,update,delete";

async fn get(client: &Client, key: &str, path: &str) -> Reply {
    client.call("GET", path, &[("authorization", &format!("Bearer {key}"))], "").await
}

async fn make(client: &Client, key: &str, number: usize) {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let wish = json!({ "url": format!("https://example.com/{number}") });
    let made = client.call("POST", "/api/v1/links", &headers, wish.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
}

#[tokio::test]
async fn every_page_of_a_list_is_of_one_owner() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    for owner in ["ann", "bob"] {
        let key = stack.issue_key(owner, ALL).await.expect("a key");
        for number in 0..12 {
            make(&client, &key, number).await;
        }
    }
    for owner in ["ann", "bob"] {
        let key = stack.issue_key(owner, "read").await.expect("a key");
        let (mut listed, mut cursor) = (0, String::new());
        loop {
            let page = get(&client, &key, &format!("/api/v1/links?limit=5{cursor}")).await.json();
            let links = page["links"].as_array().expect("links");
            assert!(links.iter().all(|link| link["owner"] == owner), "{page}");
            listed += links.len();
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed, 12, "{owner}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn the_cursor_of_one_owner_opens_no_list_of_another() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let [ann, bob] =
        [stack.issue_key("ann", ALL).await, stack.issue_key("bob", ALL).await].map(|key| key.expect("a key"));
    for number in 0..3 {
        for key in [&ann, &bob] {
            make(&client, key, number).await;
        }
    }
    let page = get(&client, &ann, "/api/v1/links?limit=1").await;
    let cursor = page.json()["next_cursor"].as_str().expect("more").to_owned();
    let page = get(&client, &bob, &format!("/api/v1/links?limit=100&cursor={cursor}")).await;
    if page.status.as_u16() == 200 {
        let links: Value = page.json()["links"].clone();
        let owners = links.as_array().expect("links").iter().map(|link| &link["owner"]);
        assert!(owners.into_iter().all(|owner| owner == "bob"), "{links}");
    } else {
        assert_eq!(page.status.as_u16(), 400);
        assert!(page.json()["type"].as_str().is_some_and(|kind| kind.ends_with(":invalid-parameter")));
    }
    stack.stop().await;
}
