//! What the end-to-end tests share: programs built once, private stacks, an HTTP client, waiting.
//!
//! Tests know HTTP and [`local::Stack`], nothing else of the other crates.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on has failed"
)]

mod client;
mod programs;

use std::time::Duration;

pub use client::{Client, Reply};
pub use programs::{Programs, programs};
use tokio::time::Instant;

/// Longer than anything takes on a busy machine; only a failure waits this long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds.
///
/// # Panics
///
/// If it does not hold within [`PATIENCE`]; the message is `what`.
pub async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "still waiting until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The shortener on free ports and in memory, with the functions built from this workspace. Clicks are not counted, so that
/// nothing happens in the background.
pub async fn shortener() -> local::Stack {
    shortener_with(|_config| {}).await
}

/// [`shortener`] with a changed configuration.
pub async fn shortener_with(change: impl FnOnce(&mut local::Config)) -> local::Stack {
    let programs = programs();
    let mut config = local::Config::shortener(programs.functions());
    config.launcher = Some(programs.local.clone());
    config.clicks = local::Clicks::None;
    change(&mut config);
    local::Stack::start(config).await.expect("the stack starts")
}

/// The seed of random tests: the same every time, unless `TEST_SEED` is another number.
///
/// # Panics
///
/// If it is not a number.
#[must_use]
pub fn seed() -> u64 {
    setting("TEST_SEED").unwrap_or(1)
}

/// How many random requests `TEST_STEPS` asks for.
///
/// # Panics
///
/// If it is not a number.
#[must_use]
pub fn steps() -> Option<usize> {
    setting("TEST_STEPS")
}

#[expect(clippy::disallowed_methods, reason = "tests have no main to read their settings in")]
fn setting<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|value| value.parse().expect(name))
}
