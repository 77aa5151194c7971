//! `infra block`, `unblock` and `hosts`, and imports that must respect them.

use serde_json::{Value, json};

use super::tables::{Run, Tables};

fn run(tables: &Tables, arguments: &[&str]) -> Run {
    Run::of(tables.tool(arguments).env("USER", "ann"))
}

fn done(tables: &Tables, arguments: &[&str]) -> String {
    let run = run(tables, arguments);
    assert_eq!(run.exit, 0, "{arguments:?}: {run:?}");
    run.stdout
}

fn put(tables: &Tables, slug: &str, target: &str, more: Value) {
    let mut item = json!({ "id": { "S": slug }, "target": { "S": target }, "version": { "N": "3" } });
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    tables.put("one", &item);
}

fn owned(owner: &str, created: u32) -> Value {
    json!({ "owner": { "S": owner }, "created_at": { "N": created.to_string() } })
}

fn state(tables: &Tables, slug: &str) -> Value {
    tables.item("one", slug)["state"]["S"].clone()
}

#[test]
fn links_are_blocked_by_slug_owner_and_host() {
    let tables = Tables::start();
    for number in 0..150 {
        put(&tables, &format!("a{number}"), "https://example.com/", owned("ann", number));
    }
    put(&tables, "evil", "https://www.evil.example/", owned("bob", 1));
    put(&tables, "sample", "HTTP://EVIL.example", json!({}));
    let tomb =
        json!({ "state": { "S": "deleted" }, "ttl": { "N": "1" }, "expired_url": { "S": "https://evil.example/" } });
    put(&tables, "tomb", "https://example.com/", tomb);

    let said = done(&tables, &["block", "--table", "one", "--host", "Evil.Example.", "--reason", "legal"]);
    assert!(said.contains("sample: active -> blocked_legal (owner anonymous)") && said.contains("3 links"), "{said}");
    for slug in ["evil", "sample", "tomb"] {
        assert_eq!(state(&tables, slug), "blocked_legal", "{slug}");
    }
    let item = tables.item("one", "tomb");
    assert_eq!((&item["ttl"], &item["unblocks_to"]["S"]), (&Value::Null, &json!("deleted")), "{item}");
    assert_eq!((&item["updated_by"]["S"], &item["version"]["N"]), (&json!("infra:ann"), &json!("4")), "{item}");
    done(&tables, &["unblock", "--table", "one", "tomb", "--reason", "abuse"]);
    assert_eq!(state(&tables, "tomb"), "blocked_legal");
    done(&tables, &["unblock", "--table", "one", "tomb"]);
    assert_eq!(state(&tables, "tomb"), "deleted");

    assert!(done(&tables, &["block", "--table", "one", "--owner", "ann"]).contains("150 links"));
    assert!(done(&tables, &["block", "--table", "one", "--owner", "ann"]).contains("0 links"));
    assert_eq!((state(&tables, "a149"), state(&tables, "evil")), (json!("blocked"), json!("blocked_legal")));
    assert!(done(&tables, &["block", "--table", "one", "a1", "evil"]).contains("1 links"));
    let missing = run(&tables, &["block", "--table", "one", "nothing"]);
    assert!(missing.exit == 1 && missing.stderr.contains("there is no link"), "{missing:?}");
    for wrong in [&["block", "--table", "one"][..], &["block", "--table", "one", "a1", "--owner", "ann"]] {
        assert_eq!(run(&tables, wrong).exit, 1, "{wrong:?}");
    }
}

#[test]
fn forbidden_hosts_are_listed_and_not_imported() {
    let tables = Tables::start();
    tables.create_keys();
    let hosts = |arguments: &[&str]| done(&tables, &[&["hosts", "--table", "keys"], arguments].concat());
    assert!(hosts(&["list"]).contains("forbidden: none"));
    let said = hosts(&["forbid", "EVIL.example.", "bücher.example"]);
    assert!(said.contains("forbidden: evil.example xn--bcher-kva.example"), "{said}");
    hosts(&["remove", "bücher.example"]);
    assert!(hosts(&["list"]).contains("forbidden: evil.example\nallowed: all others"), "{}", hosts(&["list"]));

    let lines = "{\"slug\":\"a\",\"url\":\"https://a.evil.example/\"}\n\
                 {\"slug\":\"b\",\"url\":\"https://example.com/\",\"expired_url\":\"https://evil.example/\"}\n\
                 {\"slug\":\"c\",\"url\":\"https://evil.example/\",\"state\":\"blocked\"}\n\
                 {\"slug\":\"d\",\"url\":\"https://example.com/\"}\n";
    let file = tables.write("links.jsonl", lines);
    let run = tables.run("one", &["import", "--keys-table", "keys"], &file);
    assert_eq!(run.exit, 2, "{run:?}");
    assert!(run.stdout.contains("line 1 a: forbidden-host: links to a.evil.example"), "{run:?}");
    let slugs: Vec<_> = tables.items("one").iter().map(|item| item["id"]["S"].clone()).collect();
    assert_eq!(slugs, ["c", "d"]);

    hosts(&["allow", "example.org"]);
    let run = tables.run("two", &["import", "--keys-table", "keys"], &file);
    assert!(run.stdout.contains("line 4 d: forbidden-host: links to example.com"), "{run:?}");
    assert!(hosts(&["remove", "example.org", "evil.example"]).contains("allowed: all others"));
}
