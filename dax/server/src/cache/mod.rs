//! The two caches of a node.

mod items;
mod queries;
mod ttl;

pub(crate) use self::{
    items::{Freshness, ItemCache, ItemKey, Lookup, Outcome, ReadTicket, WriteTicket},
    queries::QueryCache,
    ttl::Ttls,
};
