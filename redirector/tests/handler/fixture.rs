//! A redirector over a store that counts its reads, and with a clock that stands still.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_runtime::{Context, LambdaEvent};
use links::{Found, Freshness, Link, LinkReader, Slug, Source, StoreError, TargetRules, TargetUrl, Timestamp};
use redirector::{Config, Event, Redirector, Salts};
use serde_json::{Value, json};

pub(crate) const START: u64 = 1_700_000_000;

/// Links in a map. Cached reads lag behind until [`Store::settle`].
#[derive(Default)]
pub(crate) struct Store {
    links: Mutex<HashMap<String, Link>>,
    replica: Mutex<HashMap<String, Link>>,
    reads: AtomicU64,
    pub(crate) fails: Mutex<bool>,
    pub(crate) hangs: Mutex<bool>,
}

impl Store {
    fn put(&self, link: Link) {
        self.links.lock().unwrap().insert(link.slug.to_string(), link);
    }

    fn settle(&self) {
        *self.replica.lock().unwrap() = self.links.lock().unwrap().clone();
    }
}

impl LinkReader for &Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if *self.fails.lock().unwrap() {
            return Err(StoreError::Unavailable { operation: "GetItem", source: "down".into() });
        }
        if *self.hangs.lock().unwrap() {
            return std::future::pending().await;
        }
        let links = match freshness {
            Freshness::Cached => &self.replica,
            Freshness::Strong => &self.links,
        };
        Ok(Found { link: links.lock().unwrap().get(slug.as_str()).cloned(), source: Source::DynamoDb })
    }
}

thread_local! {
    static NOW: AtomicU64 = const { AtomicU64::new(START * 1_000) };
}

fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(NOW.with(|now| now.load(Ordering::Relaxed)))
}

pub(crate) fn pass(millis: u64) {
    NOW.with(|now| now.fetch_add(millis, Ordering::Relaxed));
}

/// A redirector and its store. Each test runs on its own thread and so has its own clock.
pub(crate) struct Fixture {
    pub(crate) store: &'static Store,
    redirector: Redirector<&'static Store>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let config = Config::from_vars(|name| {
            let set = variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            set.or_else(|| Some("x".to_owned()).filter(|_| name.starts_with("AWS_") || name == "DDB_TABLE"))
                .or_else(|| Some("error".to_owned()).filter(|_| name == "LOG_LEVEL"))
        });
        let store: &'static Store = Box::leak(Box::default());
        Self { store, redirector: Redirector::new(store, Salts::default(), &config.unwrap(), clock) }
    }

    pub(crate) fn put(&self, slug: &str, change: impl FnOnce(&mut Link)) {
        self.put_unsettled(slug, change);
        self.store.settle();
    }

    pub(crate) fn put_unsettled(&self, slug: &str, change: impl FnOnce(&mut Link)) {
        let target = TargetUrl::parse("https://example.com/there", &TargetRules::default()).unwrap();
        let mut link = Link::new(slug.parse().unwrap(), &target, "ann", Timestamp::from_unix_seconds(START));
        change(&mut link);
        self.store.put(link);
    }

    pub(crate) async fn request(&self, event: Value) -> Value {
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let mut context = Context::default();
        context.request_id = "id-1".to_owned();
        let response = self.redirector.handle(LambdaEvent::new(event, context)).await.unwrap();
        serde_json::to_value(response).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.request(event("GET", path)).await
    }

    pub(crate) async fn status(&self, path: &str) -> u64 {
        self.get(path).await["statusCode"].as_u64().unwrap()
    }

    pub(crate) fn reads(&self) -> u64 {
        self.store.reads.swap(0, Ordering::Relaxed)
    }
}

pub(crate) fn event(method: &str, path: &str) -> Value {
    json!({ "rawPath": format!("/{path}"), "pathParameters": { "id": path },
        "requestContext": { "http": { "method": method } } })
}
