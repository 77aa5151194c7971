//! The function binaries.

use std::path::PathBuf;

use crate::build_functions::{self, BuildError, Profile};

/// Paths of the function binaries.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "paths that callers fill in")]
pub struct Binaries {
    /// The function behind `GET` and `HEAD /{slug}`.
    pub redirector: PathBuf,
    /// The function behind `POST /` and the management API.
    pub writer: PathBuf,
    /// The function that counts clicks.
    pub clicks: PathBuf,
}

impl Binaries {
    /// Builds the functions from this workspace. `progress` is called with the name of every finished crate.
    ///
    /// # Errors
    /// [`BuildError`], with the compiler's messages if it failed.
    pub fn build(profile: Profile, progress: impl FnMut(&str)) -> Result<Self, BuildError> {
        // This package is selected too, where that costs nothing: the same selection gives the same features, and
        // what `cargo run` has just compiled is not compiled again.
        let packages: &[&str] = match profile {
            Profile::Dev => &["local", "redirector", "writer", "clicks"],
            Profile::Lambda => &["redirector", "writer", "clicks"],
        };
        let mut programs = build_functions::build(packages, profile, progress)?;
        let mut take = |name: &str| {
            let program = programs.remove(name);
            program.ok_or_else(|| BuildError::NoProgram(name.to_owned()))
        };
        Ok(Self { redirector: take("redirector")?, writer: take("writer")?, clicks: take("clicks")? })
    }
}
