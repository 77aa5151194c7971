//! What is acknowledged is in the table, whatever happens to the cluster meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use e2e::{Client, Reply, shortener_with};
use local::{
    Stack,
    dax_server::{FaultAction, FaultRule, Method},
};
use serde_json::{Value, json};

use crate::shortener::{
    api::caller::{JSON, LINKS},
    get_item,
};

const EDITORS: usize = 4;

/// Owners who make, change and delete their own links until they are stopped.
#[derive(Debug)]
struct Load {
    stack: Stack,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

impl Load {
    fn answered(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed) + self.refused.load(Ordering::Relaxed)
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Option<Reply> {
        let client = Client::of(&self.stack);
        let headers = [("content-type", JSON)];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = client.call(method, path, &headers, body).await;
        match reply.status.as_u16() {
            200 | 201 | 204 => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(reply)
            }
            // Its outcome is unknown, so nothing is promised.
            500 | 503 => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                None
            }
            status => panic!("{method} {path} {status} {}", reply.text()),
        }
    }

    /// The links are this owner's alone, so that the table holds exactly what was acknowledged last.
    async fn edit(self: Arc<Self>, editor: usize) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let slug = format!("link-{editor}-{number}");
            let url = format!("https://example.com/{slug}");
            let wish = json!({ "url": url, "slug": slug });
            if self.call("POST", LINKS, wish).await.is_none() {
                continue;
            }
            assert_eq!(get_item(&self.stack, &slug)["target"]["S"], url, "{slug} was made");
            let path = format!("{LINKS}/{slug}");
            for change in 0..3 {
                let url = format!("{url}/{change}");
                let Some(reply) = self.call("PATCH", &path, json!({ "url": url })).await else {
                    continue;
                };
                let item = get_item(&self.stack, &slug);
                assert_eq!(item["target"]["S"], url, "{slug} was changed");
                assert_eq!(item["version"]["N"], reply.json()["version"].to_string());
            }
            if self.call("DELETE", &path, Value::Null).await.is_some() {
                assert_eq!(get_item(&self.stack, &slug)["state"]["S"], "deleted", "{slug}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_in_the_table() {
    let stack = shortener_with(|config| {
        config.dax_nodes = 3;
        config.dax_replication_delay = Duration::from_millis(100);
        let writer = config.functions.get_mut("Writer").expect("a writer");
        // What is delayed below is given up sooner than that.
        writer.env.insert("DAX_TIMEOUT_MS".to_owned(), "200".to_owned());
    })
    .await;
    let load = Arc::new(Load {
        stack,
        stop: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let mut editors = tokio::task::JoinSet::new();
    for editor in 0..EDITORS {
        editors.spawn(Arc::clone(&load).edit(editor));
    }
    let cluster = load.stack.dax().expect("a cluster");
    // Long enough for every editor to have met what has just been done.
    let pause = async || {
        let enough = load.answered() + 30;
        e2e::wait_until("the editors go on", async || load.answered() >= enough).await;
    };
    pause().await;
    let throttled = FaultAction::Error { code: "ThrottlingException".to_owned(), message: String::new(), codes: None };
    // Not carried out, carried out with the answer lost, refused, and carried out after the client has given up.
    for action in [FaultAction::Close, FaultAction::Reset, throttled, FaultAction::Delay { milliseconds: 300 }] {
        for operation in [Method::PutItem, Method::UpdateItem] {
            let mut rule = FaultRule::new(action.clone());
            rule.operation = Some(operation);
            rule.probability = Some(0.5);
            cluster.add_fault(rule).expect("a rule");
        }
        pause().await;
        cluster.clear_faults();
    }
    cluster.stop_node(0).await.expect("a node");
    cluster.move_leader(1).expect("a node");
    pause().await;
    cluster.start_node(0).await.expect("a node");
    cluster.freeze_node(1, true).expect("a node");
    pause().await;
    cluster.freeze_node(1, false).expect("a node");
    let before = load.acknowledged.load(Ordering::Relaxed);
    e2e::wait_until("all goes well again", async || load.acknowledged.load(Ordering::Relaxed) > before + 5).await;
    load.stop.store(true, Ordering::Relaxed);
    editors.join_all().await;
    let acknowledged = load.acknowledged.load(Ordering::Relaxed);
    let refused = load.refused.load(Ordering::Relaxed);
    println!("{acknowledged} acknowledged, {refused} refused");
    assert!(acknowledged > 50, "the editors did their work");
    let load = Arc::into_inner(load).expect("nobody else has it");
    load.stack.stop().await;
}
