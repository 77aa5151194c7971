//! Runs cargo, or finds what another builder left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use super::elf::Architecture;

/// The functions: cargo packages and binaries of the same name.
pub const FUNCTIONS: [&str; 2] = ["redirector", "writer"];

/// Where executables come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Build with this cargo profile.
    Build {
        /// The workspace's root.
        root: PathBuf,
        /// `lambda` is what is meant to be shipped.
        profile: String,
    },
    /// `DIR/redirector/bootstrap` as cargo-lambda leaves it, or `DIR/redirector`.
    Prebuilt(PathBuf),
}

/// The path of each function's executable.
///
/// # Errors
/// If the build fails, or an executable is missing.
pub async fn executables(source: &Source, architecture: Architecture) -> Result<BTreeMap<&'static str, PathBuf>> {
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
    command.current_dir(root).args([
        "build",
        "--locked",
        "--profile",
        profile,
        "--message-format",
        "json-render-diagnostics",
    ]);
    for name in FUNCTIONS {
        command.args(["--package", name, "--bin", name]);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo build --profile {profile} failed");
    }
    let built = artifacts(&String::from_utf8_lossy(&output.stdout));
    FUNCTIONS
        .iter()
        .map(|name| Ok((*name, built.get(*name).with_context(|| format!("cargo built no {name}"))?.clone())))
        .collect()
}

/// Executables by name from cargo's JSON messages: right whatever target directory is configured.
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

/// For another machine than this one; cargo-lambda brings the linker.
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
            "`cargo lambda build {flag}` failed; this machine builds for {:?} only through cargo-lambda (https://www.cargo-lambda.info)",
            architecture,
        );
    }
    let folder = root.join("target/lambda");
    FUNCTIONS.iter().map(|name| Ok((*name, prebuilt(&folder, name)?))).collect()
}

/// The workspace's root, from anywhere inside it.
///
/// # Errors
/// Outside of a cargo workspace.
pub async fn workspace_root() -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .await
        .context("cannot start cargo")?;
    let manifest = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    manifest.parent().filter(|_| output.status.success()).map(Path::to_owned).context("not inside the kurz workspace")
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
