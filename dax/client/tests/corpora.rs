//! Replays the committed corpora of the fuzz targets, so that they need neither a nightly compiler nor an hour.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "the targets cut slices where they know the length")]

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn cbor() {
    replay("cbor", targets::cbor);
}

#[test]
fn response() {
    replay("response", targets::response);
}

#[test]
fn expression() {
    replay("expression", targets::expression);
}

#[expect(clippy::print_stdout, reason = "shows which input failed")]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
