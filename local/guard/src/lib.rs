//! HTTP/1.1 servers on the loopback interface that no web page can use.
//!
//! ```text
//!  client ──► serve ──────────► guard ───────────────► service
//!             connections:       heads: Host, Origin,   (a function, a store, …)
//!             bounded, timed     Sec-Fetch-Site         ◄── headers: access-control-*
//! ```
//!
//! Every listener of this workspace that speaks HTTP is served by [`serve`], which takes a [`Guard`]: there is no other
//! accept loop, and so no way past the guard.

mod activity;
mod authority;
mod cors;
mod guard;
mod refusal;
mod serve;
mod stop;

pub use cors::Cors;
pub use guard::Guard;
pub use serve::{Limits, bind, serve};
pub use stop::Stop;
