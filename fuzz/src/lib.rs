//! Fuzz targets: replayed by plain `cargo test`, searched with coverage guidance by `fuzz/run.sh`.
//!
//! A target is a test in a module `targets` that calls [`run`] with its name and a function that takes any bytes and
//! panics if an invariant does not hold. As a test it may use what is private to its package, so no package opens doors
//! for fuzzing. `corpus/NAME` holds its inputs, one a line, in Base64.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};

#[cfg(feature = "libfuzzer")]
mod guided;

/// Checks every input of the target's corpus; or, under `fuzz/run.sh`, as many new ones as the time allows.
///
/// # Panics
/// If `check` does, after printing the input, or if there is no readable corpus.
#[cfg_attr(feature = "libfuzzer", expect(unreachable_code, reason = "a search does not return"))]
pub fn run(target: &str, check: fn(&[u8])) {
    #[cfg(feature = "libfuzzer")]
    return guided::run(target, check);
    for input in corpus(target) {
        println!("{target}: {}", BASE64_STANDARD.encode(&input));
        check(&input);
    }
}

/// The committed inputs of a target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let path = folder().join("corpus").join(target);
    let lines = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let decode =
        |line| BASE64_STANDARD.decode(line).unwrap_or_else(|error| panic!("{}: {line}: {error}", path.display()));
    let inputs: Vec<_> = lines.lines().map(decode).collect();
    assert!(!inputs.is_empty(), "{} is empty", path.display());
    inputs
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
