//! `infra export` and `infra import` as an operator runs them, against an embedded DynamoDB.

#![expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "small numbers; a missing part must fail the test"
)]

mod clicks;
mod conflicts;
mod formats;
mod importers;
mod pasted;
mod round_trip;
mod tables;
mod takedown;
