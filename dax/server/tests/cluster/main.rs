//! The DAX cluster from outside: bytes over sockets, in front of an embedded DynamoDB.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, and tells its seed"
)]

mod caching;
mod control;
mod desk;
mod failures;
mod peer;
mod races;
mod unreadable;
