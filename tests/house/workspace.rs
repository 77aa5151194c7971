//! The packages of the workspace, as cargo knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// A package of this workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The root files of its library and programs.
    pub(crate) roots: Vec<Root>,
    /// Packages of this workspace that its product code may use.
    pub(crate) uses: BTreeSet<String>,
    /// Packages of this workspace that only its tests, benches and examples may use.
    pub(crate) tests_use: BTreeSet<String>,
    /// Every package that the product code may use, by the name in code.
    pub(crate) externs: BTreeSet<String>,
}

/// A library or program.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Runs cargo in the workspace and returns what it prints.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All packages, by name.
pub(crate) fn packages() -> &'static BTreeMap<String, Package> {
    static PACKAGES: OnceLock<BTreeMap<String, Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps"])).unwrap();
        let described = metadata["packages"].as_array().unwrap();
        let members: BTreeSet<String> = described.iter().map(|package| text(&package["name"])).collect();
        described.iter().map(|package| (text(&package["name"]), read(package, &members))).collect()
    })
}

/// The Rust files below a folder, without build output.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as it is shown to a reader: relative to the workspace.
pub(crate) fn shown(path: &Path) -> String {
    let root = root().canonicalize().unwrap();
    let path = path.canonicalize().unwrap();
    path.strip_prefix(&root).unwrap_or(&path).display().to_string()
}

fn read(package: &Value, members: &BTreeSet<String>) -> Package {
    let folder = PathBuf::from(text(&package["manifest_path"])).parent().unwrap().to_path_buf();
    let (mut uses, mut tests_use, mut externs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for dependency in package["dependencies"].as_array().unwrap() {
        let name = text(&dependency["name"]);
        let is_for_tests = dependency["kind"] == "dev";
        if !is_for_tests {
            let in_code = dependency["rename"].as_str().unwrap_or(&name).replace('-', "_");
            externs.insert(in_code);
        }
        // A package that opens a door for its own tests depends on itself.
        if members.contains(&name) && dependency["path"].as_str().map(Path::new) != Some(&folder) {
            let arrows = if is_for_tests { &mut tests_use } else { &mut uses };
            arrows.insert(name);
        }
    }
    let roots =
        package["targets"].as_array().unwrap().iter().filter(|target| is_product(target)).map(root_of).collect();
    let tests_use = &tests_use - &uses;
    Package { name: text(&package["name"]), folder, roots, uses, tests_use, externs }
}

fn is_product(target: &Value) -> bool {
    target["kind"].as_array().unwrap().iter().any(|kind| kind == "lib" || kind == "bin")
}

fn root_of(target: &Value) -> Root {
    Root { name: text(&target["name"]).replace('-', "_"), file: PathBuf::from(text(&target["src_path"])) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
