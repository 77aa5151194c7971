//! The writer: makes, changes, deletes and lists links.
//!
//! An API Gateway event becomes a `Request`, that a `Call`, and that an `Answer`.
//! A link is made by one conditional put and changed by one conditional update, so there is no moment at which a crash
//! leaves half of it behind.
//!
//! It knows nothing of the redirector and its cache.
//!
//! Start with [`Writer::handle`].

mod call;
mod config;
mod failure;
mod handler;
mod http;
mod identity;
mod link;
mod log;
mod store;
#[cfg(test)]
mod testing;

pub use config::{Auth, Config};
pub use handler::Writer;
pub use identity::Identity;
pub use store::Store;
