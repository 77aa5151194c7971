//! The writer: makes, changes, deletes and lists links.
//!
//! An API Gateway event becomes a `Request`, that a `Call`, and that an `Answer`.
//! A link is made by one conditional put and changed by one conditional update, so there is no moment at which a crash
//! leaves half of it behind.
//!
//! It knows nothing of the redirector and its cache.
//!
//! Start with [`Writer::handle`].

mod answer;
mod body;
mod calls;
mod changes;
mod config;
mod create;
mod creation;
mod cursor;
mod etag;
mod failure;
mod fields;
mod handler;
mod idempotency;
mod identity;
mod keys;
mod log;
mod manage;
#[cfg(test)]
mod memory;
mod openapi;
mod page;
mod problem;
mod qr;
mod query;
mod representation;
mod request;
mod route;
mod store;

pub use config::{Auth, Config, VARIABLES};
pub use handler::Writer;
pub use identity::Identity;
pub use store::Store;
