//! Builds the function binaries with cargo.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde::Deserialize;

/// How the functions are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// As deployed: optimised, which takes minutes.
    Lambda,
}

/// Why the binaries were not built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo could not be run.
    #[error("cannot run cargo")]
    Cargo(#[source] io::Error),
    /// Cargo failed; its messages.
    #[error("cargo could not build the functions:\n\n{0}")]
    Failed(String),
    /// Cargo succeeded but built no such program.
    #[error("cargo built no program named {0}")]
    NoProgram(String),
}

/// Builds packages of this workspace and returns the programs by name.
///
/// `progress` is called with the name of every finished crate.
///
/// # Errors
/// [`BuildError`], with the compiler's messages if it failed.
pub fn build(
    packages: &[&str],
    profile: Profile,
    progress: impl FnMut(&str),
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut child = cargo(packages, profile).spawn().map_err(BuildError::Cargo)?;
    let diagnostics = read_stderr(&mut child);
    let programs = read_programs(&mut child, progress).map_err(BuildError::Cargo)?;
    let status = child.wait().map_err(BuildError::Cargo)?;
    let diagnostics = diagnostics.join().unwrap_or_default();
    if !status.success() {
        return Err(BuildError::Failed(diagnostics));
    }
    match packages.iter().find(|package| !programs.contains_key(**package)) {
        Some(missing) => Err(BuildError::NoProgram((*missing).to_owned())),
        None => Ok(programs),
    }
}

/// A line of `cargo build --message-format=json` about an artifact.
#[derive(Debug, Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

/// Reads cargo's messages to the end and returns the programs by name.
fn read_programs(child: &mut Child, mut progress: impl FnMut(&str)) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut programs = BTreeMap::new();
    let stdout = child.stdout.take().into_iter();
    for line in stdout.flat_map(|pipe| BufReader::new(pipe).lines()) {
        // Other kinds of messages are ignored: cargo adds new ones over time.
        if let Ok(Message { target: Some(target), executable }) = serde_json::from_str(&line?) {
            progress(&target.name);
            programs.extend(executable.map(|executable| (target.name, executable)));
        }
    }
    Ok(programs)
}

fn cargo(packages: &[&str], profile: Profile) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--message-format=json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(workspace().join("Cargo.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for package in packages {
        command.args(["--package", package]);
    }
    if profile == Profile::Lambda {
        command.args(["--profile", "lambda"]);
    }
    remove_own_variables(&mut command);
    command
}

/// Removes the variables that describe *this* package under `cargo run` and `cargo test`.
///
/// Build scripts that read them (ring's does) would run again, and everything that depends on them would be rebuilt.
fn remove_own_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|own| text.starts_with(own)) {
            command.env_remove(&name);
        }
    }
}

/// The workspace around the current directory, else the one in which this program was built.
fn workspace() -> PathBuf {
    let is_workspace = |path: &Path| path.join("infra/template/template.yaml").is_file();
    std::env::current_dir()
        .ok()
        .and_then(|start| start.ancestors().find(|path| is_workspace(path)).map(Path::to_owned))
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// Reads in another thread: cargo would block on a full pipe.
fn read_stderr(child: &mut Child) -> thread::JoinHandle<String> {
    let pipe = child.stderr.take();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // The part before an error is worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
