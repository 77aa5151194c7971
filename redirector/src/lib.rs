//! The redirector: answers `GET` and `HEAD /{slug}`.
//!
//! An [`Event`] becomes a slug, the slug a [`Destination`](cache::Destination) out of the in-process cache or the
//! store, and that, with the time of day, a [`Response`]. Expected outcomes, a failing store among them, are answers
//! and never errors.
//!
//! It only reads: it is given a [`LinkReader`](links::LinkReader) and knows no way to write. It is made for the moment
//! after the cache has hit: one thread, an event type with only the fields it needs, and nothing of the AWS SDK on
//! that path.
//!
//! Start with [`Redirector::handle`].

pub mod cache;
mod config;
mod event;
mod handler;
mod log;
mod outcome;
mod page;
mod preview;
mod query;
mod response;
mod store;

pub use config::Config;
pub use event::Event;
pub use handler::Redirector;
pub use response::Response;
pub use store::Store;
