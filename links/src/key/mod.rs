//! API keys: what they look like, what they allow, and how they are stored.
//!
//! A key is a token that its holder sends with each request. The table holds only its SHA-256, so reading the table
//! gives no one access; and because keys are found by that hash, secrets are never compared. A key has at least 160
//! random bits, so a fast hash is enough: there are too many keys to try.
//!
//! Keys have their own table. The redirector and the DAX cluster, which read links, have no access to it.

pub mod item;
mod record;
mod scope;
mod token;

pub use record::KeyRecord;
pub use scope::{Scope, ScopeError, ScopeSet};
pub use token::{ApiKey, ApiKeyError, KeyHash, KeyId};
