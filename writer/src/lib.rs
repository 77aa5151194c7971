//! The writer: makes links.
//!
//! An API Gateway event becomes a `Request`, that a `Route`, and that an answer.
//! A link is made by one conditional put, so there is no moment at which a crash leaves half of it behind.
//!
//! It knows nothing of the redirector and its cache.
//!
//! Start with [`Writer::handle`].

mod body;
mod config;
mod create;
mod handler;
mod identity;
mod log;
mod problem;
mod representation;
mod request;
mod route;
mod store;

pub use config::{Auth, Config, VARIABLES};
pub use handler::Writer;
pub use store::Store;
