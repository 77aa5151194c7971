//! What this package knows about the shortener: its template, tables, functions, variables and keys.

pub(crate) mod api_key;
pub(crate) mod binaries;
mod secret_file;
pub(crate) mod settings;
pub(crate) mod slug_secret;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod variables;

use std::collections::BTreeMap;

use crate::config::{Config, FunctionConfig};
use binaries::Binaries;
use variables::WRITER;

impl Config {
    /// The shortener with all its routes, on free ports, in memory.
    #[must_use]
    pub fn shortener(binaries: Binaries) -> Self {
        let functions = BTreeMap::from([
            ("Redirector".to_owned(), FunctionConfig::new(binaries.redirector)),
            (WRITER.to_owned(), FunctionConfig::new(binaries.writer)),
        ]);
        Self::new(template::DEPLOYED, functions)
    }
}
