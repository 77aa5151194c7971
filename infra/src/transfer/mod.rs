//! Copies links from the table to a file, and from files to the table.
//!
//! `counts` writes counts of clicks. `line` defines a line of an export, `dump` writes all lines in order, `load` writes records to the table. `source` reads
//! exports, including those of other shorteners. Only `table` talks to DynamoDB. `schema` says what a table must have. Nothing here knows stacks or the command
//! line.

pub(crate) mod counts;
pub(crate) mod dump;
mod dynamo_json;
pub(crate) mod hosts;
pub(crate) mod input;
pub(crate) mod line;
pub(crate) mod load;
pub(crate) mod part;
mod runs;
pub(crate) mod schema;
pub(crate) mod source;
pub(crate) mod table;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod tests;
mod text;
