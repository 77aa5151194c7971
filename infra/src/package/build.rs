//! Builds the functions with cargo, or finds executables built before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::elf::Architecture;

/// The functions; cargo package and binary have the same name.
pub(crate) const FUNCTIONS: [&str; 3] = ["redirector", "writer", "clicks"];

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

/// The executables of a build.
#[derive(Debug)]
pub(crate) struct Executables {
    /// The path of each function's executable.
    pub(crate) paths: BTreeMap<&'static str, PathBuf>,
    /// The folder that they were built into, if it goes with this value.
    _folder: Option<TempDir>,
}

/// Builds or finds the executables.
///
/// # Errors
/// If the build fails, or an executable is missing.
pub(crate) async fn executables(source: &Source, architecture: Architecture) -> Result<Executables> {
    let cargo = Path::new("cargo");
    match source {
        Source::Prebuilt(folder) => Ok(Executables { paths: in_folder(folder)?, _folder: None }),
        Source::Build { root, profile } if architecture.is_host() => {
            Ok(Executables { paths: build(cargo, root, profile).await?, _folder: None })
        }
        Source::Build { root, profile } => cross_build(cargo, root, profile, architecture).await,
    }
}

fn in_folder(folder: &Path) -> Result<BTreeMap<&'static str, PathBuf>> {
    FUNCTIONS.iter().map(|name| Ok((*name, prebuilt(folder, name)?))).collect()
}

fn prebuilt(folder: &Path, name: &str) -> Result<PathBuf> {
    let candidates = [folder.join(name).join("bootstrap"), folder.join(name)];
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => bail!("neither {} nor {} exists", candidates[0].display(), candidates[1].display()),
    }
}

async fn build(cargo: &Path, root: &Path, profile: &str) -> Result<BTreeMap<&'static str, PathBuf>> {
    let mut command = Command::new(cargo);
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

/// Cross-compiles with cargo-lambda, which provides the linker, into a new folder: cargo-lambda's own choice depends on the
/// user's configuration of cargo, and an earlier build may lie there.
async fn cross_build(cargo: &Path, root: &Path, profile: &str, architecture: Architecture) -> Result<Executables> {
    let folder = tempfile::tempdir().context("cannot create a folder for the build")?;
    let flag = if architecture == Architecture::Arm { "--arm64" } else { "--x86-64" };
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["lambda", "build", "--locked", "--profile", profile, flag, "--lambda-dir"]);
    command.arg(folder.path());
    for name in FUNCTIONS {
        command.args(["--package", name]);
    }
    let status = command.stdin(Stdio::null()).kill_on_drop(true).status().await.context("cannot start cargo")?;
    if !status.success() {
        bail!(
            "`cargo lambda build {flag}` failed; building for {architecture:?} on this machine requires cargo-lambda (https://www.cargo-lambda.info)"
        );
    }
    let paths = in_folder(folder.path()).context("cargo-lambda built something else than the functions")?;
    Ok(Executables { paths, _folder: Some(folder) })
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

    /// Does what cargo-lambda's source says: it writes to `--lambda-dir`, and without it to cargo's target directory.
    #[cfg(unix)]
    fn stand_in(folder: &Path, writes: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;

        let script = format!(
            "#!/bin/sh\ndir=elsewhere/lambda; case \" $* \" in *' --locked '*) ;; *) exit 9;; esac\n\
             while [ $# -gt 0 ]; do if [ \"$1\" = --lambda-dir ]; then dir=$2; fi; shift; done\n\
             for name in {writes}; do mkdir -p \"$dir/$name\"; echo NEW > \"$dir/$name/bootstrap\"; done\n"
        );
        let path = folder.join("cargo");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_foreign_architecture_gets_what_was_just_built() {
        let root = tempfile::tempdir().unwrap();
        for name in FUNCTIONS {
            std::fs::create_dir_all(root.path().join("target/lambda").join(name)).unwrap();
            std::fs::write(root.path().join("target/lambda").join(name).join("bootstrap"), "OLD\n").unwrap();
        }
        let cargo = stand_in(root.path(), "redirector writer clicks");
        let built = cross_build(&cargo, root.path(), "lambda", Architecture::Arm).await.unwrap();
        for name in FUNCTIONS {
            assert_eq!(std::fs::read_to_string(&built.paths[name]).unwrap(), "NEW\n", "{name}");
        }
        let folder = built.paths["writer"].parent().unwrap().to_owned();
        drop(built);
        assert!(!folder.exists());

        let cargo = stand_in(root.path(), "redirector clicks");
        let error = cross_build(&cargo, root.path(), "lambda", Architecture::Arm).await.unwrap_err();
        assert!(format!("{error:#}").contains("writer"), "{error:#}");
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
