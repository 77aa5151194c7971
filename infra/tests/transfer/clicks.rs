//! Clicks that another shortener counted, and the export of counts.

use std::path::Path;

use serde_json::{Value, json};

use super::tables::{Run, Tables};

const FILE: &str = "\
slug,url,created_at,clicks
a,https://example.com/a,2026-01-02,\"1,204\"
b,https://example.com/b,,7
c,https://example.com/c,2026-01-02,0
d,https://example.com/d,2026-01-02,many
e,https://example.com/e,2026-01-02,9
f,ftp://example.com/f,2026-01-02,9
";

fn import(tables: &Tables, text: &str, more: &[&str]) -> Run {
    let options: Vec<_> = ["--output", "json", "import", "--owner", "ann", "--clicks-table", "clicks"].into();
    tables.run("one", &[&options[..], more].concat(), &tables.write("links.csv", text))
}

fn imported(run: &Run) -> Value {
    let mut events = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.find(|event| event["event"] == "imported").unwrap()
}

/// A sum as it is in the table.
fn total(imported: u64, people: Option<u64>, through: Option<&str>) -> Value {
    let mut total = json!({ "imported": { "N": imported.to_string() } });
    if let Some(people) = people {
        total["n"] = json!({ "N": people.to_string() });
        total["b"] = json!({ "N": "0" });
    }
    if let Some(through) = through {
        total["through"] = json!({ "S": through });
    }
    total
}

#[test]
fn clicks_of_before_are_kept_once_however_often_they_are_imported() {
    let tables = Tables::start();
    tables.create_clicks();
    // Another link has the slug.
    tables.put("one", &json!({ "id": { "S": "e" }, "target": { "S": "https://example.com/other" } }));
    for created in [4, 0, 0] {
        let run = import(&tables, FILE, &["--on-conflict", "skip", "--dry-run"]);
        let dry = imported(&run);
        let run = import(&tables, FILE, &["--on-conflict", "skip"]);
        assert_eq!(run.exit, 2, "{run:?}");
        let end = imported(&run);
        // Every line is a link with its clicks, or a link, or reported.
        let names = ["read", "bad", "conflicts", "created", "present", "counted", "clicks"];
        let numbers = names.map(|name| end[name].as_u64().unwrap());
        assert_eq!(numbers, [6, 1, 1, created, 4 - created, 2, 1_211], "{end}");
        assert_eq!((&dry["counted"], &dry["clicks"]), (&end["counted"], &end["clicks"]));
        assert!(run.stdout.contains("clicks whose number is unreadable"), "{run:?}");
        assert_eq!(tables.total("a"), total(1_204, Some(0), Some("2026-01-01")));
        assert_eq!(tables.total("b"), total(7, None, None));
        for slug in ["c", "d", "e", "f"] {
            assert_eq!(tables.total(slug), Value::Null, "{slug}");
        }
    }
    // What was folded meanwhile stays, and another number replaces the first.
    let mut folded = json!({ "of": { "S": "a" }, "day": { "S": "total" } });
    folded.as_object_mut().unwrap().extend(total(1_204, Some(5), Some("2026-10-01")).as_object().unwrap().clone());
    tables.put("clicks", &folded);
    import(&tables, &FILE.replace("1,204", "1,300"), &["--on-conflict", "skip"]);
    assert_eq!(tables.total("a"), total(1_300, Some(5), Some("2026-10-01")));
    // The sum of an earlier link with this slug.
    folded["through"] = json!({ "S": "2025-12-31" });
    tables.put("clicks", &folded);
    import(&tables, FILE, &["--on-conflict", "skip"]);
    assert_eq!(tables.total("a"), total(1_204, Some(0), Some("2026-01-01")));
}

#[test]
fn the_clicks_of_a_bitly_link_with_two_names_are_kept_once() {
    let tables = Tables::start();
    tables.create_clicks();
    let file = "Link,Custom Link,Date created,Title,Destination URL,Engagements,Status\n\
                https://bit.ly/3xA,https://bit.ly/menu,2026-01-02,Menu,https://example.com/menu,\"2,048\",Active\n";
    let run = import(&tables, file, &[]);
    assert_eq!((run.exit, &imported(&run)["clicks"]), (0, &json!(2_048)), "{run:?}");
    assert_eq!((tables.total("3xa"), tables.total("menu")), (total(2_048, Some(0), Some("2026-01-01")), Value::Null));
}

#[test]
fn samples_of_other_shorteners_keep_their_clicks() {
    for (sample, format, clicks) in [
        ("yourls_url.csv", "yourls", 48),
        ("yourls_plugin.csv", "yourls", 12),
        ("shlink_short_urls.csv", "shlink", 1_204),
        ("kutt_links.json", "kutt", 397),
    ] {
        let tables = Tables::start();
        tables.create_clicks();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transfer/samples").join(sample);
        let options = ["--output", "json", "import", "--owner", "ann", "--clicks-table", "clicks", "--from", format];
        let run = tables.run("one", &options, &path);
        let totals = tables.items("clicks");
        let kept = totals.iter().map(|item| item["imported"]["N"].as_str().unwrap().parse::<u64>().unwrap());
        let kept: u64 = kept.sum();
        assert_eq!((kept, imported(&run)["clicks"].as_u64()), (clicks, Some(kept)), "{sample} {}", run.stdout);
    }
}

#[test]
fn all_counts_are_exported() {
    let tables = Tables::start();
    tables.create_clicks();
    let count = |number: u64| json!({ "N": number.to_string() });
    for (of, day) in [("b", "2026-11-26"), ("a", "2026-11-26"), ("a", "2026-11-25"), ("@ann", "2026-11-26")] {
        let item = json!({ "of": { "S": of }, "day": { "S": day }, "s07": count(3), "c_DE": count(3) });
        tables.put("clicks", &item);
    }
    tables.put("clicks", &json!({ "of": { "S": "a" }, "day": { "S": "total" }, "n": count(9), "imported": count(4) }));
    tables.put("clicks", &json!({ "of": { "S": "!salt" }, "day": { "S": "2026-11-26" }, "salt": { "B": "c2VjcmV0" } }));
    let file = tables.path("clicks.jsonl");
    let said = tables.done("clicks", &["clicks", "export"], &file);
    assert!(said.contains("5 lines of table clicks"), "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys: Vec<_> = lines
        .iter()
        .map(|line| (line["owner"].as_str().or_else(|| line["slug"].as_str()).unwrap(), line["day"].as_str()))
        .collect();
    let day = Some("2026-11-26");
    assert_eq!(keys, [("ann", day), ("a", Some("2026-11-25")), ("a", day), ("a", None), ("b", day)]);
    assert_eq!(lines[3]["total"], json!({ "clicks": 9, "bots": 0, "imported": 4 }));
    let file = tables.path("clicks.csv");
    tables.done("clicks", &["clicks", "export", "--format", "csv"], &file);
    let rows = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<_> = rows.lines().collect();
    assert_eq!((rows.len(), rows[0]), (1 + 4 * 2 + 2, "slug,owner,day,counter,value,count"));
    assert!(rows.contains(&",ann,2026-11-26,clicks,03:30,3") && rows.contains(&"a,,,imported,,4"), "{rows:?}");
    for text in [text, rows.concat()] {
        assert!(!text.contains("salt") && !text.contains("secret"), "{text}");
    }
    let run = tables.run("one", &["clicks", "export"], &tables.path("none"));
    assert!(run.exit == 1 && run.stderr.contains("not a table of counts of clicks"), "{run:?}");
}
