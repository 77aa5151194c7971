//! What this package knows about the shortener: its functions, their variables, its tables and its keys.

pub(crate) mod api_key;
pub(crate) mod binaries;
mod secret_file;
pub(crate) mod settings;
pub(crate) mod slug_secret;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod variables;

/// The files of this package in a data directory, besides those of the database.
pub(crate) const SECRET_FILES: [&str; 2] = [api_key::FILE, slug_secret::FILE];
