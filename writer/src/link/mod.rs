//! What a caller can do with a link: make it, read it, change it.
//!
//! Nothing here knows which call a request is, or how its response is written.

pub(crate) mod change;
pub(crate) mod changes;
pub(crate) mod idempotency;
pub(crate) mod make;
pub(crate) mod new_link;
pub(crate) mod read;
pub(crate) mod renew;
pub(crate) mod slug_choice;
