//! Links exported from one table and imported into another do not change, whatever happens in between.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tables::Tables;

/// A link whose attributes depend on its number.
fn link(number: u64) -> Value {
    // Spread, so that no two neighbours are alike.
    let dice = |sides: u64, salt: u64| {
        let spread = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (salt << 20));
        (spread >> 33) % sides
    };
    let one_of = |names: &[&str], salt: u64| names[dice(names.len() as u64, salt) as usize].to_owned();
    let slug = match dice(4, 1) {
        0 => format!("l{number}"),
        1 => format!("l-{number}"),
        2 => format!("l_{number}-{}", "x".repeat(50)),
        _ => format!("{number}z"),
    };
    let target = match dice(4, 2) {
        0 => "https://example.com".to_owned(),
        1 => format!("https://example.com/a/{number}?q=%C3%BC&r=\"<>\\#top"),
        2 => format!("https://example.com/{}", "long".repeat(1 + dice(2_000, 3) as usize)),
        _ => "javascript:alert(1) // stored by the AWS sample".to_owned(),
    };
    let mut item = json!({ "id": { "S": slug }, "target": { "S": target } });
    if dice(5, 4) == 0 {
        return item; // of the AWS sample
    }
    let time = |salt| json!({ "N": (1_500_000_000 + dice(600_000_000, salt)).to_string() });
    let mut put = |name: &str, chance: u64, value: Value| {
        if dice(chance, name.bytes().map(u64::from).sum()) == 0 {
            item[name] = value;
        }
    };
    put("owner", 1, json!({ "S": one_of(&["ann", "bob", "arn:aws:iam::111122223333:user/zoë"], 5) }));
    put("created_at", 1, time(6));
    put("version", 1, json!({ "N": (1 + dice(9, 7)).to_string() }));
    put("updated_at", 2, time(8));
    put("valid_from", 4, time(9));
    put("expires_at", 3, time(10));
    put("ttl", 3, time(11));
    put("state", 3, json!({ "S": one_of(&["active", "disabled", "deleted", "blocked", "blocked_legal"], 12) }));
    put("restores_to", 5, json!({ "S": "disabled" }));
    put("unblocks_to", 5, json!({ "S": "deleted" }));
    put("held", 5, json!({ "BOOL": true }));
    put("updated_by", 2, json!({ "S": "key:0123abcd" }));
    put("redirect", 3, json!({ "N": one_of(&["301", "302", "307", "308"], 13) }));
    put("cache_seconds", 4, json!({ "N": dice(86_401, 14).to_string() }));
    put("permanent", 4, json!({ "BOOL": dice(2, 15) == 0 }));
    put("forward_query", 4, json!({ "BOOL": true }));
    put("expired_url", 6, json!({ "S": "https://example.com/gone" }));
    put("tags", 3, json!({ "L": [{ "S": "b" }, { "S": "a" }, { "S": "" }] }));
    put("note", 3, json!({ "S": "two\nlines, \"quotes\", \u{1f600}\u{2028}\t\u{7f}" }));
    if dice(7, 16) == 0 {
        put("idempotency_key", 1, json!({ "S": "0f".repeat(16) }));
        put("request_digest", 1, json!({ "S": "a1".repeat(16) }));
    }
    // What no version knows.
    put("clicks", 5, json!({ "N": "123456789012345678901234567890.5" }));
    put("hosts", 5, json!({ "SS": ["b.example", "a.example"] }));
    put("weights", 6, json!({ "NS": ["2.5", "-1", "10"] }));
    put("raw", 6, json!({ "B": "AAECAwQ=" }));
    put("raws", 7, json!({ "BS": ["AQ==", "/w=="] }));
    put("nested", 6, json!({ "M": { "z": { "L": [{ "NULL": true }, { "M": {} }] }, "a": { "BOOL": false } } }));
    item
}

fn filled(links: u64) -> Tables {
    let tables = Tables::start();
    for number in 0..links {
        tables.put("one", &link(number));
    }
    tables
}

#[test]
fn a_thousand_links_come_back_as_they_were() {
    let tables = filled(1_000);
    let (first, second) = (tables.path("first.jsonl"), tables.path("second.jsonl"));

    let said = tables.done("one", &["export"], &first);
    assert!(said.contains("1000 links of table one"), "{said}");
    let said = tables.done("two", &["import"], &first);
    assert!(said.contains("new") && said.contains("1000"), "{said}");
    tables.done("two", &["export"], &second);

    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap());
    let (one, two) = (tables.items("one"), tables.items("two"));
    assert_eq!(one.len(), 1_000);
    assert_eq!(one, two);
    assert_eq!(tables.files(), ["first.jsonl", "second.jsonl"]);

    // Sorted by slug, one object a line, and links of the AWS sample with nothing added.
    let text = std::fs::read_to_string(&first).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.is_sorted_by_key(|line| line["slug"].as_str().unwrap().to_owned()));
    assert!(lines.iter().any(|line| line.as_object().unwrap().len() == 2));
}

#[test]
fn standard_output_and_input_do_as_well() {
    let tables = filled(50);
    let file = tables.path("links.jsonl");
    tables.done("one", &["export"], &file);
    let text = tables.done("one", &["export"], "-".as_ref());
    assert_eq!(text, std::fs::read_to_string(&file).unwrap());

    let mut import = tables.command("two", &["import"], "-".as_ref());
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    assert_eq!(tables.items("one"), tables.items("two"));
}

#[test]
fn an_import_that_was_killed_goes_on() {
    let tables = filled(3_000);
    let file = tables.path("links.jsonl");
    tables.done("one", &["export"], &file);

    let mut import = tables.command("two", &["import"], &file);
    let mut import = import.stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while tables.items("two").is_empty() {
        assert!(Instant::now() < deadline, "nothing is imported");
        std::thread::yield_now();
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let before = tables.items("two").len();
    assert!(before < 3_000, "it was over before it was killed");

    let said = tables.done("two", &["--output", "json", "import"], &file);
    let end: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(end["present"].as_u64().unwrap() + end["created"].as_u64().unwrap(), 3_000);
    assert!(end["present"].as_u64().unwrap() >= before as u64, "{end}");
    assert_eq!(tables.items("one"), tables.items("two"));
}

#[test]
fn an_empty_table_is_an_empty_file() {
    let tables = Tables::start();
    let file = tables.path("links.jsonl");
    tables.done("one", &["export"], &file);
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    tables.done("two", &["import"], &file);
    assert_eq!(tables.items("two").len(), 0);
}

#[test]
fn an_item_that_is_not_a_link_is_exported_and_named() {
    let tables = Tables::start();
    tables.put("one", &json!({ "id": { "S": "Not.A.Slug" }, "target": { "S": "https://example.com" } }));
    tables.put("one", &link(1));
    let file = tables.path("links.jsonl");
    let said = tables.done("one", &["export"], &file);
    assert!(said.contains("\"Not.A.Slug\" is not a link") && said.contains("1 of them"), "{said}");
    let run = tables.run("two", &["import"], &file);
    assert_eq!(run.exit, 2, "{run:?}");
    assert!(run.stdout.contains("\"slug\" is invalid"), "{run:?}");
    assert_eq!(tables.items("two").len(), 1);
}

#[test]
fn a_missing_table_is_named() {
    let tables = Tables::start();
    let run = tables.run("three", &["export"], &tables.path("links.jsonl"));
    assert_eq!(run.exit, 1);
    assert!(run.stderr.contains("cannot describe table three"), "{run:?}");
    assert!(tables.files().is_empty());
}
