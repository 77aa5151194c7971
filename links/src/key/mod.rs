//! Keys that open the management API: what they look like, what they open, and the table they are in.
//!
//! A key is a token that its holder sends with each request. The table holds its SHA-256 only, so whoever reads the
//! table can open nothing with it; and because keys are found by that hash, no two secrets are ever compared. A key has
//! at least 160 random bits, which is why a fast hash will do: there is nothing to try through.
//!
//! Keys are in a table of their own. What may read links, the redirector and the DAX cluster, has no right to it.

pub mod item;
mod record;
mod scope;
mod store;
mod token;

pub use record::KeyRecord;
pub use scope::{Scope, ScopeError, ScopeSet};
pub use store::{KeyList, KeyManager, KeyReader, KeyTable, KeyUsage, Revoked};
pub use token::{ApiKey, ApiKeyError, KeyHash, KeyId};
