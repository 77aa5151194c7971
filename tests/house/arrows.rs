//! The packages use each other as the table in ARCHITECTURE.md says, and not otherwise.
//!
//! Its lines are `package ─► used, used (tests: used)`: what product code uses, and what only tests, benches and examples
//! use besides.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{packages, root};

type Uses = (BTreeSet<String>, BTreeSet<String>);

/// What precedes the table.
const MARK: &str = "<!-- arrows: compared with the manifests by tests/house -->\n\n```\n";

#[test]
fn packages_use_each_other_as_the_architecture_says() {
    let described: BTreeMap<String, Uses> = table().lines().map(arrow).collect();
    let actual: BTreeMap<String, Uses> = packages()
        .iter()
        .map(|(name, package)| (name.clone(), (package.uses.clone(), package.tests_use.clone())))
        .collect();
    assert_eq!(actual, described, "left: the manifests, right: ARCHITECTURE.md");
}

#[test]
fn a_line_of_the_table_is_read() {
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(arrow("alone"), ("alone".to_owned(), (set(&[]), set(&[]))));
    assert_eq!(arrow("one   ─► two, three"), ("one".to_owned(), (set(&["two", "three"]), set(&[]))));
    assert_eq!(arrow("one ─► two (tests: three, four)").1, (set(&["two"]), set(&["three", "four"])));
    assert_eq!(arrow("one ─► (tests: two)").1, (set(&[]), set(&["two"])));
}

fn table() -> String {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, from_table) = text.split_once(MARK).expect("ARCHITECTURE.md has the table of arrows");
    from_table.split_once("```").unwrap().0.to_owned()
}

fn arrow(line: &str) -> (String, Uses) {
    let (name, used) = line.split_once("─►").unwrap_or((line, ""));
    let (product, tests) = used.split_once("(tests:").unwrap_or((used, ""));
    (name.trim().to_owned(), (names(product), names(tests.trim_end_matches([')', ' ']))))
}

fn names(list: &str) -> BTreeSet<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}
