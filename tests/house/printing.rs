//! What the functions print: lines of the log, each with a timestamp and a level, and nothing else. Lambda counts anything
//! else as `INFO`, and drops it when the stack logs only warnings and errors. `WALLS` says who may use the streams; here are
//! the macros.

use crate::workspace::{packages, rust_files, shown};

const FUNCTIONS: [&str; 6] = ["clicks", "dax-client", "function", "links", "redirector", "writer"];
const MACROS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
/// The one text for a person who starts a function by hand, which Lambda never does.
const FOR_A_PERSON: &str = "eprintln!(\"This is a Lambda function;";

#[test]
fn functions_print_only_through_the_log() {
    let sources = FUNCTIONS.iter().flat_map(|name| rust_files(&packages()[*name].folder.join("src")));
    let mut found = Vec::new();
    let mut is_told = 0;
    for file in sources {
        let text = std::fs::read_to_string(&file).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for (number, line) in product.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with(FOR_A_PERSON) {
                is_told += 1;
            } else if !code.starts_with("//") && MACROS.iter().any(|name| is_called(code, name)) {
                found.push(format!("{}:{}: {code}", shown(&file), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(is_told, 1, "FOR_A_PERSON is not what the function says");
}

/// Whether the macro itself is in the line, and not another one whose name ends like it.
fn is_called(code: &str, name: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    code.match_indices(name).any(|(at, _)| !code.as_bytes()[..at].last().is_some_and(letter))
}
