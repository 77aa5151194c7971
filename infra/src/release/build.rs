//! Builds and zips the functions, with progress on the terminal.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::package::build::{Source, workspace_root};
use crate::package::elf::Architecture;
use crate::package::{Artifact, Package};
use crate::terminal::Terminal;

/// Where the executables come from.
#[derive(Args, Debug, Clone)]
pub(crate) struct Build {
    /// Cargo profile to build with; `dev` builds faster and runs slower
    #[arg(long, value_name = "NAME", default_value = "lambda")]
    profile: String,
    /// Use the executables in this folder instead of building, such as target/lambda after `cargo lambda build`
    #[arg(long, value_name = "DIR", conflicts_with = "profile")]
    binaries: Option<PathBuf>,
}

impl Build {
    async fn source(&self) -> Result<Source> {
        Ok(match &self.binaries {
            Some(folder) => Source::Prebuilt(folder.clone()),
            None => Source::Build { root: workspace_root().await?, profile: self.profile.clone() },
        })
    }

    /// Builds, checks and zips the functions.
    ///
    /// # Errors
    /// If the build or a check fails.
    pub(crate) async fn package(&self, terminal: &Terminal, architecture: &str) -> Result<Package> {
        let source = self.source().await?;
        if let Source::Build { profile, .. } = &source {
            terminal.line(format_args!("  building the functions, profile {profile}"));
        }
        let package = Package::make(&source, Architecture::from_parameter(architecture)).await?;
        for artifact in package.artifacts() {
            report(terminal, artifact);
        }
        Ok(package)
    }
}

fn report(terminal: &Terminal, artifact: &Artifact) {
    let glibc = artifact.glibc.map_or_else(|| "static".to_owned(), |(major, minor)| format!("glibc {major}.{minor}"));
    let (zipped, unzipped) = (megabytes(artifact.zip.len()), megabytes(artifact.executable_bytes));
    terminal.done(artifact.name, format_args!("{zipped} zipped, {unzipped} unzipped, {glibc}"));
    terminal.event(
        "packaged",
        json!({"function": artifact.name, "zip_bytes": artifact.zip.len(), "executable_bytes": artifact.executable_bytes, "sha256": artifact.sha256_hex()}),
    );
}

/// `1.01 MB`, decimal.
fn megabytes(bytes: usize) -> String {
    let hundredths = (bytes + 5_000) / 10_000;
    format!("{}.{:02} MB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_hundredths() {
        assert_eq!(megabytes(1_014_999), "1.01 MB");
        assert_eq!(megabytes(1_015_000), "1.02 MB");
        assert_eq!(megabytes(900), "0.00 MB");
    }
}
