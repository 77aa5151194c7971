//! The functions are told exactly what they ask for: no variable misspelt, none forgotten, none left over.

use std::{cell::RefCell, collections::BTreeSet};

use super::document;
use super::render::Rendered;

/// Asked for by the functions, and never set in a deployed stack: they lead to a local table.
const LOCAL_ONLY: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "DDB_LOCAL"];
/// Set by Lambda for every function.
const OF_THE_PLATFORM: [&str; 4] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Read by nobody: makes every release a change of the function.
const RELEASE: &str = "RELEASE_ID";

/// Every name that a function looks up while it reads its settings, but for those that Lambda sets.
fn asked_for<C, E>(read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<C, E>) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    let _ = read(&|name| {
        names.borrow_mut().insert(name.to_owned());
        // With this value the keys table is asked for as well.
        (name == "WRITER_AUTH").then(|| "API_KEY".to_owned())
    });
    names.into_inner().into_iter().filter(|name| !OF_THE_PLATFORM.contains(&name.as_str())).collect()
}

fn check(function: &str, asked_for: &BTreeSet<String>) {
    let stack = Rendered::new(&document(), &[]);
    let told = stack.properties(function)["Environment"]["Variables"].as_object().unwrap();
    let told: BTreeSet<&str> = told.keys().map(String::as_str).filter(|name| *name != RELEASE).collect();
    let asked_for: BTreeSet<&str> =
        asked_for.iter().map(String::as_str).filter(|name| !LOCAL_ONLY.contains(name)).collect();
    assert_eq!(told, asked_for, "{function}");
}

#[test]
fn the_redirector_is_told_what_it_asks_for() {
    check("Redirector", &asked_for(|lookup| redirector::Config::from_vars(lookup)));
}

#[test]
fn the_writer_is_told_what_it_asks_for() {
    check("Writer", &asked_for(|lookup| writer::Config::from_vars(lookup)));
}
