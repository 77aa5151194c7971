//! What goes in comes out or is reported: a thousand links with hostile titles, through every format and dialect.

mod dialects;
mod hostile;

use aws_sdk_dynamodb::types::AttributeValue;
use links::TargetRules;
use serde_json::{Value, json};

use super::{Format, Outcome, Source, Terms};
use crate::transfer::input::Input;
use crate::transfer::load;
use dialects::{batch, csv, csv_of_yourls, mysqldump, outfile, php, phpmyadmin_csv, phpmyadmin_sql, raw};
use hostile::{Foreign, expected, links};

/// What a dialect can carry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    /// Every title.
    All,
    /// Not every title; the others are reported.
    Some,
}

/// Reads a file as an import does, and compares every link with the original, title by title.
#[track_caller]
fn check(bytes: &[u8], format: Format, links: &[Foreign], carries: Carries) {
    let input = Input::Memory(bytes.to_vec());
    let source = Source::open(format, &input, None).unwrap();
    let terms = Terms {
        owner: "ann".to_owned(),
        rules: TargetRules::default(),
        domain: None,
        created_at: None,
        forward_query: false,
        keeps_clicks: true,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let mut wanted = expected(links);
    let (mut records, mut reports) = (0, Vec::new());
    let checked = load::check(source.records(&terms).unwrap(), |record| {
        records += 1;
        match &record.outcome {
            Outcome::Link(slug, item) => {
                let found = wanted.remove(slug.as_str());
                let text = |name: &str| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned();
                assert_eq!(text("target").zip(Some(text("note"))), found, "{slug}, {}", source.about);
            }
            Outcome::Bad(reason) => reports.push(format!("{}: {reason}", record.place)),
            Outcome::Skipped(_) => {}
        }
    });
    assert_eq!((checked.all(), checked.bad), (records, reports.len() as u64));
    assert!(records >= links.len() as u64, "{records} records, {}", source.about);
    match carries {
        Carries::All => assert_eq!((wanted.len(), reports.len()), (0, 0), "{wanted:?}\n{reports:#?}"),
        Carries::Some => {
            // At least one report for each link that is missing, and most links are there.
            assert!(reports.len() >= wanted.len(), "{} missing, {} reports", wanted.len(), reports.len());
            assert!(wanted.len() < links.len() / 2, "{} are missing", wanted.len());
        }
    }
}

/// Links whose titles a table that is split at tabs and line ends can carry.
fn flat(links: &[Foreign]) -> Vec<Foreign> {
    let flat = links.iter().filter(|link| !link.title.contains(['\t', '\n', '\r']));
    flat.cloned().collect()
}

/// Links as a table can carry them in which these words, without quotes, stand for no title.
fn without(words: &[&str], links: &[Foreign]) -> Vec<Foreign> {
    let title = |title: &str| if words.contains(&title) { String::new() } else { title.to_owned() };
    links.iter().map(|link| Foreign { title: title(&link.title), ..link.clone() }).collect()
}

#[test]
fn the_mysql_client() {
    check(&batch(&links()), Format::Yourls, &without(&["NULL"], &links()), Carries::All);
    check(&raw(&links()), Format::Yourls, &without(&["NULL", "\\N"], &links()), Carries::Some);
    check(&raw(&flat(&links())), Format::Yourls, &without(&["NULL", "\\N"], &flat(&links())), Carries::All);
}

#[test]
fn outfiles_of_mysql() {
    for (delimiter, enclosed) in [('\t', None), ('\t', Some('"')), (',', Some('"')), (';', Some('"')), (',', None)] {
        let file = outfile(&links(), delimiter, enclosed);
        let words: &[_] = if enclosed.is_none() { &["NULL"] } else { &[] };
        check(&file, Format::Yourls, &without(words, &links()), Carries::All);
    }
}

#[test]
fn csv_with_doubled_quotes() {
    for delimiter in [b',', b';', b'|'] {
        check(&csv_of_yourls(&links(), delimiter), Format::Yourls, &without(&["NULL", "\\N"], &links()), Carries::Some);
    }
    check(&phpmyadmin_csv(&links(), ","), Format::Yourls, &links(), Carries::Some);
    check(&phpmyadmin_csv(&links(), ";"), Format::Yourls, &links(), Carries::Some);
    check(&php(&links()), Format::Yourls, &without(&["NULL"], &links()), Carries::Some);
}

#[test]
fn spreadsheets() {
    let table = |delimiter| csv(&links(), delimiter, &["slug", "url", "note"], plain);
    let nulls = without(&["NULL", "\\N"], &links());
    check(&table(b','), Format::Auto, &nulls, Carries::Some);
    let mut marked = b"\xef\xbb\xbfsep=;\r\n".to_vec();
    marked.extend(table(b';'));
    check(&marked, Format::Auto, &nulls, Carries::Some);
    let wide: Vec<u16> = std::iter::once(0xfeff).chain(str::from_utf8(&table(b'\t')).unwrap().encode_utf16()).collect();
    let wide: Vec<u8> = wide.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    check(&wide, Format::Auto, &nulls, Carries::Some);
}

fn plain(link: &Foreign) -> Vec<String> {
    vec![link.slug.clone(), link.url.clone(), link.title.clone()]
}

#[test]
fn sql_dumps() {
    check(&mysqldump(&links()), Format::Auto, &links(), Carries::All);
    check(&phpmyadmin_sql(&links()), Format::Auto, &links(), Carries::All);
}

#[test]
fn csv_of_other_shorteners() {
    let short = |link: &Foreign| format!("https://s.example/{}", link.slug);
    let row = |link: &Foreign, cells: [&str; 6]| {
        let cell = |name: &&str| match *name {
            "SHORT" => short(link),
            "SLUG" => link.slug.clone(),
            "URL" => link.url.clone(),
            "TITLE" => link.title.clone(),
            other => other.to_owned(),
        };
        cells.iter().map(cell).collect::<Vec<_>>()
    };
    let date = "2026-06-01T08:30:00Z";
    for (header, cells) in [
        (
            ["createdAt", "shortCode", "shortUrl", "longUrl", "title", "visits"],
            [date, "SLUG", "SHORT", "URL", "TITLE", "0"],
        ),
        (
            ["Link", "Date created", "Title", "Destination URL", "Engagements", "Status"],
            ["SHORT", date, "TITLE", "URL", "1,234", "Active"],
        ),
        (
            ["Short link", "Destination URL", "Title", "Clicks", "Created at", "Archived"],
            ["SHORT", "URL", "TITLE", "3", date, "false"],
        ),
        (
            ["idString", "shortURL", "originalURL", "title", "createdAt", "tags"],
            ["lnk_1", "SHORT", "URL", "TITLE", date, ""],
        ),
    ] {
        let file = csv(&links(), b',', &header, |link| row(link, cells));
        check(&file, Format::Auto, &links(), Carries::Some);
    }
}

#[test]
fn json_of_other_shorteners() {
    let page = |member: &str, link: &dyn Fn(&Foreign) -> Value| {
        let links: Vec<_> = links().iter().map(link).collect();
        json!({ member: links }).to_string().into_bytes()
    };
    let bitly = page(
        "links",
        &|link| json!({ "id": format!("bit.ly/{}", link.slug), "long_url": link.url, "title": link.title }),
    );
    check(&bitly, Format::Auto, &links(), Carries::All);
    let kutt = page(
        "data",
        &|link| json!({ "address": link.slug, "target": link.url, "description": link.title, "domain": null }),
    );
    check(&kutt, Format::Auto, &links(), Carries::All);
    let sink = page(
        "links",
        &|link| json!({ "id": "x", "slug": link.slug, "url": link.url, "comment": link.title, "createdAt": 1_700_000_000 }),
    );
    check(&sink, Format::Auto, &links(), Carries::All);
}

#[test]
fn our_own_lines() {
    let line = |link: &Foreign| json!({ "slug": link.slug, "url": link.url, "note": link.title }).to_string();
    let lines: Vec<_> = links().iter().map(line).collect();
    let file = Input::Memory(lines.join("\n").into_bytes());
    let records: Vec<_> = super::jsonl::read(file.reopen().unwrap()).collect();
    assert_eq!(records.len(), links().len());
    for (record, link) in records.iter().zip(links()) {
        let Outcome::Link(slug, item) = &record.outcome else {
            panic!("{record:?}");
        };
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        assert_eq!(
            (slug.as_str(), text("target"), text("note")),
            (link.slug.as_str(), Some(link.url), Some(link.title))
        );
    }
}
