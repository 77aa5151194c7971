//! How things travel: attribute values, keys, items, capacities.

pub(crate) mod capacity;
pub(crate) mod item;
pub(crate) mod key;
pub(crate) mod value;
