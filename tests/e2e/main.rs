//! End-to-end tests: black box over HTTP, every test on a private stack with free ports.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod machine;
mod platform;
mod shortener;
