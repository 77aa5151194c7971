//! Architecture tests: what ARCHITECTURE.md says about the packages, compared with their manifests and sources.
//!
//! Product code only: `src` without `#[cfg(test)]`. What a test or a bench of a package imports is not checked, as
//! long as the table of arrows lists the package.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod arrows;
mod circles;
mod modules;
mod printing;
mod references;
mod resolve;
mod shape;
mod trees;
mod walls;
mod workspace;
