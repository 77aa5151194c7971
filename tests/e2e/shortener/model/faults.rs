//! Faults: rules and nodes of the cluster, and processes that are killed.

use std::sync::Mutex;

use e2e::{Client, wait_until};
use local::{
    Stack,
    dax_server::{Cluster, FaultAction, FaultRule, Method},
};
use rand::{RngExt as _, rngs::SmallRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{driver::now, reference::Window};

/// Milliseconds after the end of a fault during which requests may still suffer from it, because connections are reopened.
const GRACE: i64 = 2_000;
/// Milliseconds after which a write without a response is over. No fault delays a write that long; the rest is for a busy
/// machine.
const LATE: i64 = 4_000;
/// The most steps that a fault lasts.
const MOST_STEPS: usize = 6;

/// Causes faults, and repairs them.
pub(super) struct Faults<'a> {
    stack: &'a Stack,
    admin_key: String,
    state: Mutex<Troubles>,
}

#[derive(Debug, Default)]
struct Troubles {
    stopped: Vec<usize>,
    frozen: Vec<usize>,
    /// The step at which the fault ends; `None` while there is none.
    until: Option<usize>,
    name: String,
    /// When the last fault ended, in milliseconds.
    ended: i64,
}

impl<'a> Faults<'a> {
    /// A link that is written to see whether writes succeed.
    const CANARY: &'static str = "canary";

    pub(super) async fn new(stack: &'a Stack) -> Self {
        let admin_key = stack.issue_key("canary", "admin").await.expect("a key");
        let faults = Self { stack, admin_key, state: Mutex::default() };
        let body = json!({ "url": "https://example.com/canary", "slug": Self::CANARY });
        assert_eq!(faults.send("POST", "/api/v1/links", &body.to_string()).await, 201);
        faults
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> u16 {
        let authorization = format!("Bearer {}", self.admin_key);
        let headers = [("authorization", &*authorization), ("content-type", "application/json")];
        let reply = Client::of(self.stack).call(method, path, &headers, body.to_owned()).await;
        reply.status.as_u16()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Troubles> {
        self.state.lock().expect("a lock")
    }

    /// Whether a fault may have affected a request that was sent at `start` and has just got its response.
    pub(super) fn disturb(&self, start: i64) -> bool {
        let state = self.state();
        state.until.is_some() || state.ended + GRACE >= start
    }

    /// The window of a request that was sent at `start` and has just got its response.
    pub(super) fn window(&self, start: i64) -> Window {
        let state = self.state();
        let is_calm = state.until.is_none() && state.ended < start - LATE;
        let late_before = if is_calm { start - LATE } else { 0 };
        Window { start, end: now(), late_before }
    }

    /// The fault in force.
    pub(super) fn name(&self) -> String {
        self.state().name.clone()
    }

    /// Begins a fault, ends one, or does nothing.
    pub(super) async fn step(&self, dice: &mut SmallRng, step: usize) {
        let (until, begins) = (self.state().until, dice.random_bool(0.1));
        match until {
            Some(until) if until <= step => self.end().await,
            None if begins => self.begin(dice, step).await,
            _ => {}
        }
    }

    async fn begin(&self, dice: &mut SmallRng, step: usize) {
        self.state().until = Some(step + dice.random_range(1..=MOST_STEPS));
        let die = dice.random_range(0..14);
        let name = match self.stack.dax() {
            Some(cluster) if die < 12 => self.disturb_cluster(cluster, dice, die).await,
            _ => {
                // Rarely the redirector: its cache dies with it, so nothing could be stale any more.
                let is_writer = dice.random_bool(0.9);
                let function = if is_writer { "writer" } else { "redirector" };
                self.kill(dice, function);
                format!("a {function} was killed")
            }
        };
        self.state().name = name;
    }

    async fn disturb_cluster(&self, cluster: &Cluster, dice: &mut SmallRng, die: u32) -> String {
        let nodes = cluster.endpoints().len();
        let node = dice.random_range(0..nodes);
        let operations = [None, None, Some(Method::PutItem), Some(Method::UpdateItem), Some(Method::GetItem)];
        let error = |code: &str| FaultAction::Error { code: code.to_owned(), message: String::new(), codes: None };
        let action = match die {
            0 => FaultAction::Delay { milliseconds: 60 },
            1 => FaultAction::Delay { milliseconds: 900 },
            2 => FaultAction::Close,
            3..5 => FaultAction::Reset,
            5 => error("InternalServerError"),
            6 => error("ThrottlingException"),
            7 => FaultAction::StaleRead,
            8 => {
                let others: Vec<_> = if dice.random_bool(0.3) { (0..nodes).collect() } else { vec![node] };
                for node in &others {
                    cluster.stop_node(*node).await.expect("a node");
                }
                self.state().stopped.clone_from(&others);
                if others.len() < nodes && cluster.leader() == node {
                    cluster.move_leader((node + 1) % nodes).expect("a node");
                }
                return format!("nodes {others:?} are stopped");
            }
            9 => {
                cluster.freeze_node(node, true).expect("a node");
                self.state().frozen.push(node);
                return format!("node {node} is frozen");
            }
            10 => {
                cluster.move_leader(node).expect("a node");
                return format!("node {node} leads");
            }
            _ => {
                cluster.clear_caches();
                return "the nodes have forgotten everything".to_owned();
            }
        };
        let rule = FaultRule {
            node: dice.random_bool(0.5).then_some(node),
            operation: operations[dice.random_range(0..operations.len())],
            times: None,
            probability: Some(if dice.random_bool(0.5) { 1.0 } else { 0.5 }),
            action,
        };
        let name = format!("{rule:?}");
        cluster.add_fault(rule).expect("a rule");
        name
    }

    fn kill(&self, dice: &mut SmallRng, function: &str) {
        let pids = self.stack.function_stats(function).expect("a function").pids;
        let Some(pid) = pids.get(dice.random_range(0..pids.len().max(1))) else {
            return;
        };
        let pid = Pid::from_raw(i32::try_from(*pid).expect("a pid")).expect("a pid");
        // It may have exited since.
        let _ended = kill_process(pid, Signal::KILL);
    }

    /// Repairs everything, and waits until writes succeed.
    pub(super) async fn end(&self) {
        if self.state().until.is_none() {
            return;
        }
        let (stopped, frozen) = {
            let mut state = self.state();
            (std::mem::take(&mut state.stopped), std::mem::take(&mut state.frozen))
        };
        if let Some(cluster) = self.stack.dax() {
            cluster.clear_faults();
            for node in frozen {
                cluster.freeze_node(node, false).expect("a node");
            }
            for node in stopped {
                cluster.start_node(node).await.expect("a node");
            }
        }
        let mut notes = 0;
        wait_until("writes succeed again", async || {
            notes += 1;
            let body = json!({ "note": format!("{notes} at {}", now()) }).to_string();
            self.send("PATCH", &format!("/api/v1/links/{}", Self::CANARY), &body).await == 200
        })
        .await;
        let mut state = self.state();
        state.until = None;
        state.ended = now();
        state.name = format!("none any more since {}", state.ended);
    }
}
