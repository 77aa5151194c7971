//! Clicks: the words that a counted click is described with, and the items of the table of counts.
//!
//! The redirector writes the words into its log, `clicks` adds them up, and the writer reads the sums. A click has no
//! identity: whatever could tell one visitor from another is reduced to a [`VisitorCode`] before anything is written.

mod counts;
mod day;
pub mod item;
mod mark;
mod names;
mod salt;
mod sequence;
mod total;
mod update;
mod visitor;

pub use counts::DayCounts;
pub use day::Slot;
pub use item::{Counter, Facet};
pub use mark::{Mark, MessageMark};
pub use names::{Browser, Country, Device, Os};
pub use salt::Salt;
pub use sequence::{Sequence, SequenceError, Span};
pub use total::{Fold, Total};
pub use update::{Addition, DayKey, DayState};
pub(crate) use update::{DayUpdate, raw_key};
pub use visitor::VisitorCode;
