//! Each click counts exactly once, whatever happens on the way.
//!
//! The handler counts the records of a stream in an embedded DynamoDB. Batches are cut at random, invocations die in the middle
//! and their requests arrive later in any order, answers get lost, the table is throttled, checkpoints go back, a shard
//! splits, and in one run of four, two items are full. In the end every counter is compared with what was in the stream.
//!
//! `TEST_SEED` chooses what happens. Two wrong conditions show that the test would notice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod archive;
mod direct;
mod salts;
mod stream;
mod table;
mod truth;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use clicks::{Archive, Clicks, Config, Input, Tables};
use fastrand::Rng;
use lambda_runtime::{Context, LambdaEvent};

use self::{
    stream::{Shard, Stream},
    table::{Rule, Table},
    truth::Truth,
};

/// Seeds of `cargo test`.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// 2026-11-27T02:00:00Z, shortly after the last click.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_744_800)
}

/// How often what happened.
#[derive(Debug, Default)]
struct Events {
    batches: u64,
    crashes: u64,
    failures: u64,
    rewinds: u64,
    late: u64,
}

/// A stream that is being counted.
struct Run {
    rng: Rng,
    table: Arc<Table>,
    clicks: Clicks,
    events: Events,
}

impl Run {
    fn new(seed: u64, rule: Rule, stream: &Stream) -> Self {
        let table = Table::new(seed, rule, &stream.owners(), stream.has_full_items);
        Self { rng: Rng::with_seed(seed), clicks: function(&table), table, events: Events::default() }
    }

    /// Counts the whole stream.
    async fn count(&mut self, stream: &Stream) {
        let mut positions = vec![0; stream.shards.len()];
        while let Some(number) = self.next_shard(&stream.shards, &positions) {
            self.late_requests();
            let shard = &stream.shards[number];
            let end = (positions[number] + self.rng.usize(1..=12)).min(shard.records.len());
            if self.invoke(shard, positions[number]..end).await {
                positions[number] = end;
                // The poller has lost its last checkpoints.
                if end < shard.records.len() && self.rng.u8(..) < 26 {
                    self.events.rewinds += 1;
                    positions[number] = end.saturating_sub(self.rng.usize(1..=15));
                }
            }
        }
        while self.table.late_request(0) {
            self.events.late += 1;
        }
    }

    /// A shard that is not finished and whose parent is.
    fn next_shard(&mut self, shards: &[Shard], positions: &[usize]) -> Option<usize> {
        let is_finished = |number: usize| positions[number] == shards[number].records.len();
        let ready = |number: &usize| !is_finished(*number) && shards[*number].parent.is_none_or(is_finished);
        let ready: Vec<usize> = (0..shards.len()).filter(ready).collect();
        self.rng.choice(ready)
    }

    /// Requests of dead invocations arrive.
    fn late_requests(&mut self) {
        while self.rng.u8(..) < 179 && self.table.late_request(self.rng.usize(..)) {
            self.events.late += 1;
        }
    }

    /// Whether the invocation succeeded.
    async fn invoke(&mut self, shard: &Shard, records: std::ops::Range<usize>) -> bool {
        self.events.batches += 1;
        let dies = self.rng.u8(..) < 90;
        self.table.begin(dies.then(|| self.rng.usize(0..40)), self.rng.u8(..) < 5);
        let outcome = tokio::select! {
            outcome = handle(&self.clicks, shard.event(&shard.records[records])) => Some(outcome),
            () = self.table.death() => None,
        };
        match outcome {
            Some(Ok(())) => true,
            Some(Err(_)) => {
                self.events.failures += 1;
                false
            }
            None => {
                self.events.crashes += 1;
                // The next invocation has a process that knows nothing.
                self.clicks = function(&self.table);
                false
            }
        }
    }
}

/// Invokes the function with two minutes of time.
async fn handle(clicks: &Clicks, event: serde_json::Value) -> Result<(), lambda_runtime::Error> {
    let input: Input = serde_json::from_value(event).unwrap();
    let mut context = Context::default();
    let deadline = now() + Duration::from_secs(120);
    context.deadline = u64::try_from(deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    clicks.handle(LambdaEvent::new(input, context)).await
}

fn function(table: &Arc<Table>) -> Clicks {
    function_with(table, None)
}

fn function_with(table: &Arc<Table>, archive: Option<Archive>) -> Clicks {
    let variables = [
        ("DDB_TABLE", table::LINKS),
        ("CLICKS", "stream"),
        ("CLICKS_TABLE", table::COUNTS),
        ("LOG_LEVEL", "off"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    let config = Config::from_vars(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
    let counts = links::CountsWriter::with_client(table.client(), table::COUNTS);
    Clicks::new(Tables::of(counts, table::LINKS), archive, &config.unwrap(), now)
}

/// Counts the stream of a seed; what is wrong in the end, and what happened.
async fn wrong(seed: u64, rule: Rule) -> (Vec<String>, String) {
    let stream = Stream::new(seed);
    let truth = Truth::of(&stream);
    let mut run = Run::new(seed, rule, &stream);
    run.count(&stream).await;
    let story = format!("seed {seed}: {} clicks, {:?}, {:?}", stream.clicks(), run.events, run.table.stories());
    (truth.differences(&run.table.items()), story)
}

#[tokio::test(start_paused = true)]
async fn every_click_counts_exactly_once() {
    let seeds = match seed() {
        Some(seed) => seed..=seed,
        None => SEEDS,
    };
    for seed in seeds {
        println!("TEST_SEED={seed}");
        let (wrong, story) = wrong(seed, Rule::First).await;
        println!("{story}");
        assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_wrong_rule_the_test_fails() {
    for rule in [Rule::End, Rule::None] {
        let (wrong, story) = wrong(1, rule).await;
        println!("{rule:?}: {} wrong; {story}", wrong.len());
        assert!(wrong.len() > 50, "{rule:?}: {wrong:?}");
    }
}

/// The seed to run, if one is chosen.
fn seed() -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a test has no main")]
    let text = std::env::var("TEST_SEED").ok()?;
    Some(text.parse().expect("TEST_SEED is a number"))
}
