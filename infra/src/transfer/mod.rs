//! Links from the table into a file, and from files into the table.
//!
//! `line` says what a line of an export looks like, `dump` writes all of them in order, `load` reads them back; `source`
//! understands the exports of other shorteners. `table` is the only one that talks to DynamoDB.

pub(crate) mod dump;
mod dynamo_json;
pub(crate) mod line;
pub(crate) mod load;
pub(crate) mod part;
mod runs;
pub(crate) mod source;
pub(crate) mod table;
#[cfg(test)]
mod tests;
