//! Pasted text in the exports of others: the cases that API, page and importer decide alike.

use serde_json::{Value, json};

use super::tables::Tables;

#[test]
fn targets_are_decided_as_everywhere() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../tests/pasted.json")).unwrap();
    let slug = |number: usize| format!("p{number:03}");
    let link = |(number, case): (usize, &Value)| json!({ "slug": slug(number), "url": case["text"] });
    let links: Vec<_> = cases.iter().enumerate().map(link).collect();
    let tables = Tables::start();
    let file = tables.write("sink.json", json!({ "links": links }).to_string());
    let run = tables.run("one", &["import", "--owner", "ann", "--from", "sink"], &file);
    assert_eq!(run.exit, 2, "{run:?}");
    let items = tables.items("one");
    for (number, case) in cases.iter().enumerate() {
        let item = items.iter().find(|item| item["id"]["S"] == slug(number));
        assert_eq!(item.map(|item| &item["target"]["S"]), case.get("stored"), "{case}");
    }
}
