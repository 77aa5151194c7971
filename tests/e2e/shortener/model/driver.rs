//! Sends the requests one after the other, and reports differences.

use e2e::{Client, wait_until};

use super::{
    TARGETS,
    exchange::Exchange,
    faults::Faults,
    operations::{Operation, Request, dice, generate},
    reference::Model,
};

/// Milliseconds since the epoch, as the functions read them from the same clock.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

pub(super) struct Driver<'a> {
    pub(super) client: Client,
    pub(super) faults: &'a Faults<'a>,
    pub(super) model: Model,
    pub(super) seed: u64,
    /// Whether this driver causes the faults.
    pub(super) is_disturber: bool,
    /// Responses of unknown outcome, and those of them that no fault explains.
    pub(super) unknown: usize,
    pub(super) unexpected: usize,
}

impl Driver<'_> {
    /// Sends that many requests.
    pub(super) async fn run(&mut self, steps: usize) {
        for step in 0..steps {
            let mut dice = dice(self.seed, step);
            if self.is_disturber {
                self.faults.step(&mut dice, step).await;
            }
            let is_disturbed = self.faults.disturb(now());
            let request = generate(&mut dice, &self.model, now() / 1_000, is_disturbed);
            self.check(step, &request).await;
        }
        if self.is_disturber {
            self.faults.end().await;
        }
    }

    /// Follows some links, so that they are in caches, and changes their targets.
    pub(super) async fn close(&mut self, step: usize) {
        let caller = self.model.admin();
        let slugs: Vec<String> = self.model.touched.iter().rev().take(8).cloned().collect();
        for slug in slugs {
            self.look(step, &slug).await;
            let body = [("url".to_owned(), format!("{TARGETS}closing").into())];
            let operation = Operation::Patch { slug, body: body.into_iter().collect(), if_match: None };
            self.check(step, &Request { caller, operation }).await;
        }
    }

    /// Waits until every write of unknown outcome is decided and every redirector must serve the newest version.
    pub(super) async fn settle(&mut self, steps: usize) {
        wait_until("all is quiet", async || {
            for caller in 0..self.model.callers.len() {
                let operation = Operation::List { limit: 100, pages: usize::MAX };
                self.check(steps, &Request { caller, operation }).await;
            }
            let restless: Vec<String> = self
                .model
                .slots
                .iter()
                .filter(|(_, slot)| !slot.is_settled(now()))
                .map(|(slug, _)| slug.clone())
                .collect();
            for slug in &restless {
                self.look(steps, slug).await;
            }
            restless.is_empty()
        })
        .await;
        let slugs: Vec<String> = self.model.slots.keys().cloned().collect();
        for slug in slugs {
            self.look(steps, &slug).await;
        }
    }

    async fn look(&mut self, step: usize, slug: &str) {
        let caller = self.model.admin();
        let (get, follow) = (slug.to_owned(), slug.to_owned());
        self.check(step, &Request { caller, operation: Operation::Get { slug: get } }).await;
        let operation = Operation::Follow { slug: follow, query: "" };
        self.check(step, &Request { caller, operation }).await;
    }

    /// Sends a request and compares the response with the reference.
    async fn check(&mut self, step: usize, request: &Request) {
        let (start, fault) = (now(), self.faults.name());
        let mut exchange = Exchange { driver: self, caller: request.caller, slugs: Vec::new(), seen: String::new() };
        let result = exchange.perform(&request.operation).await;
        let Exchange { slugs, seen, .. } = exchange;
        let line = format!("step {step} at {start}: caller {}, {:?} -> {seen}", request.caller, request.operation);
        if let Err(difference) = result {
            let logs: Vec<_> = slugs
                .iter()
                .filter_map(|slug| Some(format!("{slug}:\n  {}", self.model.slots.get(slug)?.log().join("\n  "))))
                .collect();
            panic!(
                "seed {} ({}): {line}\n{difference}\nfault: {fault}\n{}",
                self.seed,
                self.model.name,
                logs.join("\n")
            );
        }
        for slug in slugs {
            self.model.slot(&slug).note(line.clone());
        }
    }
}
