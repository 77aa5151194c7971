//! What a DAX cluster between the functions and the table must not change, and what happens when it fails.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use e2e::{Client, shortener_with, wait_until};
use local::{
    Config, Stack,
    dax_server::{Cluster, FaultAction, FaultRule, Method},
};
use tokio::time::{Instant, sleep};

use super::{item, put_item};

/// A process that has just answered 404 caches the absence for two seconds; the rest is for a busy machine.
const CREATE_BOUND: Duration = Duration::from_secs(4);

async fn stack_with_nodes(nodes: usize, change: impl FnOnce(&mut Config)) -> Stack {
    shortener_with(|config| {
        config.dax_nodes = nodes;
        change(config);
    })
    .await
}

fn set(config: &mut Config, function: &str, variable: &str, value: &str) {
    let function = config.functions.get_mut(function).expect("a function");
    function.env.insert(variable.to_owned(), value.to_owned());
}

fn cluster(stack: &Stack) -> &Cluster {
    stack.dax().expect("a cluster")
}

async fn create(client: Client, slug: &str) -> u16 {
    let body = serde_json::json!({ "url": format!("https://example.com/{slug}"), "slug": slug }).to_string();
    client.post("/api/v1/links", "application/json", body).await.status.as_u16()
}

async fn becomes(client: Client, slug: &str, status: u16, bound: Duration) {
    let start = Instant::now();
    let path = format!("/{slug}");
    wait_until("the change is seen", async || client.get(&path).await.status == status).await;
    assert!(start.elapsed() < bound, "{slug} took {:?}", start.elapsed());
}

#[tokio::test]
async fn a_link_is_there_though_a_node_remembers_its_absence() {
    let stack = stack_with_nodes(3, |config| {
        config.dax_replication_delay = Duration::from_secs(60);
    })
    .await;
    let client = Client::of(&stack);
    // The redirector reads where it has found the cluster, at the first node; the writer writes to the leader.
    cluster(&stack).move_leader(1).expect("a node");
    assert_eq!(client.get("/launch").await.status, 404);
    assert_eq!(create(client, "launch").await, 201);
    becomes(client, "launch", 301, CREATE_BOUND).await;
    stack.stop().await;
}

#[tokio::test]
async fn a_link_that_was_put_past_the_cluster_is_there_too() {
    let stack = stack_with_nodes(1, |_config| {}).await;
    let client = Client::of(&stack);
    assert_eq!(client.get("/launch").await.status, 404);
    // The cluster does not learn of this, so it caches the absence until its item TTL has passed.
    put_item(&stack, &item("launch", &[]));
    becomes(client, "launch", 301, CREATE_BOUND).await;
    stack.stop().await;
}

#[tokio::test]
async fn a_change_is_seen_when_both_caches_have_forgotten() {
    let stack = stack_with_nodes(3, |config| {
        config.dax_item_ttl = Duration::from_secs(2);
        config.dax_replication_delay = Duration::from_millis(200);
        set(config, "Redirector", "CACHE_TTL_SECONDS", "1");
    })
    .await;
    let client = Client::of(&stack);
    assert_eq!(create(client, "launch").await, 201);
    becomes(client, "launch", 301, CREATE_BOUND).await;
    let disabled = ("state", serde_json::json!({ "S": "disabled" }));
    put_item(&stack, &item("launch", &[disabled]));
    // One second in process, two in the cluster, and what a busy machine takes.
    becomes(client, "launch", 404, Duration::from_secs(6)).await;
    stack.stop().await;
}

#[tokio::test]
async fn without_dax_links_are_followed_but_not_made_and_all_recovers() {
    let stack = stack_with_nodes(2, |_config| {}).await;
    let client = Client::of(&stack);
    assert_eq!(create(client, "before").await, 201);
    for node in 0..2 {
        cluster(&stack).stop_node(node).await.expect("a node");
    }
    put_item(&stack, &item("meanwhile", &[]));
    for path in ["/before", "/meanwhile"] {
        for _ in 0..5 {
            assert_eq!(client.get(path).await.status, 301, "{path}");
        }
    }
    assert_eq!(client.get("/nothing").await.status, 404);
    let reply = client.post("/", "text/plain", "https://example.com/").await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, Some("1")));

    for node in 0..2 {
        cluster(&stack).start_node(node).await.expect("a node");
    }
    wait_until("links are made again", async || create(client, "after").await == 201).await;
    becomes(client, "after", 301, CREATE_BOUND).await;
    let asked = reads(&stack);
    wait_until("reads go through the cluster again", async || {
        client.get("/before").await;
        client.get(&format!("/new-{}", reads(&stack))).await;
        reads(&stack) > asked
    })
    .await;
    stack.stop().await;
}

/// `GetItem` calls that the nodes have seen.
fn reads(stack: &Stack) -> u64 {
    let cluster = cluster(stack);
    (0..cluster.endpoints().len())
        .map(|node| cluster.counters(node).expect("a node").requests)
        .filter_map(|requests| requests.get(&Method::GetItem).copied())
        .sum()
}

/// Callers that create and follow links until they are stopped.
struct Load {
    client: Client,
    stop: AtomicBool,
    /// Acknowledged links and where they lead.
    made: Mutex<HashMap<String, String>>,
    requests: AtomicU64,
    /// 5xx answers, and the longest time without any good answer.
    errors: AtomicU64,
    last_good: Mutex<Instant>,
    longest_gap: Mutex<Duration>,
}

impl Load {
    fn note(&self, status: u16) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status >= 500 {
            self.errors.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut last_good = self.last_good.lock().expect("a lock");
        let mut longest = self.longest_gap.lock().expect("a lock");
        *longest = (*longest).max(last_good.elapsed());
        *last_good = Instant::now();
    }

    async fn create(self: Arc<Self>, creator: usize) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let url = format!("https://example.com/{creator}/{number}");
            let reply = self.client.post("/", "text/plain", url.clone()).await;
            self.note(reply.status.as_u16());
            match reply.status.as_u16() {
                200 => {
                    let before = self.made.lock().expect("a lock").insert(reply.text().to_owned(), url.clone());
                    assert!(before.is_none(), "{} led to {before:?} and leads to {url}", reply.text());
                }
                500 | 503 => {}
                status => panic!("{status} {}", reply.text()),
            }
        }
    }

    async fn follow(self: Arc<Self>, follower: usize) {
        for number in follower.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let link = {
                let made = self.made.lock().expect("a lock");
                let link = made.iter().nth(number * 7 % made.len().max(1));
                link.map(|(slug, url)| (slug.clone(), url.clone()))
            };
            let Some((slug, url)) = link else {
                sleep(Duration::from_millis(5)).await;
                continue;
            };
            let reply = self.client.get(&format!("/{slug}")).await;
            self.note(reply.status.as_u16());
            match reply.status.as_u16() {
                301 => assert_eq!(reply.header("location"), Some(url.as_str()), "{slug}"),
                500 | 503 => {}
                status => panic!("{slug} is acknowledged and answered with {status}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_link_is_lost_while_nodes_fail() {
    let stack = stack_with_nodes(3, |config| {
        config.dax_replication_delay = Duration::from_millis(100);
    })
    .await;
    let load = Arc::new(Load {
        client: Client::of(&stack),
        stop: AtomicBool::new(false),
        made: Mutex::default(),
        requests: AtomicU64::new(0),
        errors: AtomicU64::new(0),
        last_good: Mutex::new(Instant::now()),
        longest_gap: Mutex::default(),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..4 {
        tasks.spawn(Arc::clone(&load).create(number));
        tasks.spawn(Arc::clone(&load).follow(number));
    }
    let cluster = cluster(&stack);
    let pause = || sleep(Duration::from_millis(700));
    pause().await;
    // The leader dies, another takes over, and the first comes back with cold caches.
    cluster.stop_node(0).await.expect("a node");
    cluster.move_leader(1).expect("a node");
    pause().await;
    cluster.start_node(0).await.expect("a node");
    pause().await;
    cluster.stop_node(2).await.expect("a node");
    pause().await;
    cluster.start_node(2).await.expect("a node");
    // One that takes requests and never answers.
    cluster.freeze_node(1, true).expect("a node");
    pause().await;
    cluster.freeze_node(1, false).expect("a node");
    let reset =
        FaultRule { node: None, operation: None, times: Some(40), probability: Some(0.5), action: FaultAction::Reset };
    cluster.add_fault(reset).expect("a rule");
    pause().await;
    cluster.clear_faults();
    pause().await;
    load.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no wrong answer");
    }

    let made = load.made.lock().expect("a lock").clone();
    println!(
        "{} requests, {} answered with 5xx, {} links made, longest time without a good answer {:?}",
        load.requests.load(Ordering::Relaxed),
        load.errors.load(Ordering::Relaxed),
        made.len(),
        load.longest_gap.lock().expect("a lock"),
    );
    assert!(made.len() > 20, "the creators created");
    for (slug, url) in &made {
        let reply = load.client.get(&format!("/{slug}")).await;
        assert_eq!((reply.status.as_u16(), reply.header("location")), (301, Some(url.as_str())), "{slug}");
    }
    assert!(*load.longest_gap.lock().expect("a lock") < Duration::from_secs(10));
    stack.stop().await;
}
