//! The writer: makes, changes, deletes and lists links.
//!
//! ```text
//! event ─► handler ─► call ─► link, clicks ─► identity ─► hosts, principal ─► http
//! ```
//!
//! - `handler` turns an API Gateway event into a request, finds its call, authenticates the caller, and bounds the
//!   time.
//! - `call` has the route table, and one file per call of the API.
//! - `link` makes, reads and changes links.
//! - `clicks` makes series and sums of what was counted.
//! - `identity` finds out who is calling, and what they may do.
//! - `principal` reads ARNs, scopes of tokens, and the list of administrators.
//! - `hosts` knows which hosts links may lead to.
//! - `http` parses requests and writes responses.
//!
//! A room may use any room to its right, and none to its left. A link is made by one conditional put and changed by one
//! conditional update, so a crash never leaves half a change behind.
//!
//! The writer knows nothing of the redirector and its cache.
//!
//! Start with [`Writer::handle`].

mod call;
mod clicks;
mod config;
mod failure;
mod handler;
mod hosts;
mod http;
mod identity;
mod link;
mod log;
mod principal;
mod store;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod testing;

pub use config::{Auth, Config};
pub use handler::Writer;
pub use http::event::Event;
pub use identity::Identity;
pub use principal::Admins;
pub use store::Store;
