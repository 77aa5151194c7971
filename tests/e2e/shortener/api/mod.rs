//! `POST /` and `/api/v1`: every row of the contract, with DAX and without.

mod alias;
mod blocked;
mod bulk;
pub(super) mod caller;
mod clicks;
mod create;
mod delete_and_restore;
mod desk;
mod hosts;
mod idempotency;
mod limits;
mod list;
mod options;
mod pasted;
mod problems;
mod qr;
mod read_and_change;
mod search;
mod shorten;
mod takedown;
mod url_rules;
mod visibility;
