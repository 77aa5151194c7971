//! Exports of other shorteners, in the formats that their documentation and code describe.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tables::Tables;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transfer/samples").join(name)
}

/// Imports a sample for ann; returns the exit code, the output, and the tables.
fn import(name: &str, options: &[&str]) -> (i32, String, Tables) {
    let tables = Tables::start();
    let options: Vec<_> = ["import", "--owner", "ann"].iter().chain(options).copied().collect();
    let dry_run: Vec<_> = options.iter().chain(&["--dry-run"]).copied().collect();
    let dry = tables.run("one", &dry_run, &sample(name));
    assert!(tables.items("one").is_empty(), "a dry run has written");
    let run = tables.run("one", &options, &sample(name));
    assert_eq!(dry.exit, run.exit, "{dry:?}");
    assert_eq!(dry.stdout.replace("would be imported", "imported"), run.stdout, "a dry run says something else");
    // Once more: everything is there.
    let again = tables.run("one", &options, &sample(name));
    assert_eq!(again.exit, run.exit);
    assert!(again.stdout.contains("new                                        0"), "{again:?}");
    (run.exit, run.stdout, tables)
}

fn says(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.contains(line), "{line:?} is not in\n{said}");
    }
}

fn slugs(tables: &Tables) -> Vec<String> {
    let items = tables.items("one");
    items.iter().map(|item| item["id"]["S"].as_str().unwrap().to_owned()).collect()
}

/// Checks an item, except for the attributes that are the same in every imported one.
fn check(tables: &Tables, slug: &str, expected: Value) {
    let mut item = tables.item("one", slug);
    assert_eq!(item["owner"]["S"], "ann");
    assert_eq!(item["version"]["N"], "1");
    for name in ["id", "owner", "version"] {
        item.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(item, expected, "{slug}");
}

#[test]
fn the_table_of_yourls() {
    let (exit, said, tables) = import("yourls_url.csv", &["--from", "yourls"]);
    assert_eq!(exit, 2);
    assert_eq!(slugs(&tables), ["glaze", "kiln", "login", "x1", "zero"]);
    check(
        &tables,
        "kiln",
        json!({
            "target": { "S": "https://potters.example/kilns?size=small" },
            "note": { "S": "Small kilns, \"front loaders\"" },
            "created_at": { "N": "1554192930" }, "updated_at": { "N": "1554192930" },
        }),
    );
    check(
        &tables,
        "glaze",
        json!({
            "target": { "S": "https://potters.example/glasuren/%C3%BCbersicht" },
            "note": { "S": "Glasuren – Übersicht\nTeil 2" },
            "created_at": { "N": "1606780799" }, "updated_at": { "N": "1606780799" },
        }),
    );
    check(&tables, "zero", json!({ "target": { "S": "https://potters.example/zero" } }));
    says(
        &said,
        &[
            "line 5 glaze: line 3 already has this slug, as \"Glaze\": slugs are case-insensitive",
            "line 6 a.b: not a valid slug: '.' at character 2",
            "line 7 news: the target \"ftp://potters.example/news.txt\" is refused: it begins with \"ftp:\"",
            "line 9 zero: its creation time is unreadable: \"0000-00-00 00:00:00\"",
            "line 10: 2 cells instead of 6",
            "not kept: clicks, because there is no table of clicks (--clicks-table names one) (2 links)",
            "not kept: the creation time",
            "read                                       9",
            "reported: cannot be imported               4",
        ],
    );
}

#[test]
fn the_table_of_yourls_from_phpmyadmin_has_no_names() {
    let (exit, _, tables) = import("yourls_phpmyadmin_without_names.csv", &["--from", "yourls"]);
    assert_eq!(exit, 0);
    check(
        &tables,
        "2b",
        json!({
            "target": { "S": "https://cafe.example/opening-hours" },
            "created_at": { "N": "1527933600" }, "updated_at": { "N": "1527933600" },
        }),
    );
    assert_eq!(tables.item("one", "1a")["note"]["S"], "Menu");
}

#[test]
fn the_plugin_of_yourls_knows_no_times() {
    let options = ["--from", "yourls", "--created-at", "2018-06-01T00:00:00Z"];
    let (exit, said, tables) = import("yourls_plugin.csv", &options);
    assert_eq!(exit, 0, "{said}");
    check(
        &tables,
        "tisch-7",
        json!({
            "target": { "S": "https://cafe.example/order?table=7,window" },
            "created_at": { "N": "1527811200" }, "updated_at": { "N": "1527811200" },
        }),
    );
    says(&said, &["not kept: clicks, because there is no table of clicks (--clicks-table names one) (1 link)"]);
}

#[test]
fn the_web_client_of_shlink() {
    let options = ["--from", "shlink", "--forward-query"];
    let (exit, said, tables) = import("shlink_short_urls.csv", &options);
    assert_eq!((exit, slugs(&tables)), (2, vec!["opening".to_owned()]));
    check(
        &tables,
        "opening",
        json!({
            "target": { "S": "https://museum.example/visit/opening-hours" },
            "note": { "S": "Opening hours" },
            "tags": { "L": [{ "S": "visit" }, { "S": "print" }] },
            "forward_query": { "BOOL": true },
            "created_at": { "N": "1692257400" }, "updated_at": { "N": "1692257400" },
        }),
    );
    says(
        &said,
        &[
            "line 3 Wärme: not a valid slug: 'ä'",
            "line 4 guide/en: not a valid slug: '/'",
            "line 5 opening: line 2 already has this slug",
            "line 6 desk: the target \"http://192.168.10.4/desk\" is refused: its host is not public",
            "not kept: clicks, because there is no table of clicks (--clicks-table names one) (1 link)",
        ],
    );
    let options = ["--from", "shlink", "--domain", "QR.museum.example"];
    let (exit, _, tables) = import("shlink_short_urls.csv", &options);
    assert_eq!(exit, 0);
    assert_eq!(tables.item("one", "opening")["target"]["S"], "https://museum.example/visit");
    let (_, _, tables) = import("shlink_short_urls.csv", &["--from", "shlink", "--allow-private"]);
    assert_eq!(slugs(&tables), ["desk", "opening"]);
}

#[test]
fn limits_that_were_added_to_shlinks_csv() {
    let (exit, said, tables) = import("shlink_with_limits.csv", &["--from", "shlink"]);
    assert_eq!((exit, slugs(&tables)), (2, vec!["once".to_owned(), "summer".to_owned()]));
    let summer = tables.item("one", "summer");
    assert_eq!(summer["valid_from"]["N"], "1717192800");
    assert_eq!(summer["expires_at"]["N"], "4091896800");
    assert_eq!(summer["forward_query"]["BOOL"], true);
    assert!(tables.item("one", "once")["forward_query"].is_null());
    says(
        &said,
        &[
            "line 3 once: its limit of 1 visits is not kept",
            "line 3 once: its redirect rules are not kept",
            "line 4 never: validUntil is not a time: \"next week\"",
        ],
    );
}

#[test]
fn the_pages_of_kutt() {
    let (exit, said, tables) = import("kutt_links.json", &["--from", "kutt"]);
    assert_eq!(exit, 2);
    assert_eq!(slugs(&tables), ["bakery", "easter", "scam", "staff-only"]);
    check(
        &tables,
        "bakery",
        json!({
            "target": { "S": "https://bakery.example/today" },
            "note": { "S": "Window sticker — “fresh”" },
            "created_at": { "N": "1647237900" }, "updated_at": { "N": "1647324300" },
        }),
    );
    assert_eq!(tables.item("one", "staff-only")["state"]["S"], "disabled");
    assert_eq!(tables.item("one", "scam")["state"]["S"], "blocked");
    assert_eq!(tables.item("one", "easter")["expires_at"]["N"], "1650319200");
    says(
        &said,
        &[
            "entry 2 staff-only: its password is not kept: imported as disabled",
            "entry 4 easter: it has expired already",
            "entry 5 _hidden: not a valid slug: a slug begins and ends",
            "entry 6: there are 6 links, and only 5 are here",
            "not kept: clicks, because there is no table of clicks (--clicks-table names one) (3 links)",
        ],
    );
    let (_, _, tables) = import("kutt_links.json", &["--from", "kutt", "--domain", "go.bakery.example"]);
    assert_eq!(slugs(&tables), ["easter"]);
}

#[test]
fn the_pages_of_bitly() {
    let (exit, said, tables) = import("bitly_bitlinks.json", &["--from", "bitly"]);
    assert_eq!(exit, 2);
    assert_eq!(slugs(&tables), ["3ftr41l", "3n0t1tl3", "3oldarc", "map", "trailmap"]);
    for slug in ["3ftr41l", "trailmap", "map"] {
        check(
            &tables,
            slug,
            json!({
                "target": { "S": "https://trails.example/map?utm_source=poster" },
                "note": { "S": "Trail map" },
                "tags": { "L": [{ "S": "poster" }, { "S": "2021" }] },
                "created_at": { "N": "1630938011" }, "updated_at": { "N": "1630938011" },
            }),
        );
    }
    says(
        &said,
        &[
            "entry 2 3oLdArc: it was archived",
            "entry 2 3oLdArc: its deep links into apps are not kept",
            "entry 4 3nU1l: the target \"\" is refused: it is empty",
            "not kept: the field client_id (3 links)",
        ],
    );
    let (_, _, tables) = import("bitly_bitlinks.json", &["--from", "bitly", "--domain", "go.trails.example"]);
    assert_eq!(slugs(&tables), ["map"]);
}

#[test]
fn a_file_of_another_format_is_refused() {
    let check = |sample_name: &str, from: &str, expected: &str| {
        let tables = Tables::start();
        let options = ["import", "--from", from, "--owner", "ann"];
        let run = tables.run("one", &options, &sample(sample_name));
        assert_eq!(run.exit, 1, "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    };
    check("kutt_links.json", "yourls", "a table with the columns keyword and url, or source and target");
    check("yourls_url.csv", "shlink", "a table with the columns shortCode or shortUrl, and longUrl");
    check("yourls_url.csv", "kutt", "JSON with address and target in data");
    check("missing.csv", "yourls", "cannot read");
}

#[test]
fn other_formats_and_only_they_require_an_owner() {
    let tables = Tables::start();
    let run = tables.run("one", &["import", "--from", "kutt"], &sample("kutt_links.json"));
    assert_eq!(run.exit, 1);
    assert!(run.stderr.contains("--owner"), "{run:?}");
    let run = tables.run("one", &["import", "--owner", "ann"], &tables.write("x", "{\"slug\":\"a\",\"url\":\"u\"}"));
    assert_eq!(run.exit, 1);
    assert!(run.stderr.contains("leave --owner, --domain"), "{run:?}");
}
