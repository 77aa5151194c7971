//! Size and documentation of what a newcomer opens.

use crate::workspace::{Package, packages, root, rust_files, shown};

/// A longer file holds a noun that wants its own.
const MAX_LINES: usize = 400;

#[test]
fn no_file_is_long() {
    let lines = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
    let files = rust_files(root()).into_iter().map(|path| (lines(&path), shown(&path)));
    let long: Vec<(usize, String)> = files.filter(|(lines, _)| *lines > MAX_LINES).collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines: {long:#?}");
}

#[test]
fn every_package_has_a_readme() {
    let without = packages().values().filter(|package| !package.folder.join("README.md").exists());
    let without: Vec<&str> = without.map(|package| package.name.as_str()).collect();
    assert!(without.is_empty(), "no README.md: {without:?}");
}

#[test]
fn unsafe_code_is_forbidden_but_in_two_packages() {
    let allowed = |package: &&Package| {
        let manifest = std::fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        !manifest.contains("[lints]\nworkspace = true")
    };
    let names: Vec<&str> = packages().values().filter(allowed).map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["fixed-environment", "fuzz"], "these do not inherit the workspace's lints");
}

#[test]
fn the_readme_of_the_dax_client_shows_a_test_that_runs() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let file = read("dax/server/tests/readme.rs");
    let (_lints, test) = file.split_once("\n\n").unwrap();
    assert!(read("dax/client/README.md").contains(test), "it differs from dax/server/tests/readme.rs");
}
