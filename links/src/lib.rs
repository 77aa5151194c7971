//! What a short link is: its slug, its target, the record, and where records are stored.
//!
//! Both functions build on this crate, so that each rule exists once: what a slug looks like ([`Slug`]), which URLs are
//! accepted ([`TargetUrl`]), which slug a URL gets ([`SlugScheme`]), how a [`Link`] is stored ([`item`]), and what a
//! [`key`] allows.
//!
//! It never speaks HTTP or the Lambda protocol, never reads the environment, and has neither a clock nor random numbers:
//! callers pass values and `now` in.
//!
//! Start with [`Link`] and [`store`].

#![warn(missing_docs)]

pub mod clicks;
mod encoding;
mod filter;
mod host;
mod host_rules;
pub mod item;
pub mod key;
mod link;
mod scheme;
mod slug;
mod state;
pub mod store;
mod takedown;
mod target;
mod text;
mod time;

pub use filter::{Filter, StateFilter, Words};
pub use host::{HostSuffix, HostSuffixError};
pub use host_rules::HostRules;
pub use key::{ApiKey, KeyHash, KeyId, KeyRecord, Scope, ScopeSet};
pub use link::{ANONYMOUS, GRACE, Idempotency, Link, RedirectStatus, StoredTarget};
pub use scheme::{SlugBasis, SlugScheme, SlugSecret, SlugSecretError};
pub use slug::{Alias, AliasError, Slug, SlugError};
pub use state::{BlockReason, State};
pub use store::{
    Change, Found, Freshness, LinkLister, LinkReader, LinkWriter, Page, Position, Put, Source, StoreError, Whose,
    clicks::{ClickFolder, ClickReader, CountsTable},
    client::DynamoDbSettings,
    counts::{Added, CountError, CountsWriter, LinkOwners, Tell},
    dax::{DaxReader, DaxSettings, DaxStore},
    dynamodb::{DynamoDbReader, DynamoDbStore},
    hosts::{HostChange, HostStore, HostsChanged, MAX_HOSTS},
    keys::{KeyList, KeyManager, KeyReader, KeyUsage, KeysError, KeysTable, Revoked},
    list::MAX_PAGE,
    salts::{SaltReader, SaltTable},
    search::{SearchLimits, search},
};
pub use takedown::{Takedown, TakedownSubject};
pub use target::{Origin, TargetError, TargetRules, TargetUrl};
pub use text::{HiddenCharacter, first_hidden, first_unfit_for_note, first_unfit_for_tag, trim_hidden};
pub use time::Timestamp;
