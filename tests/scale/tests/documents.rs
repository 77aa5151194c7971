//! docs/scale.md shows what the simulation prints.

use clap::Parser as _;
use scale::{report, settings::Settings};

#[test]
fn the_document_shows_the_tables_as_printed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scale.md");
    let document = std::fs::read_to_string(path).unwrap();
    let check = |command: &str, rows: &str| {
        assert!(
            document.contains(rows),
            "docs/scale.md does not show what `cargo run -p scale {command}` prints:\n{rows}"
        );
    };
    for command in ["", "-- --edge-share 0.9"] {
        let settings = Settings::parse_from(format!("scale {}", command.trim_start_matches("-- ")).split_whitespace());
        let tables = report::tables(&settings);
        let shown = if command.is_empty() { &tables[..] } else { &tables[3..4] };
        shown.iter().for_each(|table| check(command, &table.rows));
    }
    check("-- --figures", &report::figures());
}
