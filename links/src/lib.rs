//! What a short link is: its slug, its target, the record, and where records are kept.
//!
//! Both functions stand on this crate, so that a rule exists once: what a slug looks like ([`Slug`]), which URLs are
//! taken ([`TargetUrl`]), which slug a URL gets ([`SlugScheme`]), how a [`Link`] lies in the table ([`item`]), and which
//! [`key`] opens what.
//!
//! It never speaks HTTP or the Lambda protocol, never reads the environment, and has no clock and no random numbers
//! of its own: callers pass values and `now` in.
//!
//! Start with [`Link`] and [`store`].

#![warn(missing_docs)]

mod base32;
mod dax;
mod dynamodb;
pub mod item;
pub mod key;
mod link;
mod list;
mod scheme;
mod slug;
pub mod store;
mod target;
mod time;
mod update;

pub use dax::{DaxSettings, DaxStore};
pub use dynamodb::{DynamoDbSettings, DynamoDbStore};
pub use key::{ApiKey, KeyHash, KeyId, KeyRecord, KeyTable, Scope, ScopeSet};
pub use link::{ANONYMOUS, GRACE, Idempotency, Link, RedirectStatus, State, StoredTarget};
pub use list::MAX_PAGE;
pub use scheme::{SlugBasis, SlugScheme, SlugSecret, SlugSecretError};
pub use slug::{Alias, AliasError, Slug, SlugError};
pub use store::{
    Change, Found, Freshness, LinkLister, LinkReader, LinkWriter, Page, Position, Put, Source, StoreError,
};
pub use target::{Origin, TargetError, TargetRules, TargetUrl};
pub use time::Timestamp;
