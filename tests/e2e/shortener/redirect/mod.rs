//! `GET` and `HEAD /{slug}`: every row of the contract, with DAX and without.

mod caching;
mod clicks;
mod errors;
mod follow;
mod preview;
pub(super) mod site;
mod states;
mod store;
