//! What comes along when one package is built alone.

use crate::workspace::cargo;

/// A package, and the beginnings of names that its tree of dependencies must not contain.
const NEVER_PULLS: [(&str, &[&str]); 7] = [
    ("dax-protocol", &["aws-", "tokio", "dax-client", "dax-server", "links", "lambda", "aws_lambda"]),
    ("dynamodb-json", &["dax-", "links", "lambda", "aws_lambda"]),
    ("dax-client", &["dax-server", "dynoxide", "links", "lambda", "aws_lambda"]),
    ("dax-bridge", &["dax-server", "dynoxide", "clap", "links", "lambda", "aws_lambda"]),
    // The bridge, which has the client inside, is a feature of the program.
    ("dax-server", &["dax-client", "links", "lambda", "aws_lambda", "function", "redirector", "writer"]),
    ("lambda-local", &["dax-", "links", "aws-", "dynoxide", "lambda_runtime"]),
    ("redirector", &["writer", "aws_lambda_events", "dax-server", "dynoxide", "clap"]),
];

#[test]
fn a_package_alone_pulls_nothing_from_other_rooms() {
    let mut found = Vec::new();
    for (package, never) in NEVER_PULLS {
        for name in tree(package) {
            if never.iter().any(|&start| name.starts_with(start)) && name != package {
                found.push(format!("{package} pulls {name}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The names of all packages that are built for one, without its tests.
fn tree(package: &str) -> Vec<String> {
    let mut arguments = vec!["tree", "--package", package, "--edges=normal,build", "--prefix=none", "--format={p}"];
    if package == "dax-server" {
        arguments.extend(["--no-default-features", "--features=command"]);
    }
    if package == "redirector" {
        // Its manifest names what its command needs, too. The library uses none of it, so it is compiled but not linked.
        arguments.push("--prune=iptocc");
    }
    let output = cargo(&arguments);
    let names = output.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}
