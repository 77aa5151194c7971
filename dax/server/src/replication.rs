//! How writes reach the caches of the other nodes.
//!
//! Whichever node a write is sent to, it goes through the leader's cache; the others learn of it later, in the
//! leader's order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    cache::{ItemKey, Outcome, WriteTicket},
    node::Node,
};

/// Most updates on their way. Beyond that the oldest arrive early.
const MAX_QUEUED: usize = 100_000;

/// Updates on their way to the other nodes.
#[derive(Debug)]
pub(crate) struct Replication {
    delay: Mutex<Duration>,
    queue: Mutex<VecDeque<Update>>,
    added: Notify,
}

#[derive(Debug)]
struct Update {
    due: Instant,
    /// The node that knows already.
    origin: usize,
    key: ItemKey,
    outcome: Outcome,
}

impl Replication {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { delay: Mutex::new(delay), queue: Mutex::default(), added: Notify::new() }
    }

    /// Changes the delay for writes from now on. Updates never overtake each other.
    pub(crate) fn set_delay(&self, delay: Duration) {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    pub(crate) fn delay(&self) -> Duration {
        *self.delay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a write and sends it on. Both under one lock: the other nodes hear of writes in the leader's order.
    pub(crate) fn finish(&self, origin: usize, ticket: WriteTicket, outcome: Outcome, nodes: &[Arc<Node>]) {
        let mut queue = self.lock();
        let (key, outcome) = ticket.finish(outcome);
        if nodes.len() < 2 || matches!(outcome, Outcome::Unchanged) {
            return;
        }
        let delay = self.delay();
        let update = Update { due: Instant::now() + delay, origin, key, outcome };
        if delay.is_zero() && queue.is_empty() {
            update.deliver(nodes);
            return;
        }
        if queue.len() >= MAX_QUEUED
            && let Some(oldest) = queue.pop_front()
        {
            oldest.deliver(nodes);
        }
        queue.push_back(update);
        self.added.notify_one();
    }

    /// Delivers updates when they are due, for as long as it is polled.
    pub(crate) async fn run(&self, nodes: &[Arc<Node>]) {
        loop {
            let next = self.lock().front().map(|update| update.due);
            match next {
                Some(due) => tokio::time::sleep_until(due).await,
                None => self.added.notified().await,
            }
            let mut queue = self.lock();
            while let Some(update) = queue.pop_front_if(|update| update.due <= Instant::now()) {
                update.deliver(nodes);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Update>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Update {
    fn deliver(&self, nodes: &[Arc<Node>]) {
        for node in nodes.iter().filter(|node| node.index != self.origin) {
            node.apply(&self.key, &self.outcome);
        }
    }
}
