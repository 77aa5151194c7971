//! The calls of the API: one file each, and the table that finds them.

mod change;
pub(crate) mod openapi;
pub(crate) mod page;
mod qr;
pub(crate) mod route;
mod shorten;
