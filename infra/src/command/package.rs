//! `package`: build, check, zip.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::outcome::Exit;
use crate::package::Package;
use crate::package::build::{Source, workspace_root};
use crate::package::elf::Architecture;
use crate::parameters;
use crate::stage::Stage;
use crate::terminal::Terminal;

/// Where the executables come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Build {
    /// Cargo profile to build with; another one is quicker to build and slower to run
    #[arg(long, value_name = "NAME", default_value = "lambda")]
    profile: String,
    /// Take executables that are already built, as `cargo lambda build` leaves them in target/lambda
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

    /// Builds, checks and zips.
    ///
    /// # Errors
    /// If one of them fails.
    pub(crate) async fn package(&self, terminal: &Terminal, architecture: &str) -> Result<Package> {
        let source = self.source().await?;
        if let Source::Build { profile, .. } = &source {
            terminal.line(format_args!("  building both functions, profile {profile}"));
        }
        let package = Package::make(&source, Architecture::from_parameter(architecture)).await?;
        for artifact in package.artifacts() {
            let glibc =
                artifact.glibc.map_or_else(|| "static".to_owned(), |(major, minor)| format!("glibc {major}.{minor}"));
            terminal.done(
                artifact.name,
                format_args!(
                    "{} zipped, {} unzipped, {glibc}",
                    megabytes(artifact.zip.len()),
                    megabytes(artifact.executable_bytes)
                ),
            );
            terminal.event(
                "packaged",
                json!({"function": artifact.name, "zip_bytes": artifact.zip.len(), "executable_bytes": artifact.executable_bytes, "sha256": artifact.sha256_hex()}),
            );
        }
        Ok(package)
    }
}

/// Options of `infra package`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    build: Build,
    /// Where to put redirector.zip and writer.zip
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    out: PathBuf,
}

/// Runs `infra package`.
///
/// # Errors
/// If the build or a check fails.
pub(crate) async fn run(terminal: &Terminal, stage: &Stage, options: &Options) -> Result<Exit> {
    let definitions = parameters::definitions()?;
    let values = parameters::resolve(&definitions, &stage.parameters)?;
    let architecture = values.get("Architecture").map(String::as_str).unwrap_or_default();
    let package = options.build.package(terminal, architecture).await?;
    package.write_to(&options.out)?;
    terminal.line(format_args!("  {}", options.out.join("{redirector,writer}.zip").display()));
    Ok(Exit::Done)
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
