//! How an import treats invalid lines, and slugs that lead elsewhere.

use serde_json::{Value, json};

use super::tables::Tables;

const LINES: &str = "\
{\"slug\":\"a\",\"url\":\"https://example.com/a\"}
{\"slug\":\"b\",\"url\":\"https://example.com/b\",\"owner\":\"ann\",\"version\":2}
{\"slug\":\"c\",\"url\":\"https://example.com/c\"}
";

/// A table in which `a` is as in `LINES` and `b` leads elsewhere.
fn tables() -> Tables {
    let tables = Tables::start();
    tables.put("one", &link("a", "https://example.com/a"));
    tables.put("one", &link("b", "https://example.com/other"));
    tables
}

fn link(slug: &str, target: &str) -> Value {
    json!({ "id": { "S": slug }, "target": { "S": target } })
}

/// Imports `LINES` and checks the exit code and how many were created, present, replaced, in conflict, and bad.
fn check(options: &[&str], exit: i32, expected: [u64; 5], b_leads_to: &str, c_is_there: bool) {
    let tables = tables();
    let file = tables.write("links.jsonl", LINES);
    let options: Vec<_> = ["--output", "json", "import"].iter().chain(options).copied().collect();
    let run = tables.run("one", &options, &file);
    assert_eq!(run.exit, exit, "{run:?}");
    let events = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let end = events.into_iter().find(|event| event["event"] == "imported").unwrap();
    let names = ["created", "present", "replaced", "conflicts", "bad"];
    assert_eq!(names.map(|name| end[name].as_u64().unwrap()), expected, "{end}");
    assert_eq!(tables.item("one", "b")["target"]["S"], b_leads_to);
    assert_eq!(!tables.item("one", "c").is_null(), c_is_there);
}

#[test]
fn on_conflict_decides() {
    let (old, new) = ("https://example.com/other", "https://example.com/b");
    check(&["--on-conflict", "skip"], 0, [1, 1, 0, 1, 0], old, true);
    check(&["--on-conflict", "replace"], 0, [1, 1, 1, 0, 0], new, true);
    check(&["--dry-run", "--on-conflict", "skip"], 0, [1, 1, 0, 1, 0], old, false);
    check(&["--dry-run", "--on-conflict", "replace"], 0, [1, 1, 1, 0, 0], old, false);
    check(&["--dry-run"], 3, [1, 1, 0, 1, 0], old, false);
}

#[test]
fn without_a_decision_an_import_stops_at_the_first_conflict() {
    let tables = tables();
    let mut lines = LINES.to_owned();
    for number in 0..500 {
        lines.push_str(&format!("{{\"slug\":\"n{number}\",\"url\":\"https://example.com\"}}\n"));
    }
    let file = tables.write("links.jsonl", lines);
    let run = tables.run("one", &["import"], &file);
    assert_eq!(run.exit, 3, "{run:?}");
    assert!(run.stdout.contains("line 2 b: the table has another link under this slug"), "{run:?}");
    assert!(run.stdout.contains("not reached"), "{run:?}");
    assert!(run.stderr.contains("--on-conflict"), "{run:?}");
    // Writes under way at that moment are finished; hundreds were never begun.
    assert!(tables.items("one").len() < 100);
    let said = tables.done("one", &["import", "--on-conflict", "replace"], &file);
    assert!(said.contains("replaced another link"), "{said}");
    assert_eq!(tables.items("one").len(), 503);
}

#[test]
fn bad_lines_are_reported_and_the_others_imported() {
    let tables = Tables::start();
    let huge = "x".repeat(450_000);
    let lines = format!(
        "{LINES}\nnonsense\n{{\"slug\":\"d\",\"url\":\"u\",\"typo\":1}}\n{{\"slug\":\"a\",\"url\":\"u\"}}\n\
         {{\"slug\":\"big\",\"url\":\"u\",\"note\":\"{huge}\"}}\n{{\"slug\":\"e\",\"url\":\"u\"}}\n"
    );
    let file = tables.write("links.jsonl", lines);

    let run = tables.run("one", &["import", "--strict"], &file);
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(run.stderr.contains("3 entries cannot be imported; nothing was written"), "{run:?}");
    assert!(tables.items("one").is_empty());

    let run = tables.run("one", &["import"], &file);
    assert_eq!(run.exit, 2, "{run:?}");
    for line in [
        "line 5: expected",
        "line 6 d: there is no field \"typo\"",
        "line 7 a: line 1 already has this slug",
        "line 8 big: ",
    ] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
    let slugs = tables.items("one").iter().map(|item| item["id"]["S"].clone()).collect::<Vec<_>>();
    assert_eq!(slugs, ["a", "b", "c", "e"]);
}

#[test]
fn sets_in_another_order_are_not_a_conflict() {
    let tables = Tables::start();
    let mut item = link("a", "u");
    item["hosts"] = json!({ "SS": ["b", "a"] });
    tables.put("one", &item);
    let line = "{\"slug\":\"a\",\"url\":\"u\",\"x_item\":{\"hosts\":{\"SS\":[\"a\",\"b\"]}}}\n";
    let said = tables.done("one", &["import"], &tables.write("links.jsonl", line));
    assert!(said.contains("identical already"), "{said}");
}

#[test]
fn what_an_administrator_closed_is_not_replaced() {
    for (attribute, value) in [
        ("state", json!({ "S": "blocked" })),
        ("state", json!({ "S": "blocked_legal" })),
        ("held", json!({ "BOOL": true })),
    ] {
        let tables = Tables::start();
        let mut item = link("b", "https://example.com/other");
        item[attribute] = value;
        tables.put("one", &item);
        let file = tables.write("links.jsonl", LINES);
        for options in
            [&["import", "--on-conflict", "replace", "--dry-run"][..], &["import", "--on-conflict", "replace"]]
        {
            let run = tables.run("one", options, &file);
            assert_eq!(run.exit, 2, "{run:?}");
            assert!(run.stdout.contains("line 2 b: an administrator closed the link in the table"), "{run:?}");
        }
        assert_eq!(tables.item("one", "b"), item);
        assert!(!tables.item("one", "c").is_null());
    }
}
