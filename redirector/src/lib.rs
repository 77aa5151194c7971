//! The redirector: responds to `GET` and `HEAD /{slug}`.
//!
//! ```text
//! Event ─► Slug ─► cache, else Store ─► Outcome ─► Response
//! ```
//!
//! An [`Event`] becomes a slug; the slug a [`Destination`](cache::Destination) from the in-process cache or from the
//! [`Store`]; and that, with the time of day, a [`Response`]. Every expected outcome, even a failing store, is a
//! response and never an error.
//!
//! It only reads: its store implements [`LinkReader`](links::LinkReader) and nothing that writes. It is optimised for
//! cache hits: one thread, an event that is scanned for what it needs and not parsed, and nothing of the AWS SDK on that path.
//!
//! Start with [`Redirector::handle`].

mod agent;
pub mod cache;
mod click;
mod config;
mod elsewhere;
mod event;
mod handler;
mod log;
mod lookalike;
mod outcome;
mod page;
mod path;
mod preview;
mod query;
mod response;
mod salts;
mod store;
#[cfg(test)]
mod targets;
mod visitor;

pub use config::Config;
pub use elsewhere::AnsweredElsewhere;
pub use event::{Event, Shortcut, Shortened};
pub use handler::Redirector;
pub use response::Response;
pub use salts::Salts;
pub use store::Store;
