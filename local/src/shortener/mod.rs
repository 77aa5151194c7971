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
