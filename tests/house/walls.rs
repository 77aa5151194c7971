//! What a room never knows: crates that its manifest must not name, and names that its product code must not mention.

use std::path::Path;

use crate::modules::Tree;
use crate::resolve::{Place, Trees};
use crate::workspace::{Package, packages, shown};

/// What one package never knows.
struct Wall {
    package: &'static str,
    /// Crates, as the code names them, that product code must not depend on.
    crates: &'static [&'static str],
    /// Paths that product code must not mention, and the folders or files of `src` that may.
    paths: &'static [(&'static str, &'static [&'static str])],
}

const ENVIRONMENT: (&str, &[&str]) = ("std::env", &[]);
const WALL_CLOCK: (&str, &[&str]) = ("std::time::SystemTime::now", &[]);
/// What a function prints is a line of its log, which has a timestamp and a level.
const OUTPUT: [(&str, &[&str]); 2] = [("std::io::stdout", &[]), ("std::io::stderr", &[])];
const SOCKETS: [(&str, &[&str]); 2] = [("std::net::Tcp", &[]), ("tokio::net", &[])];

/// For each package, what "never knows" in ARCHITECTURE.md says.
const WALLS: &[Wall] = &[
    Wall {
        package: "dax-protocol",
        crates: &["aws_sdk_dynamodb", "rustls", "tokio"],
        paths: &[ENVIRONMENT, WALL_CLOCK, SOCKETS[0], SOCKETS[1]],
    },
    Wall {
        package: "fixed-environment",
        crates: &["function", "lambda_runtime", "tokio"],
        paths: &[WALL_CLOCK, OUTPUT[0], OUTPUT[1]],
    },
    Wall {
        package: "dynamodb-json",
        crates: &["dax_client", "dax_protocol", "tokio"],
        paths: &[ENVIRONMENT, WALL_CLOCK],
    },
    Wall {
        package: "dax-client",
        crates: &["dax_server", "dynamodb_json", "function", "lambda_runtime", "links"],
        paths: &[ENVIRONMENT, WALL_CLOCK, ("tokio::net", &["connector.rs", "net"])],
    },
    Wall {
        package: "dax-bridge",
        crates: &["dax_protocol", "dax_server", "function", "lambda_runtime", "links"],
        paths: &[ENVIRONMENT, WALL_CLOCK],
    },
    Wall {
        package: "dax-server",
        crates: &["dax_client", "function", "lambda_local", "lambda_runtime", "links"],
        // The library does not know the client, which a bridge has inside. The program does.
        paths: &[("dax_bridge", &["main.rs", "bridge.rs"]), ("dax_client", &["bridge.rs"])],
    },
    Wall {
        package: "links",
        crates: &["aws_lambda_events", "function", "http", "hyper", "lambda_runtime", "rand"],
        paths: &[
            ENVIRONMENT,
            WALL_CLOCK,
            ("std::time::Instant::now", &[]),
            SOCKETS[0],
            SOCKETS[1],
            OUTPUT[0],
            OUTPUT[1],
        ],
    },
    Wall {
        package: "function",
        crates: &["aws_sdk_dynamodb", "dax_client", "links"],
        paths: &[
            ("std::env", &["start.rs"]),
            ("std::time::SystemTime::now", &["log.rs"]),
            (OUTPUT[0].0, &["log.rs"]),
            (OUTPUT[1].0, &["log.rs"]),
        ],
    },
    Wall {
        package: "redirector",
        crates: &["aws_lambda_events", "aws_sdk_dynamodb", "dax_client", "writer"],
        paths: &[
            ("links::LinkWriter", &[]),
            ("links::DaxStore", &[]),
            ("links::DynamoDbStore", &[]),
            ("links::KeysTable", &[]),
            ("std::env", &["main.rs"]),
            ("std::time::SystemTime::now", &["main.rs"]),
            OUTPUT[0],
            OUTPUT[1],
        ],
    },
    Wall {
        package: "writer",
        crates: &["aws_sdk_dynamodb", "dax_client", "redirector"],
        paths: &[("std::env", &["main.rs"]), ("std::time::SystemTime::now", &["main.rs"]), OUTPUT[0], OUTPUT[1]],
    },
    Wall {
        package: "clicks",
        crates: &["aws_sdk_dynamodb", "dax_client", "writer"],
        paths: &[
            ("redirector::", &["event/edge.rs"]),
            ("links::LinkReader", &[]),
            ("links::LinkWriter", &[]),
            ("links::DaxStore", &[]),
            ("links::DynamoDbStore", &[]),
            ("links::KeysTable", &[]),
            ("std::env", &["main.rs"]),
            ("std::time::SystemTime::now", &["main.rs"]),
            OUTPUT[0],
            OUTPUT[1],
        ],
    },
    Wall {
        package: "template",
        crates: &["aws_config", "aws_sdk_cloudformation", "links", "tokio"],
        paths: &[ENVIRONMENT],
    },
    Wall {
        package: "loopback-guard",
        crates: &["dax_server", "dynoxide", "lambda_local", "links"],
        paths: &[ENVIRONMENT, WALL_CLOCK],
    },
    Wall {
        package: "lambda-local",
        crates: &["aws_sdk_dynamodb", "dax_client", "dax_server", "dynoxide", "links", "redirector", "writer"],
        paths: &[],
    },
    Wall { package: "local", crates: &["redirector", "writer"], paths: &[("links::", &["shortener"])] },
    Wall {
        package: "infra",
        crates: &["dax_client", "dax_server", "function", "lambda_runtime", "local", "redirector", "writer"],
        paths: &[(
            "links::",
            &["transfer", "command/hosts.rs", "command/import.rs", "command/keys", "command/takedown.rs"],
        )],
    },
    Wall { package: "e2e", crates: &["dax_client", "dax_server", "links", "redirector", "writer"], paths: &[] },
    Wall { package: "fuzz", crates: &["dax_client", "dax_server", "links", "redirector", "writer"], paths: &[] },
    Wall {
        package: "scale",
        crates: &["dax_client", "dax_server", "links", "redirector", "tokio", "writer"],
        paths: &[ENVIRONMENT, WALL_CLOCK],
    },
    Wall { package: "house", crates: &[], paths: &[] },
];

#[test]
fn every_package_has_a_wall() {
    let walled = |name: &String| WALLS.iter().any(|wall| wall.package == name);
    let without: Vec<&String> = packages().keys().filter(|name| !walled(name)).collect();
    assert!(without.is_empty(), "say in WALLS what these never know: {without:?}");
    assert!(WALLS.iter().all(|wall| packages().contains_key(wall.package)), "WALLS names a package that is gone");
}

#[test]
fn a_room_knows_nothing_beyond_its_walls() {
    let mut breaches = Vec::new();
    for wall in WALLS {
        let Some(package) = packages().get(wall.package) else { continue };
        let named = wall.crates.iter().filter(|&&name| package.externs.contains(name));
        breaches.extend(named.map(|name| format!("{} depends on {name}", wall.package)));
        breaches.extend(mentions(package, wall.paths));
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

fn mentions(package: &Package, paths: &[(&str, &[&str])]) -> Vec<String> {
    let mut breaches = Vec::new();
    for root in &package.roots {
        let trees = Trees(vec![Tree::read(&root.name, &root.file)]);
        let source = root.file.parent().unwrap();
        for place in trees.places() {
            let module = trees.module(place);
            let imports = module.imports.iter().map(|import| (&import.path, import.line));
            for (path, line) in imports.chain(module.mentions.iter().map(|mention| (&mention.path, mention.line))) {
                let full = full_path(&trees, place, path);
                for (never, places) in paths {
                    let is_permitted =
                        places.iter().any(|place| module.file.starts_with(source.join(Path::new(place))));
                    if full.starts_with(never) && !is_permitted {
                        breaches.push(format!("{}:{line} mentions {full}", shown(&module.file)));
                    }
                }
            }
        }
    }
    breaches
}

/// The path as it is from outside the module: `now` in `use std::time::SystemTime; SystemTime::now` is `std::time::…`.
fn full_path(trees: &Trees, place: Place, path: &[String]) -> String {
    let imported = trees.module(place).imports.iter().find(|import| import.name.as_ref() == path.first());
    match imported {
        Some(import) if import.path.first() != path.first() => [&import.path, &path[1..]].concat().join("::"),
        _ => path.join("::"),
    }
}
