//! Random requests of several owners, during faults, compared with a reference: a map with a clock.
//!
//! Every response of the management API must equal the reference field by field; a redirect must equal some version that
//! is still within the published bound. `TEST_SEED` chooses the requests, `TEST_STEPS` how many there are.
//!
//! A seed does not fix the clock: the second in which a request arrives, and whether a cache entry still exists. The
//! reference allows for that, so a busy machine changes what the test sees but not whether it passes. A difference that
//! depends on such a moment may need several runs of its seed to reappear.

mod conflict;
mod creation;
mod driver;
mod exchange;
mod faults;
mod link;
mod operations;
mod pages;
mod reference;
mod slot;
mod visits;

use std::time::Duration;

use e2e::Client;
use futures_util::future::join_all;
use local::Stack;

use self::{
    driver::Driver,
    faults::Faults,
    reference::{Caller, Model},
};
use super::keys::keyed_stack_with;

/// The prefix of all targets.
const TARGETS: &str = "https://example.com/";
/// Seconds for which redirectors cache a link in process.
const CACHE_TTL: i64 = 1;
/// Seconds for which the cluster caches an item.
const DAX_TTL: i64 = 1;
/// Requests per seed.
const STEPS: usize = 400;

async fn stack(dax_nodes: usize) -> Stack {
    keyed_stack_with(|config| {
        config.dax_nodes = dax_nodes;
        config.dax_item_ttl = Duration::from_secs(DAX_TTL.unsigned_abs());
        config.dax_replication_delay = Duration::from_millis(50);
        let settings = [("CACHE_TTL_SECONDS", CACHE_TTL.to_string()), ("DAX_RECORD_TTL_SECONDS", DAX_TTL.to_string())];
        for function in config.functions.values_mut() {
            function.env.extend(settings.clone().map(|(name, value)| (name.to_owned(), value)));
        }
        // Shorter than the default, so that faults take less time.
        let writer = config.functions.get_mut("Writer").expect("a writer");
        writer.env.insert("DAX_TIMEOUT_MS".to_owned(), "800".to_owned());
    })
    .await
}

/// A model with owners that no other model of the stack has.
async fn model(stack: &Stack, name: &str, owners: &[&str]) -> Model {
    let mut callers = Vec::new();
    for owner in owners {
        let owner = format!("{owner}-{name}");
        let key = stack.issue_key(&owner, "create,read,update,delete").await.expect("a key");
        callers.push(Caller { owner, key, is_admin: false });
    }
    let owner = format!("root-{name}");
    let key = stack.issue_key(&owner, "admin").await.expect("a key");
    callers.push(Caller { owner, key, is_admin: true });
    let bound = CACHE_TTL + if stack.dax().is_some() { DAX_TTL } else { 0 };
    Model::new(name, callers, stack.url(), bound)
}

/// Runs the seed on a private stack: one client for each group of owners, all at the same time.
#[expect(clippy::print_stdout, reason = "the seed repeats the run")]
async fn run(dax_nodes: usize, owners: &[&[&str]]) {
    let seed = e2e::seed();
    let steps = e2e::steps().unwrap_or(STEPS);
    println!("TEST_SEED={seed} TEST_STEPS={steps}");
    let stack = stack(dax_nodes).await;
    let faults = Faults::new(&stack).await;
    let mut drivers = Vec::new();
    for (position, owners) in owners.iter().enumerate() {
        let number = u64::try_from(position).expect("few clients");
        drivers.push(Driver {
            client: Client::of(&stack),
            faults: &faults,
            model: model(&stack, &format!("m{position}"), owners).await,
            seed: seed.wrapping_add(number),
            is_disturber: position == 0,
            unknown: 0,
            unexpected: 0,
        });
    }
    join_all(drivers.iter_mut().map(|driver| driver.run(steps / owners.len()))).await;
    join_all(drivers.iter_mut().map(|driver| driver.close(steps))).await;
    join_all(drivers.iter_mut().map(|driver| driver.settle(steps))).await;
    let links: usize = drivers.iter().map(|driver| driver.model.touched.len()).sum();
    let unknown: usize = drivers.iter().map(|driver| driver.unknown).sum();
    println!("{links} links, {unknown} answers of unknown outcome");
    drop(drivers);
    stack.stop().await;
}

const ONE_CLIENT: &[&[&str]] = &[&["ann", "bob", "cleo"]];
const FOUR_CLIENTS: &[&[&str]] = &[&["ann"], &["bob"], &["cleo"], &["dan", "eve"]];

#[tokio::test]
async fn one_client_at_a_time_through_a_failing_cluster() {
    run(3, ONE_CLIENT).await;
}

#[tokio::test]
async fn one_client_at_a_time_without_a_cluster() {
    run(0, ONE_CLIENT).await;
}

#[tokio::test]
async fn four_clients_at_a_time_through_a_failing_cluster() {
    run(2, FOUR_CLIENTS).await;
}

#[tokio::test]
async fn four_clients_at_a_time_without_a_cluster() {
    run(0, FOUR_CLIENTS).await;
}
