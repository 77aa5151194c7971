//! `local --auth api-key`: which requests a key opens, and for how long.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use e2e::{Client, PATIENCE, Reply, shortener_with, wait_until};
use futures_util::future::join_all;
use local::{Auth, Observer, Stack};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

const TEXT: &str = "text/plain";
const URL: &str = "https://example.com/keys";
/// Of the right form, and nobody's.
const UNKNOWN: &str = "kurz_00000000_00000000000000000000000000000000";

pub(super) async fn keyed_stack() -> Stack {
    keyed_stack_with(|_config| {}).await
}

pub(super) async fn keyed_stack_with(change: impl FnOnce(&mut local::Config)) -> Stack {
    shortener_with(|config| {
        config.auth = Auth::ApiKey;
        change(config);
    })
    .await
}

async fn shorten(client: &Client, authorization: Option<&str>) -> Reply {
    let mut headers = vec![("content-type", TEXT)];
    headers.extend(authorization.map(|value| ("authorization", value)));
    client.call("POST", "/", &headers, URL).await
}

async fn with_key(client: &Client, key: &str) -> Reply {
    shorten(client, Some(&format!("Bearer {key}"))).await
}

/// The item of a key, found by its public part.
fn item_of(stack: &Stack, key: &str) -> Value {
    let items = stack.scan(stack.keys_table()).expect("the table answers");
    let mut found = items.iter().filter(|item| key.contains(item["key_id"]["S"].as_str().expect("a name")));
    found.next().expect("the key is there").clone()
}

#[tokio::test]
async fn the_printed_key_opens_the_door_and_nothing_else_does() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let key = stack.api_key().expect("a key").to_owned();
    let reply = with_key(&client, &key).await;
    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text());
    let slug = reply.text().to_owned();
    assert_eq!(client.get(&format!("/{slug}")).await.status.as_u16(), 301);
    let long = format!("Bearer {key}{}", "0".repeat(6_000));
    for (authorization, challenge) in [
        (None, "Bearer"),
        (Some(""), "Bearer"),
        (Some("Bearer"), "Bearer"),
        (Some("Bearer secret"), "Bearer"),
        (Some("Basic bG9jYWw6bG9jYWw="), "Bearer"),
        (Some(key.as_str()), "Bearer"),
        (Some(long.as_str()), "Bearer"),
        (Some(&*format!("Bearer {UNKNOWN}")), "Bearer error=\"invalid_token\""),
    ] {
        let reply = shorten(&client, authorization).await;
        assert_eq!(reply.status.as_u16(), 401, "{authorization:?}");
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{authorization:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let lower = shorten(&client, Some(&format!("bEARER {key}"))).await;
    assert_eq!(lower.text(), slug, "the scheme is folded");
    stack.stop().await;
}

#[tokio::test]
async fn the_table_has_hash_and_day_of_use_and_not_the_key() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let key = stack.issue_key("ann", "create").await.expect("a key");
    let item = item_of(&stack, &key);
    assert_eq!(item["hash"]["S"].as_str().map(str::len), Some(64));
    assert_eq!(item["last_used_on"], Value::Null);
    assert_eq!(item["owner"]["S"], "ann");
    let secret = key.rsplit('_').next().expect("a secret");
    assert!(!item.to_string().contains(secret), "{item}");
    assert_eq!(with_key(&client, &key).await.status.as_u16(), 200);
    let used = item_of(&stack, &key)["last_used_on"]["N"].clone();
    let day: u64 = used.as_str().expect("a day").parse().expect("a number");
    assert_eq!(day % 86_400, 0, "{day}");
    let made = item["created_at"]["N"].as_str().expect("a time");
    assert!(made.parse::<u64>().expect("a number") >= day);
    stack.stop().await;
}

/// Sets an attribute of a key, as `infra keys create` would have.
pub(super) fn set_attribute(stack: &Stack, key: &str, name: &str, value: Value) {
    let mut item = item_of(stack, key);
    item[name] = value;
    stack.put_item(stack.keys_table(), &item).expect("the table takes it");
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let key = stack.issue_key("ann", "create").await.expect("a key");
    let end = jiff::Timestamp::now().as_second() + 3;
    set_attribute(&stack, &key, "expires_at", json!({ "N": end.to_string() }));
    assert_eq!(with_key(&client, &key).await.status.as_u16(), 200);
    // The record is remembered for ten seconds; its end is not.
    wait_until("the key is refused", async || with_key(&client, &key).await.status.as_u16() == 401).await;
    let late = jiff::Timestamp::now().as_second() - end;
    assert!((0..5).contains(&late), "{late} s after its end");
    let reply = with_key(&client, &key).await;
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    stack.stop().await;
}

#[tokio::test]
async fn a_key_has_a_rate() {
    let stack = keyed_stack_with(|config| {
        config.functions.get_mut("Writer").expect("a writer").concurrency = 1;
    })
    .await;
    let client = Client::of(&stack);
    let (slow, other) = (stack.issue_key("ann", "create").await, stack.issue_key("ann", "create").await);
    let (slow, other) = (slow.expect("a key"), other.expect("a key"));
    set_attribute(&stack, &slow, "rate", json!({ "N": "1" }));
    assert_eq!(with_key(&client, &slow).await.status.as_u16(), 200);
    let replies = join_all((0..20).map(|_| with_key(&client, &slow))).await;
    let refused = replies.iter().find(|reply| reply.status.as_u16() == 429).expect("too many requests");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let problem = refused.json();
    assert_eq!((&problem["type"], &problem["limit"]), (&json!("urn:kurz:problem:rate-limited"), &json!(1)));
    assert_eq!(with_key(&client, &other).await.status.as_u16(), 200, "another key of the same owner");
    wait_until("it may be used again", async || with_key(&client, &slow).await.status.as_u16() == 200).await;
    stack.stop().await;
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_ten_seconds_later() {
    let stack = keyed_stack().await;
    let client = Client::of(&stack);
    let key = stack.issue_key("ann", "create").await.expect("a key");
    assert_eq!(with_key(&client, &key).await.status.as_u16(), 200);
    stack.revoke_key(&key).await.expect("it is there");
    let revoked = Instant::now();
    // In constant use: being used must not prolong what is remembered.
    wait_until("the key is refused", async || with_key(&client, &key).await.status.as_u16() == 401).await;
    let took = revoked.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
    stack.stop().await;
}

#[tokio::test]
async fn a_table_of_keys_that_fails_is_not_the_callers_fault() {
    // It accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    for (variable, value) in [
        ("KEYS_TABLE", "nowhere"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &silent),
    ] {
        let stack = keyed_stack_with(|config| {
            let writer = config.functions.get_mut("Writer").expect("a writer");
            writer.env.insert(variable.to_owned(), value.to_owned());
        })
        .await;
        let client = Client::of(&stack);
        let key = stack.api_key().expect("a key").to_owned();
        let began = Instant::now();
        let reply = with_key(&client, &key).await;
        let took = began.elapsed();
        assert_eq!(reply.status.as_u16(), 503, "{variable}={value}");
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(!reply.text().contains("nowhere"), "{}", reply.text());
        assert!(took < PATIENCE / 2, "{took:?}");
        // What cannot be a key is refused without the table.
        assert_eq!(shorten(&client, None).await.status.as_u16(), 401);
        stack.stop().await;
    }
}

/// Keeps what the functions print.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn output(&self, _function: &str, line: &str) {
        self.0.lock().expect("a list").push(line.to_owned());
    }
}

#[tokio::test]
async fn no_log_line_has_a_key() {
    for table in ["keys", "nowhere"] {
        let log = Arc::new(Log::default());
        let observer = Arc::clone(&log);
        let stack = keyed_stack_with(|config| {
            config.observer = observer;
            let writer = config.functions.get_mut("Writer").expect("a writer");
            writer.env.insert("KEYS_TABLE".into(), table.to_owned());
        })
        .await;
        let client = Client::of(&stack);
        let key = stack.api_key().expect("a key").to_owned();
        let nearly = format!("{key}x");
        for key in [key.as_str(), &nearly, UNKNOWN] {
            with_key(&client, key).await;
        }
        // A line for each request, and one for each failure.
        let expected = if table == "keys" { 3 } else { 5 };
        let lines = || log.0.lock().expect("a list").clone();
        wait_until("all is logged", async || lines().len() >= expected).await;
        let secrets = [&key, UNKNOWN].map(|key| key.rsplit('_').next().unwrap_or_default());
        for line in lines() {
            assert!(!line.contains("kurz_"), "{line}");
            assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
            assert!(!line.to_ascii_lowercase().contains("bearer"), "{line}");
        }
        stack.stop().await;
    }
}
