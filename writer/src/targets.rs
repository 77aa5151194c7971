//! Fuzz targets: see `fuzz/README.md`.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use dax_client::internals::codec::{read_value, write_value};
use dax_protocol::cbor::{Reader, Writer as CborWriter};
use jiff::civil::Date;
use lambda_runtime::{Context, LambdaEvent};
use links::{
    Change, ClickFolder, ClickReader, Found, Freshness, HostChange, HostRules, HostStore, HostsChanged, KeysError,
    Link, LinkLister, LinkReader, LinkWriter, Page, Position, Put, ScopeSet, Slug, Source, State, StoreError,
    TargetRules, TargetUrl, Timestamp, Whose,
    clicks::{DayCounts, Fold, Total},
    item,
};
use serde_json::{Map, Value, json};

use crate::{
    Auth, Config, Identity, Writer,
    http::{request::Request, response::Response},
    testing::{Memory, MemoryKeys, key},
};

#[test]
fn writer() {
    fuzz::run("writer", session_any);
}

#[test]
fn patch() {
    fuzz::run("patch", patch_any);
}

const NOW: u64 = 1_700_000_000;

/// One store for the writer and the redirector.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Memory>);

impl LinkReader for Shared {
    async fn read(&self, slug: &Slug, _freshness: Freshness) -> Result<Found, StoreError> {
        Ok(Found { link: self.0.link(slug.as_str()), source: Source::Dax })
    }
}

impl LinkWriter for Shared {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        self.0.create(link).await
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        self.0.update(before, after).await
    }
}

impl LinkLister for Shared {
    async fn list(&self, whose: Whose<'_>, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        self.0.list(whose, limit, after).await
    }
}

impl HostStore for Shared {
    async fn host_rules(&self) -> Result<HostRules, KeysError> {
        self.0.host_rules().await
    }

    async fn change_hosts(&self, change: &HostChange) -> Result<HostsChanged, KeysError> {
        self.0.change_hosts(change).await
    }
}

impl ClickReader for Shared {
    async fn days(&self, of: &str, first: Date, last: Date) -> Result<Vec<DayCounts>, StoreError> {
        self.0.days(of, first, last).await
    }

    async fn totals(&self, of: &[String]) -> Result<HashMap<String, Total>, StoreError> {
        self.0.totals(of).await
    }
}

impl ClickFolder for Shared {
    async fn fold(&self, of: &str, fold: &Fold) -> Result<Change, StoreError> {
        self.0.fold(of, fold).await
    }
}

/// A writer over an empty store, for the owners `ann` and `bob`.
struct Service {
    store: Shared,
    writer: Writer<Shared, &'static MemoryKeys>,
}

fn keys() -> &'static (MemoryKeys, [String; 2]) {
    static KEYS: OnceLock<(MemoryKeys, [String; 2])> = OnceLock::new();
    KEYS.get_or_init(|| {
        let [ann, bob] = [key(1, "ann", ScopeSet::OWNER), key(2, "bob", ScopeSet::OWNER)];
        let tokens = [ann.0.reveal().to_owned(), bob.0.reveal().to_owned()];
        (MemoryKeys::with([(ann.0.hash(), ann.1), (bob.0.hash(), bob.1)]), tokens)
    })
}

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

fn setting(name: &str) -> Option<String> {
    let value = match name {
        "WRITER_AUTH" => "API_KEY",
        "BASE_URL" => "https://s.ly",
        "SLUG_SCHEME" => "aws-sample",
        "CLICKS" => "stream",
        "CLICKS_TABLE" => "x",
        _ if name.starts_with("AWS_") || name == "DDB_TABLE" || name == "KEYS_TABLE" => "x",
        _ => return None,
    };
    Some(value.to_owned())
}

impl Service {
    fn new() -> Self {
        let store = Shared::default();
        let config = Config::from_vars(setting).unwrap();
        let identity = Identity::with_keys(&Auth::ApiKey { table: "x".into() }, |_| &keys().0);
        Self { writer: Writer::new(store.clone(), identity, config, clock), store }
    }

    fn call(&self, owner: usize, method: &str, path: &str, headers: Value, body: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut event = json!({ "rawPath": path, "rawQueryString": query, "headers": headers, "body": body,
            "isBase64Encoded": false, "requestContext": { "http": { "method": method }, "stage": "$default" } });
        event["headers"]["authorization"] = json!(format!("Bearer {}", keys().1[owner]));
        let Ok(event) = serde_json::from_value::<ApiGatewayV2httpRequest>(event) else {
            return (0, Value::Null);
        };
        let request = Request::new(event);
        let response = block_on(self.writer.respond(&request, "id")).response;
        let response = response.unwrap_or_else(|problem| Response::problem(&problem, "id"));
        let response = serde_json::to_value(ApiGatewayV2httpResponse::from(response)).unwrap();
        let status = u16::try_from(response["statusCode"].as_u64().unwrap()).unwrap();
        assert!(status < 500, "{method} {path}: {response}");
        let body = serde_json::from_str(response["body"].as_str().unwrap_or_default()).unwrap_or_default();
        if status >= 400 && method != "HEAD" {
            check_problem(status, &body);
        }
        (status, body)
    }

    fn links(&self) -> HashMap<String, Link> {
        self.store.0.links.lock().unwrap().clone()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

fn check_problem(status: u16, body: &Value) {
    assert_eq!(body["status"], status, "{body}");
    assert!(body["type"].as_str().is_some_and(|code| code.starts_with("urn:kurz:problem:")), "{body}");
    assert!(body["title"].is_string() && body["request_id"] == "id", "{body}");
}

/// Up to six requests, each up to a zero byte: a byte for the call, one for owner, form and key, and a text.
fn session_any(input: &[u8]) {
    let service = Service::new();
    let mut last = "abc".to_owned();
    for request in input.split(|byte| *byte == 0).take(6) {
        let [call, options, text @ ..] = request else {
            continue;
        };
        let text = String::from_utf8_lossy(text);
        let before = service.links();
        let (status, body) = send(&service, *call, *options, &text, &last);
        if let (200 | 201, Some(slug)) = (status, body["slug"].as_str()) {
            last = slug.to_owned();
        }
        check_links(&before, &service);
    }
}

fn send(service: &Service, call: u8, options: u8, text: &str, last: &str) -> (u16, Value) {
    let owner = usize::from(options & 1);
    let mut headers = Map::new();
    let media = ["text/plain", "application/x-www-form-urlencoded", "application/json"][usize::from(options >> 1) % 3];
    headers.insert("content-type".into(), json!(media));
    let link = format!("/api/v1/links/{last}");
    let (method, path) = match call % 10 {
        0 => ("POST", "/".to_owned()),
        1 => ("POST", "/api/v1/links".to_owned()),
        2 => ("PATCH", link),
        3 => ("DELETE", link),
        4 => ("POST", format!("{link}/restore")),
        5 => ("GET", link),
        6 => ("GET", format!("/api/v1/links?{text}")),
        7 => ("POST", "/api/v1/links:bulk".to_owned()),
        8 => ("GET", format!("{link}/qr?{text}")),
        _ => {
            let (method, path) = text.split_once(' ').unwrap_or(("GET", text));
            (method, path.to_owned())
        }
    };
    if !matches!(call % 10, 0) {
        headers.insert("content-type".into(), json!("application/json"));
    }
    if options & 16 != 0 {
        headers.insert("idempotency-key".into(), json!(format!("key-{}", options >> 5)));
    }
    service.call(owner, method, &path, Value::Object(headers), text)
}

/// What must hold between two requests, and of every stored link.
fn check_links(before: &HashMap<String, Link>, service: &Service) {
    let after = service.links();
    let mut keys = Vec::new();
    for (slug, link) in &after {
        assert_eq!(link.slug.as_str(), slug);
        if let Some(old) = before.get(slug) {
            assert!(link == old || link.version > old.version, "{old:?} became {link:?}");
            assert_eq!((&link.owner, link.created_at), (&old.owner, old.created_at), "{slug}");
        }
        keys.extend(link.idempotency.as_ref().map(|request| request.key_digest.clone()));
        if before.get(slug) != Some(link) {
            check_item(link);
            check_redirect(link, &service.store);
        }
    }
    assert!(before.keys().all(|slug| after.contains_key(slug)), "a link is gone");
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count, "one key made two links");
}

/// A link survives its item, and the item DAX.
fn check_item(link: &Link) {
    let stored = item::from_link(link);
    for value in stored.values() {
        let mut bytes = Vec::new();
        write_value(value, &mut CborWriter::new(&mut bytes)).unwrap();
        assert_eq!(&read_value(&mut Reader::whole(&bytes)).unwrap(), value);
    }
    assert_eq!(&item::to_link(stored).unwrap(), link);
}

/// The redirector goes exactly to the stored URL.
fn check_redirect(link: &Link, store: &Shared) {
    let config = redirector::Config::from_vars(|name| match name {
        "LOG_LEVEL" => Some("error".to_owned()),
        _ => setting(name),
    });
    let redirector = redirector::Redirector::new(store.clone(), redirector::Salts::default(), &config.unwrap(), clock);
    let event =
        json!({ "pathParameters": { "id": link.slug.as_str() }, "requestContext": { "http": { "method": "GET" } } });
    let event = LambdaEvent::new(serde_json::from_str(&event.to_string()).unwrap(), Context::default());
    let response = serde_json::to_value(block_on(redirector.handle(event)).unwrap()).unwrap();
    let now = Timestamp::from_unix_seconds(NOW);
    let location = response["headers"]["location"].as_str();
    if link.state == State::Active && !link.is_expired(now) && !link.is_early(now) {
        assert_eq!(location, Some(link.target.as_str()));
    } else {
        let over = link.expired_url.as_ref().map(|url| url.as_str());
        assert!(location.is_none() || location == over, "{location:?} of {link:?}");
    }
}

/// A merge patch: twice is once, and the order of its members does not matter.
fn patch_any(input: &[u8]) {
    let Ok(Value::Object(members)) = serde_json::from_slice(input) else {
        return;
    };
    let forth: Vec<_> = members.iter().collect();
    let back: Vec<_> = members.iter().rev().collect();
    let (service, status, once) = patched(&object(&forth));
    let (other, other_status, reversed) = patched(&object(&back));
    assert_eq!((other_status, unstamped(&reversed)), (status, unstamped(&once)));
    drop(other);
    if status != 200 {
        assert_eq!(once, fixture());
        return;
    }
    assert_eq!(patch_once(&service, &object(&forth)), 200);
    let twice = service.links().remove("abc").unwrap();
    assert_eq!(unstamped(&twice), unstamped(&once));
    check_item(&twice);
}

fn object(members: &[(&String, &Value)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn fixture() -> Link {
    let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
    let link = Link::new("abc".parse().unwrap(), &target, "ann", Timestamp::from_unix_seconds(NOW));
    Link { note: Some("note".into()), tags: vec!["tag".into()], cache_seconds: Some(60), ..link }
}

fn patched(body: &str) -> (Service, u16, Link) {
    let service = Service::new();
    service.store.0.insert(fixture());
    let status = patch_once(&service, body);
    let link = service.links().remove("abc").unwrap();
    (service, status, link)
}

fn patch_once(service: &Service, body: &str) -> u16 {
    service.call(0, "PATCH", "/api/v1/links/abc", json!({ "content-type": "application/json" }), body).0
}

/// What a patch decides of a link.
fn unstamped(link: &Link) -> Link {
    Link { version: 0, stamp: None, updated_at: None, ..link.clone() }
}
