//! Fuzz targets: see `fuzz/README.md`.

use clap::ValueEnum as _;
use links::item::to_link;
use links::{TargetRules, TargetUrl};

use super::{
    input::Input,
    line,
    source::{Format, Outcome, Source, Terms},
};

#[test]
fn import() {
    fuzz::run("import", import_any);
}

#[test]
fn import_line() {
    fuzz::run("import_line", line_any);
}

/// The first byte picks a format, the rest is a file: what is taken is a link that could have been made over the API, and
/// that an export can hold.
fn import_any(input: &[u8]) {
    let Some((pick, file)) = input.split_first() else {
        return;
    };
    let formats = Format::value_variants();
    let format = formats[usize::from(*pick) % formats.len()];
    let terms = Terms {
        owner: "ann".to_owned(),
        rules: TargetRules::default(),
        domain: None,
        created_at: None,
        forward_query: false,
        now: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
    };
    let input = Input::Memory(file.to_vec());
    let Ok(source) = Source::open(format, &input, None) else {
        return;
    };
    for record in source.records(&terms).into_iter().flatten() {
        let Outcome::Link(slug, item) = record.outcome else {
            continue;
        };
        let link = to_link(item.clone()).unwrap();
        assert_eq!(link.slug, slug);
        let text = line::encode(&item).unwrap();
        assert_eq!(line::decode(&text).unwrap(), (slug, item), "{text}");
        if source.format != Format::Kurz {
            assert!(link.owner == "ann" || source.has_owners());
            TargetUrl::parse(link.target.as_str(), &terms.rules).unwrap();
        }
    }
}

/// A line of an export: what is taken is a link, and is written as it was read.
fn line_any(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let Ok((slug, item)) = line::decode(text) else {
        return;
    };
    assert_eq!(to_link(item.clone()).unwrap().slug, slug);
    let written = line::encode(&item).unwrap();
    assert!(!written.contains('\n'));
    assert_eq!(line::decode(&written).unwrap(), (slug, item), "{written}");
}
