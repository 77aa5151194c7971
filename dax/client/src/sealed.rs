//! Keeps traits to this crate whose methods may change.

/// Implemented here only.
#[expect(unnameable_types, reason = "nobody else may implement it")]
pub trait Sealed {}
