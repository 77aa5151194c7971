//! Counts clicks: adds up the redirector's log lines in a table of daily counters, each click exactly once.
//!
//! ```text
//! CloudWatch Logs ─► Kinesis ─► Input ─► Batch ─► one update per link and owner, day ─► table
//!                └──── directly ──┘        └────► archive (S3)
//! ```
//!
//! [`Input`] is what invokes the function. Its records are decoded ([`event`](Input)), their clicks grouped by the items
//! that they count in ([`Batch`]), and each item gets one `UpdateItem`. An item remembers how far each shard has been
//! counted into it, so a batch may be repeated, cut differently or half done.
//!
//! It never reads a link, except for its owner, and never sees an address: the redirector has reduced a visitor to a code
//! before it writes its line.
//!
//! Start with [`Clicks::handle`].

mod archive;
mod batch;
mod config;
mod count;
mod event;
mod handler;
#[doc(hidden)]
pub mod measure;
mod owners;
mod recent;
mod report;
mod salts;

pub use archive::{Archive, ArchiveError};
pub use batch::Batch;
pub use config::{ArchiveSettings, Config};
pub use event::Input;
pub use handler::{Clicks, ClicksError, Tables};
