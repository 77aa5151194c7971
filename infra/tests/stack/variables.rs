//! The functions are told exactly what they ask for: no variable misspelt, none forgotten, none left over.

use std::collections::BTreeSet;

use super::render::Rendered;
use super::template;

/// Asked for by the functions, and never set in a deployed stack: they lead to a local table.
const LOCAL_ONLY: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "DDB_LOCAL"];
/// Read by nobody: makes every release a change of the function.
const RELEASE: &str = "RELEASE_ID";

fn check(function: &str, asked_for: &[&str]) {
    let stack = Rendered::new(&template(), &[]);
    let told = stack.properties(function)["Environment"]["Variables"].as_object().unwrap();
    let told: BTreeSet<&str> = told.keys().map(String::as_str).filter(|name| *name != RELEASE).collect();
    let asked_for: BTreeSet<&str> = asked_for.iter().copied().filter(|name| !LOCAL_ONLY.contains(name)).collect();
    assert_eq!(told, asked_for, "{function}");
}

#[test]
fn the_redirector_is_told_what_it_asks_for() {
    check("Redirector", &redirector::VARIABLES);
}

#[test]
fn the_writer_is_told_what_it_asks_for() {
    check("Writer", &writer::VARIABLES);
}
