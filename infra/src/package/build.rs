//! Builds the functions with cargo, or finds executables built before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use super::elf::Architecture;

/// The functions; cargo package and binary have the same name.
pub(crate) const FUNCTIONS: [&str; 2] = ["redirector", "writer"];

/// Where executables come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Build with this cargo profile.
    Build {
        /// The root of the workspace.
        root: PathBuf,
        /// `lambda` is the profile that is shipped.
        profile: String,
    },
    /// `DIR/redirector/bootstrap` as cargo-lambda writes it, or `DIR/redirector`.
    Prebuilt(PathBuf),
}

/// The path of each function's executable.
///
/// # Errors
/// If the build fails, or an executable is missing.
pub(crate) async fn executables(
    source: &Source,
    architecture: Architecture,
) -> Result<BTreeMap<&'static str, PathBuf>> {
    match source {
        Source::Prebuilt(folder) => FUNCTIONS.iter().map(|name| Ok((*name, prebuilt(folder, name)?))).collect(),
        Source::Build { root, profile } if architecture.is_host() => cargo(root, profile).await,
        Source::Build { root, profile } => cargo_lambda(root, profile, architecture).await,
    }
}

fn prebuilt(folder: &Path, name: &str) -> Result<PathBuf> {
    let candidates = [folder.join(name).join("bootstrap"), folder.join(name)];
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => bail!("neither {} nor {} exists", candidates[0].display(), candidates[1].display()),
    }
}

async fn cargo(root: &Path, profile: &str) -> Result<BTreeMap<&'static str, PathBuf>> {
    let mut command = Command::new("cargo");
    command.current_dir(root).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    command.args(["build", "--locked", "--profile", profile, "--message-format", "json-render-diagnostics"]);
    for name in FUNCTIONS {
        command.args(["--package", name, "--bin", name]);
    }
    let output = command.output().await.context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo build --profile {profile} failed");
    }
    let mut built = artifacts(&String::from_utf8_lossy(&output.stdout));
    let mut take = |name: &str| built.remove(name).with_context(|| format!("cargo did not build {name}"));
    FUNCTIONS.iter().map(|name| Ok((*name, take(name)?))).collect()
}

/// Executables by name from cargo's JSON messages, which are right with every target directory.
fn artifacts(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let name = message.pointer("/target/name")?.as_str()?.to_owned();
            Some((name, PathBuf::from(message.get("executable")?.as_str()?)))
        })
        .collect()
}

/// Cross-compiles with cargo-lambda, which provides the linker.
async fn cargo_lambda(
    root: &Path,
    profile: &str,
    architecture: Architecture,
) -> Result<BTreeMap<&'static str, PathBuf>> {
    let flag = if architecture == Architecture::Arm { "--arm64" } else { "--x86-64" };
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["lambda", "build", "--profile", profile, flag]);
    for name in FUNCTIONS {
        command.args(["--package", name]);
    }
    let status = command.stdin(Stdio::null()).kill_on_drop(true).status().await.context("cannot start cargo")?;
    if !status.success() {
        bail!(
            "`cargo lambda build {flag}` failed; building for {:?} on this machine requires cargo-lambda (https://www.cargo-lambda.info)",
            architecture,
        );
    }
    let folder = root.join("target/lambda");
    FUNCTIONS.iter().map(|name| Ok((*name, prebuilt(&folder, name)?))).collect()
}

/// The root of the workspace that contains the current directory.
///
/// # Errors
/// Outside a cargo workspace.
pub(crate) async fn workspace_root() -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .await
        .context("cannot start cargo")?;
    let manifest = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    manifest
        .parent()
        .filter(|_| output.status.success())
        .map(Path::to_owned)
        .context("the current directory is not inside the kurz workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_taken_from_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"links"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"writer"},"executable":"/t/lambda/writer"}"#,
            "\nnot json\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = artifacts(messages);
        assert_eq!(found, BTreeMap::from([("writer".to_owned(), PathBuf::from("/t/lambda/writer"))]));
    }

    #[test]
    fn prebuilt_executables_are_found_in_both_layouts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("redirector")).unwrap();
        std::fs::write(folder.path().join("redirector/bootstrap"), "x").unwrap();
        std::fs::write(folder.path().join("writer"), "x").unwrap();
        assert!(prebuilt(folder.path(), "redirector").unwrap().ends_with("redirector/bootstrap"));
        assert!(prebuilt(folder.path(), "writer").unwrap().ends_with("writer"));
        assert!(prebuilt(folder.path(), "other").is_err());
    }
}
