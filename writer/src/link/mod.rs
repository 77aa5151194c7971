//! What a request may do with a link: make it, change it.

pub(crate) mod change;
pub(crate) mod changes;
pub(crate) mod idempotency;
pub(crate) mod make;
