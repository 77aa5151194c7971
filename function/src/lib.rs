//! What the Lambda functions share, so that each rule exists once.
//!
//! Typed [`settings`] from the environment, the operator's address for reports ([`AbuseContact`]), the proof
//! that a request came through CloudFront ([`OriginSecret`]), the way a function starts ([`run`]), error bodies ([`Problem`]), the
//! [`accept`] header, [`log`] lines, and the numbers that two functions must agree on ([`bounds`]).
//!
//! It never knows what a function does: nothing here depends on links, slugs or DAX.
//!
//! Start with [`run`].

#![warn(missing_docs)]

pub mod accept;
pub mod bounds;
mod causes;
mod clicks;
mod contact;
pub mod log;
mod log_time;
mod origin;
mod problem;
mod runtime_events;
pub mod settings;
mod start;

pub use causes::with_causes;
pub use clicks::{ClickDelivery, ClickSettings};
pub use contact::{AbuseContact, AbuseContactError};
pub use origin::{OriginSecret, OriginSecretError};
pub use problem::{PROBLEM_JSON, Problem};
pub use start::run;
