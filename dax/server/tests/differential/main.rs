//! A DAX client in front of the DAX cluster does what the AWS SDK does on DynamoDB itself.
//!
//! There are two equal databases: one behind the cluster, one reached directly. Both get the same random requests in the
//! same order. Responses, errors and, in the end, the tables must agree. A request goes through DAX either by the client
//! itself, by the SDK client that it makes (drop-in mode), or by the SDK and the bridge; a read can be repeated, so it goes
//! two ways.
//!
//! `TEST_SEED` chooses the requests, `TEST_STEPS` sets how many there are. [`order`] says
//! which of several mistakes each side names.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its seed"
)]

mod found;
mod generate;
mod order;
mod outcome;
mod send;
mod sides;
mod tables;

use std::collections::BTreeMap;

use generate::{Dice, Request};
use sides::{Sides, Way};

const REQUESTS: u64 = 3000;
/// The test stops after this many differences: by then the tables differ.
const ENOUGH: usize = 3;
/// The share of requests of each operation that must succeed; otherwise the test would mostly compare errors.
const SUCCEEDING_PERCENT: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dax_answers_as_dynamodb_does() {
    let seed = variable("TEST_SEED").unwrap_or(1);
    let requests = variable("TEST_STEPS").unwrap_or(REQUESTS);
    println!("TEST_SEED={seed} TEST_STEPS={requests}");
    let mut dice = Dice::new(seed);
    let sides = Sides::start(seed).await;
    let mut tally = Tally::default();
    for number in 0..requests {
        let request = Request::generate(&mut dice);
        let expected = sides.ask(Way::Direct, &request).await;
        tally.count(request.operation, outcome::succeeded(&expected));
        for way in Way::through_dax(&request, &mut dice) {
            let answer = sides.ask(way, &request).await;
            tally.compared += 1;
            if !order::agree(&request, &answer, &expected) {
                let input = &request.input;
                tally.differences.push(format!(
                    "request {number}, {way:?}: {} {input}\n     DAX: {answer}\nDynamoDB: {expected}",
                    request.operation
                ));
            }
        }
        if tally.differences.len() >= ENOUGH {
            break;
        }
    }
    if tally.differences.is_empty() {
        for table in &tables::TABLES {
            let [behind, direct] = sides.contents(table.name).await;
            if behind != direct {
                tally.differences.push(format!("table {}\n     DAX: {behind}\nDynamoDB: {direct}", table.name));
            }
        }
    }
    tally.report(seed, requests);
}

/// How many requests there were, and the differences.
#[derive(Default)]
struct Tally {
    compared: u64,
    /// By operation: how many requests, and how many of them succeeded.
    operations: BTreeMap<&'static str, (u64, u64)>,
    differences: Vec<String>,
}

impl Tally {
    fn count(&mut self, operation: &'static str, succeeded: bool) {
        let (all, good) = self.operations.entry(operation).or_default();
        *all += 1;
        *good += u64::from(succeeded);
    }

    fn report(&self, seed: u64, requests: u64) {
        println!(
            "{} answers compared; requests of each operation and how many succeeded: {:?}",
            self.compared, self.operations
        );
        assert!(self.differences.is_empty(), "seed {seed}:\n{}", self.differences.join("\n"));
        if requests < REQUESTS {
            return; // Too few to judge the mix.
        }
        assert_eq!(self.operations.len(), 10, "all operations, seed {seed}");
        for (operation, (all, good)) in &self.operations {
            assert!(good * 100 >= all * SUCCEEDING_PERCENT, "{operation}: only {good} of {all} succeeded, seed {seed}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no main to read its settings in")]
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}
