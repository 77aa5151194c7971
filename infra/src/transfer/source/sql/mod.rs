//! SQL dumps of YOURLS, as mysqldump, phpMyAdmin and other clients write them.

mod dump;
mod lexer;
#[cfg(test)]
mod tests;

pub(super) use dump::{DumpRow, is_dump, rows, survey};
