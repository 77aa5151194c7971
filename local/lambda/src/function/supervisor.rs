//! The task that owns an environment's process, carries out orders, and cleans up after its end.

use std::sync::Arc;
use std::time::Duration;

use loopback_guard::Stop;
use rustix::process::Signal;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::process::{Exit, Process};
use super::stats::Counters;
use crate::runtime_api::RuntimeApi;

/// Time for the last lines of an ended process to arrive: grandchildren may hold its pipes open.
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

/// What the supervisor does to its process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Order {
    Run,
    Freeze,
    Kill,
}

/// Everything that ends with a process.
pub(super) struct Supervisor {
    pub(super) process: Process,
    /// The readers of its output.
    pub(super) output: JoinSet<()>,
    pub(super) api: Arc<RuntimeApi>,
    /// Stops the server of its Runtime API when dropped.
    pub(super) stop_server: watch::Sender<bool>,
    pub(super) counters: Arc<Counters>,
}

impl Supervisor {
    /// Runs until the process has ended, then publishes how in `exited`.
    pub(super) async fn run(mut self, orders: watch::Receiver<Order>, stop: Stop, exited: watch::Sender<Option<Exit>>) {
        let pid = self.process.pid();
        let status = self.obey(orders, stop).await;
        // A reader that panicked has lost lines, nothing else.
        let drained = async { while self.output.join_next().await.is_some() {} };
        let _ = timeout(OUTPUT_GRACE, drained).await;
        self.output.detach_all();
        self.api.close();
        drop(self.stop_server);
        self.counters.ended(pid);
        exited.send_replace(Some(status));
    }

    /// Carries out orders until the process has ended. The stop of the pool is an order to kill, too.
    async fn obey(&mut self, mut orders: watch::Receiver<Order>, mut stop: Stop) -> Exit {
        loop {
            let order = tokio::select! {
                status = self.process.wait() => return status,
                () = stop.stopped() => Order::Kill,
                changed = orders.changed() => match changed {
                    Ok(()) => *orders.borrow_and_update(),
                    Err(_) => Order::Kill,
                },
            };
            match order {
                Order::Run => self.process.signal(Signal::CONT),
                Order::Freeze => self.process.signal(Signal::STOP),
                Order::Kill => {
                    self.process.signal(Signal::KILL);
                    return self.process.wait().await;
                }
            }
        }
    }
}
