//! The template sets exactly the variables that the functions read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::document;
use super::render::Rendered;

/// Read by the functions, but never set in a deployed stack: they point to a local table and to the certificates of a local
/// cluster.
const LOCAL_ONLY: [&str; 5] =
    ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "DDB_LOCAL", "SSL_CERT_DIR", "SSL_CERT_FILE"];
/// Set by Lambda for every function.
const OF_THE_PLATFORM: [&str; 5] =
    ["AWS_ACCESS_KEY_ID", "AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Not read by any function; makes every release change the function.
const RELEASE: &str = "RELEASE_ID";

/// Every name that a function looks up while it reads its settings, except those that Lambda sets.
fn read_by<C, E>(read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<C, E>) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    let _ = read(&|name| {
        names.borrow_mut().insert(name.to_owned());
        // With these values the functions also read the names of the keys table and of the table of counts.
        let chosen = [("WRITER_AUTH", "API_KEY"), ("CLICKS", "stream")];
        chosen.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    names.into_inner().into_iter().filter(|name| !OF_THE_PLATFORM.contains(&name.as_str())).collect()
}

fn check(function: &str, read_by: &BTreeSet<String>) {
    let stack = Rendered::new(&document(), &[("Cdn", "true")]);
    let set = stack.properties(function)["Environment"]["Variables"].as_object().unwrap();
    let set: BTreeSet<&str> = set.keys().map(String::as_str).filter(|name| *name != RELEASE).collect();
    let read_by: BTreeSet<&str> =
        read_by.iter().map(String::as_str).filter(|name| !LOCAL_ONLY.contains(name)).collect();
    assert_eq!(set, read_by, "{function}");
}

#[test]
fn the_redirector_gets_the_variables_it_reads() {
    check("Redirector", &read_by(|lookup| redirector::Config::from_vars(lookup)));
}

#[test]
fn the_writer_gets_the_variables_it_reads() {
    check("Writer", &read_by(|lookup| writer::Config::from_vars(lookup)));
}

#[test]
fn clicks_gets_the_variables_it_reads() {
    check("ClicksFunction", &read_by(|lookup| clicks::Config::from_vars(lookup)));
}
