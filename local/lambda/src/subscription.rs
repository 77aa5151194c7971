//! What carries the lines of a log to a stream or a function.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use loopback_guard::Stop;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::fault::Faults;
use crate::function::{Invocation, Pool};
use crate::logs::{Feed, Message};
use crate::stats::Counters;
use crate::stream::Stream;

/// Pauses before the second and the third attempt of an asynchronous invocation: minutes on Lambda.
///
/// Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation".
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];

/// Most asynchronous invocations at a time. Further messages wait as lines.
const MAX_INVOCATIONS: usize = 256;

/// Where the messages go.
#[derive(Debug)]
pub(crate) enum Target {
    Stream(Arc<Stream>),
    Function(Function),
}

/// A function that is invoked with each message.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) pool: Arc<Pool>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) counters: Arc<Counters>,
    /// Messages that are being processed.
    pub(crate) in_flight: Arc<AtomicU64>,
}

/// A subscription at work.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) feed: Arc<Feed>,
    pub(crate) target: Target,
    /// How long lines are collected.
    pub(crate) interval: Duration,
}

impl Subscription {
    /// Tries out its destination, as a new subscription does, carries lines until `stop`, and then those that are left.
    pub(crate) async fn run(self: Arc<Self>, mut stop: Stop) {
        let mut invocations = JoinSet::new();
        self.send(&Message::control(), &mut invocations).await;
        loop {
            let is_last = tokio::select! {
                biased;
                () = stop.stopped() => true,
                () = self.feed.filled() => false,
            };
            if !is_last {
                tokio::select! {
                    () = sleep(self.interval) => {}
                    () = stop.stopped() => {}
                }
            }
            for message in self.feed.take() {
                self.send(&message, &mut invocations).await;
                self.feed.sent(&message);
            }
            if is_last {
                break;
            }
        }
        while invocations.join_next().await.is_some() {}
    }

    async fn send(&self, message: &Message, invocations: &mut JoinSet<()>) {
        match &self.target {
            Target::Stream(stream) => drop(stream.put(&message.log_stream, message.data.clone())),
            Target::Function(function) => {
                while invocations.try_join_next().is_some() {}
                if invocations.len() >= MAX_INVOCATIONS {
                    invocations.join_next().await;
                }
                function.in_flight.fetch_add(1, Ordering::AcqRel);
                invocations.spawn(function.clone().process(event(message)));
            }
        }
    }

    /// Lines and messages that wait or are being processed, apart from those in a stream.
    pub(crate) fn waiting(&self) -> u64 {
        let in_flight = match &self.target {
            Target::Stream(_) => 0,
            Target::Function(function) => function.in_flight.load(Ordering::Acquire),
        };
        self.feed.len() as u64 + in_flight
    }
}

impl Function {
    /// Invokes the function until it succeeds, three times at most.
    async fn process(self, payload: Bytes) {
        let mut pauses = PAUSES.into_iter();
        let mut is_done = self.attempt(&payload).await;
        while let (false, Some(pause)) = (is_done, pauses.next()) {
            sleep(pause).await;
            is_done = self.attempt(&payload).await;
        }
        if !is_done {
            self.counters.gave_up();
        }
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    async fn attempt(&self, payload: &Bytes) -> bool {
        let effects = self.faults.draw(self.pool.name());
        sleep(effects.delay).await;
        let is_done = self.invoke(payload, effects.kill_after).await;
        if is_done && effects.twice {
            self.invoke(payload, None).await;
        }
        is_done
    }

    async fn invoke(&self, payload: &Bytes, kill_after: Option<Duration>) -> bool {
        let invoked = self.pool.invoke(Invocation::of_service(payload.clone(), kill_after)).await;
        let is_done = invoked.is_ok_and(|completed| completed.outcome.is_ok());
        self.counters.count(is_done);
        is_done
    }
}

/// The event of a message.
fn event(message: &Message) -> Bytes {
    json!({ "awslogs": { "data": STANDARD.encode(&message.data) } }).to_string().into()
}
