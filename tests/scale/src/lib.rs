//! A simulation of the deployed service: from requests per second to environments, nodes, limits and costs.
//!
//! Seeded: the same settings print the same tables.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "it counts and rounds its own numbers; nothing comes from outside but the settings"
)]

pub mod cache;
pub mod environments;
pub mod figures;
pub mod incidents;
pub mod node;
pub mod plan;
pub mod report;
pub mod settings;
pub mod steady;
pub mod zipf;
