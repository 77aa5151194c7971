//! The seed of random tests.

/// The same every time, unless `TEST_SEED` is another number. Printed, so that a failure can be repeated.
#[expect(clippy::disallowed_methods, reason = "a test has no main to read its settings in")]
#[expect(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking, and shows its seed")]
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("TEST_SEED").map_or(1, |seed| seed.parse().expect("TEST_SEED is a number"));
    println!("TEST_SEED={seed}");
    seed
}
