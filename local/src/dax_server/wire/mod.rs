//! How things travel: framing, attribute values, keys, items, capacities.

pub(crate) mod capacity;
pub(crate) mod frame;
pub(crate) mod item;
pub(crate) mod key;
pub(crate) mod value;
