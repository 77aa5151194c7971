//! Fuzz targets: see `fuzz/README.md`.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::ValueEnum as _;
use links::item::{Item, to_link};
use links::{Slug, TargetRules, TargetUrl};

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
        keeps_clicks: true,
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
        assert_eq!(ordered(line::decode(&text).unwrap()), ordered((slug, item)), "{text}");
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
    assert_eq!(ordered(line::decode(&written).unwrap()), ordered((slug, item)), "{written}");
}

/// The same with its sets in order: they have none, and an export sorts them.
fn ordered((slug, mut item): (Slug, Item)) -> (Slug, Item) {
    item.values_mut().for_each(order);
    (slug, item)
}

fn order(value: &mut AttributeValue) {
    match value {
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.sort(),
        AttributeValue::Bs(blobs) => blobs.sort_by(|left, right| left.as_ref().cmp(right.as_ref())),
        AttributeValue::L(values) => values.iter_mut().for_each(order),
        AttributeValue::M(map) => map.values_mut().for_each(order),
        _ => {}
    }
}
