//! The counters, and the names of spans, events and fields that the README promises.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dax_client::{CallOutcome, CallReport, Circuit, Client, Fallback, OperationCounters, Refresh};
use dax_protocol::Method;
use dax_protocol::Role;
use support::{Act, Down, World, address, get, put, read, wire};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Held by each test here. A call site that one thread is registering while another installs its recorder can miss it
/// for good: tracing computes a site's interest before it lists the site.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(start_paused = true)]
async fn counters_tell_what_happened() {
    let _alone = ALONE.lock().await;
    let world = World::new(1);
    let client = Client::connect(world.config().refresh(Refresh::OnUse(Duration::from_secs(3600)))).await.unwrap();
    world.script(|exchange| match (exchange.method, exchange.seen) {
        (Method::GetItem, 0) => Act::CutAfter(1),
        (Method::PutItem, 0) => Act::Say(wire::error(&[4, 37, 38, 39, 43], "The conditional request failed")),
        (Method::GetItem, 2) => Act::Slow(Duration::from_secs(1)),
        _ => Act::Slow(Duration::from_millis(3)),
    });
    read(&client, "cut, then answered").await.unwrap();
    client.put_item(put("refused")).await.unwrap_err();
    let cancelled = tokio::time::timeout(Duration::from_millis(100), client.get_item(get("cancelled"))).await;
    assert!(cancelled.is_err());
    read(&client, "after").await.unwrap();

    let stats = client.stats();
    let node = &stats.nodes[0];
    assert_eq!((node.address, node.role, node.availability_zone.as_str()), (address(1), Role::Leader, "zone-a"));
    assert!(node.routed);
    assert_eq!((node.requests, node.io_errors, node.service_errors), (5, 1, 1));
    assert_eq!((node.retries, node.cancelled), (1, 1));
    assert_eq!((node.connects, node.connect_failures), (3, 0));
    assert_eq!((node.open_connections, node.idle_connections), (1, 1));
    assert_eq!(node.latency.count, 2);
    assert!(node.latency.mean() >= Duration::from_millis(3), "{:?}", node.latency);
}

#[tokio::test(start_paused = true)]
async fn spans_and_events_have_their_documented_names() {
    let _alone = ALONE.lock().await;
    let recorder = Recorder::default();
    let _recording = tracing::subscriber::set_default(recorder.clone());
    let world = World::new(2);
    let config = world.config().evict_after_errors(1);
    let client = Client::connect(config).await.unwrap();
    support::settle().await;
    world.set_down(1, Down::Refuses);
    world.close_idle(1);
    support::settle().await;
    client.put_item(put("k")).await.unwrap();
    world.set_down(1, Down::Up);
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.become_cluster(&[1]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.set_down(1, Down::Refuses);
    world.close_idle(1);
    tokio::time::sleep(Duration::from_secs(10)).await;

    for (message, fields) in [
        ("DAX attempt failed", &["dax.attempt", "dax.node", "error", "retry"][..]),
        ("cannot connect to DAX node", &["dax.node", "error"]),
        ("DAX node joined the cluster", &["dax.node", "dax.role", "dax.zone"]),
        ("DAX node evicted after repeated errors", &["dax.node", "error"]),
        ("DAX node is back", &["dax.node"]),
        ("DAX node left the cluster", &["dax.node"]),
        ("cannot refresh the list of DAX nodes; the last one stays in use", &["error"]),
        ("no roster from this endpoint", &["dax.endpoint", "error"]),
    ] {
        let seen = recorder.fields(message);
        assert_eq!(seen.unwrap_or_else(|| panic!("no event {message:?}")), fields, "{message}");
    }
    client.put_item(put("k")).await.unwrap_err();
    let span = recorder.fields("dax.call").unwrap();
    assert_eq!(span, ["dax.attempts", "dax.node", "dax.operation", "dax.table", "error"]);
    assert_eq!(recorder.value("dax.call", "dax.table"), "\"things\"");
    assert_eq!(recorder.value("dax.call", "dax.node"), address(1).to_string());
    assert_eq!(recorder.value("dax.call", "error"), format!("cannot connect to {}: connection refused", address(1)));
    assert!(!recorder.text().contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn an_observer_learns_of_every_call() {
    let _alone = ALONE.lock().await;
    let world = World::new(1);
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let observer = move |call: &CallReport<'_>| {
        let outcome = match call.outcome {
            CallOutcome::Success => "ok".to_owned(),
            CallOutcome::Failure(error) => error.to_string(),
            CallOutcome::Cancelled => "cancelled".to_owned(),
            other => panic!("{other:?}"),
        };
        let node = call.node.map_or_else(|| "no node".to_owned(), |node| node.to_string());
        let line = format!("{} {:?} {:?} {}x {node}: {outcome}", call.method, call.tables, call.took, call.attempts);
        log.lock().unwrap().push(line);
    };
    let refresh = Refresh::OnUse(Duration::from_secs(3600));
    let client = Client::connect(world.config().refresh(refresh).observer(observer)).await.unwrap();
    world.script(|exchange| match (exchange.method, exchange.seen) {
        (Method::GetItem, 0) => Act::CutAfter(1),
        (Method::GetItem, 2) => Act::Hang,
        (Method::PutItem, _) => Act::Say(wire::error(&[4, 37, 38, 39, 43], "no")),
        _ => Act::Slow(Duration::from_millis(3)),
    });
    read(&client, "cut, then answered").await.unwrap();
    client.put_item(put("refused")).await.unwrap_err();
    let cancelled = tokio::time::timeout(Duration::from_millis(100), client.get_item(get("hangs"))).await;
    assert!(cancelled.is_err());
    let mut invalid = get("no table");
    invalid.table_name = None;
    client.get_item(invalid).await.unwrap_err();
    let node = address(1);
    let expected = [
        format!(r#"GetItem ["things"] 9ms 2x {node}: ok"#),
        format!(r#"PutItem ["things"] 3ms 1x {node}: PutItem: ConditionalCheckFailedException: no"#),
        format!(r#"GetItem ["things"] 100ms 1x {node}: cancelled"#),
    ];
    let seen = seen.lock().unwrap();
    assert_eq!(seen[..3], expected);
    assert!(seen[3].starts_with("GetItem [] 0ns 0x no node: GetItem: "), "{}", seen[3]);
}

#[tokio::test(start_paused = true)]
async fn counters_by_operation() {
    let _alone = ALONE.lock().await;
    let world = World::new(1);
    let counters = Arc::new(OperationCounters::default());
    let client = Client::connect(world.config().observer(Arc::clone(&counters))).await.unwrap();
    assert!(counters.snapshot().is_empty());
    world.script(|exchange| match (exchange.method, exchange.seen) {
        (Method::GetItem, 0) => Act::CutAfter(1),
        (Method::PutItem, _) => Act::Say(wire::error(&[4, 37, 38, 39, 43], "no")),
        _ => Act::Slow(Duration::from_millis(3)),
    });
    for key in ["a", "b"] {
        read(&client, key).await.unwrap();
    }
    client.put_item(put("refused")).await.unwrap_err();
    let stats = counters.snapshot();
    let told: Vec<_> = stats
        .iter()
        .map(|of| (of.method, of.succeeded, of.failed, of.cancelled, of.retries, of.latency.count))
        .collect();
    assert_eq!(told, [(Method::GetItem, 2, 0, 0, 1, 2), (Method::PutItem, 0, 1, 0, 0, 1)]);
    assert!(stats[0].latency.mean() >= Duration::from_millis(3));
}

#[tokio::test(start_paused = true)]
async fn the_circuit_tells_when_it_opens_and_closes() {
    let _alone = ALONE.lock().await;
    let recorder = Recorder::default();
    let _recording = tracing::subscriber::set_default(recorder.clone());
    let world = World::new(1);
    world.set_down(1, Down::Refuses);
    let fallback = Fallback::lazy(std::future::pending::<aws_sdk_dynamodb::Client>);
    let client = Client::connect(world.config().fallback(fallback)).await.unwrap();
    assert_eq!(recorder.fields("DAX does not answer; calls go to DynamoDB").unwrap(), ["error"]);
    let stats = client.stats().fallback.unwrap();
    assert_eq!((stats.circuit, stats.opened, stats.calls), (Circuit::Open, 1, 0));
    assert!(stats.cause.unwrap().starts_with("cannot connect to 10.0.0.1:8111: "));
    world.set_down(1, Down::Up);
    client.get_item(get("k")).await.unwrap_err();
    assert!(recorder.fields("dax.call").unwrap().contains(&"dax.fallback".to_owned()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    while client.get_item(get("k")).await.is_err() {}
    assert_eq!(recorder.fields("DAX answers again; calls go to the cluster").unwrap(), [""; 0]);
    let stats = client.stats().fallback.unwrap();
    assert_eq!((stats.circuit, stats.opened), (Circuit::Closed, 1));
    assert_eq!(stats.calls, stats.failures);
}

/// Keeps the first record of each name: its fields and their values.
#[derive(Clone, Default)]
struct Recorder(Arc<Records>);

#[derive(Default)]
struct Records {
    by_name: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    spans: AtomicU64,
}

impl Recorder {
    fn fields(&self, name: &str) -> Option<Vec<String>> {
        self.0.by_name.lock().unwrap().get(name).map(|fields| fields.keys().cloned().collect())
    }

    fn value(&self, name: &str, field: &str) -> String {
        self.0.by_name.lock().unwrap()[name][field].clone()
    }

    fn text(&self) -> String {
        format!("{:?}", self.0.by_name.lock().unwrap())
    }

    fn add(&self, name: String, fields: BTreeMap<String, String>) {
        self.0.by_name.lock().unwrap().entry(name).or_default().extend(fields);
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("dax_client")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.add(span.metadata().name().to_owned(), fields.0);
        Id::from_u64(self.0.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        // The crate has one span.
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.add("dax.call".to_owned(), fields.0);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.0.remove("message").unwrap();
        self.add(message, fields.0);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
