//! Dialects, encodings and sources, one fault that importers make each.

use std::io::Write as _;

use serde_json::{Value, json};

use super::tables::{Run, Tables};

const HEADER: &str = "keyword\turl\ttitle\ttimestamp\tip\tclicks\n";

fn import(bytes: impl AsRef<[u8]>, options: &[&str]) -> (Run, Tables) {
    let tables = Tables::start();
    let file = tables.write("file", bytes);
    let options: Vec<_> = ["import", "--owner", "ann"].iter().chain(options).copied().collect();
    let run = tables.run("one", &options, &file);
    (run, tables)
}

/// Slugs, targets and notes of what a file makes of the table, and parts of what is said.
#[track_caller]
fn check(
    bytes: impl AsRef<[u8]>,
    options: &[&str],
    exit: i32,
    links: &[(&str, &str, Option<&str>)],
    says: &[&str],
) -> Tables {
    let (run, tables) = import(bytes, options);
    assert_eq!(run.exit, exit, "{run:?}");
    let found: Vec<_> =
        tables.items("one").iter().map(|item| ["id", "target", "note"].map(|name| item[name]["S"].clone())).collect();
    let links: Vec<_> = links.iter().map(|(slug, url, note)| [json!(slug), json!(url), json!(note)]).collect();
    assert_eq!(found, links, "{run:?}");
    for part in says {
        assert!(
            run.stdout.contains(part) || run.stderr.contains(part),
            "{part:?} is not in\n{}{}",
            run.stdout,
            run.stderr
        );
    }
    tables
}

/// A row of `yourls_url`, separated by tabs.
fn row(slug: &str, title: &str) -> String {
    format!("{slug}\thttps://example.com/{slug}\t{title}\t2020-01-01 00:00:00\t127.0.0.1\t0\n")
}

#[test]
fn quotes_between_tabs_are_text() {
    let file =
        [HEADER, &row("qa1", "\"Unfinished quotation"), &row("qa2", "Second"), &row("qa3", "A 24\" screen")].concat();
    let links = [
        ("qa1", "https://example.com/qa1", Some("\"Unfinished quotation")),
        ("qa2", "https://example.com/qa2", Some("Second")),
        ("qa3", "https://example.com/qa3", Some("A 24\" screen")),
    ];
    check(
        &file,
        &["--strict"],
        0,
        &links,
        &["as YOURLS", "separated by tab", "new                                        3"],
    );
    let file = [HEADER, &row("w", "\"Weird Al\" Yankovic"), &row("q", "\"Quoted\"")].concat();
    check(
        file,
        &[],
        0,
        &[
            ("q", "https://example.com/q", Some("\"Quoted\"")),
            ("w", "https://example.com/w", Some("\"Weird Al\" Yankovic")),
        ],
        &[],
    );
    let file = [HEADER, &row("e", "\"say \"\"hi\"\"\""), &row("f", "\"two\nlines\"")].concat();
    check(
        file,
        &[],
        0,
        &[("e", "https://example.com/e", Some("say \"hi\"")), ("f", "https://example.com/f", Some("two\nlines"))],
        &[],
    );
}

#[test]
fn a_quoted_cell_swallows_no_row() {
    let file = "slug,url,note\na,https://example.com/a,\"open\nb,https://example.com/b,x\nc,https://example.com/c,y \"\"\"\nd,https://example.com/d,\"a, b\"\n";
    let links = [("d", "https://example.com/d", Some("a, b"))];
    let lines =
        ["line 2: a quoted cell contains lines that look like rows", "line 3: not imported", "line 4: not imported"];
    check(file, &[], 2, &links, &lines);
    let (run, tables) = import(file, &["--strict"]);
    assert_eq!((run.exit, tables.items("one").len()), (1, 0));
    let file = "slug,url,note\na,https://example.com/a,\"x, y\"\nb,https://example.com/b,\"open\n";
    check(
        file,
        &[],
        2,
        &[("a", "https://example.com/a", Some("x, y"))],
        &["line 3: the quoted cell that begins here has no end"],
    );
    let file = "slug,url,note\na,https://example.com/a\nb,https://example.com/b,x,y\n";
    check(file, &[], 2, &[], &["line 2: 2 cells instead of 3", "line 3: 4 cells instead of 3"]);
}

#[test]
fn escapes_of_mysql_are_undone_whole() {
    let url = links::TargetUrl::parse("https://example.com/p?q=a\\b", &links::TargetRules::default()).unwrap();
    let url = url.as_str();
    let batch =
        [HEADER, "oc\thttps://example.com/p?q=a\\\\b\tline one\\nline two\t2020-01-01 00:00:00\t::1\t0\n"].concat();
    check(batch, &[], 0, &[("oc", url, Some("line one\nline two"))], &["backslash escapes of MySQL"]);
    let outfile = "\"oc\",\"https://example.com/p?q=a\\\\b\",\\N,\"2020-01-01 00:00:00\",\"127.0.0.1\",\"0\"\n";
    check(outfile, &[], 0, &[("oc", url, None)], &["without a header", "backslash escapes of MySQL"]);
    let first =
        "\"oc\",\"https://example.com/p\",\"He said \\\"hi, there\\\"\",\"2020-01-01 00:00:00\",\"127.0.0.1\",\"0\"\n";
    check(first, &[], 0, &[("oc", "https://example.com/p", Some("He said \"hi, there\""))], &[]);
    let raw = [HEADER, &row("a", "C:\\dir\\new")].concat();
    check(raw, &[], 0, &[("a", "https://example.com/a", Some("C:\\dir\\new"))], &["taken literally"]);
}

#[test]
fn what_can_be_read_in_two_ways_is_reported() {
    let file = "keyword,url,title\na,https://example.com/a,\"x\\\\y\"\nb,https://example.com/b,plain\n";
    let b = ("b", "https://example.com/b", Some("plain"));
    check(file, &[], 2, &[b], &["line 2: its backslashes can be read in two ways: say --backslashes literal"]);
    check(file, &["--backslashes", "literal"], 0, &[("a", "https://example.com/a", Some("x\\\\y")), b], &[]);
    check(file, &["--backslashes", "escape"], 0, &[("a", "https://example.com/a", Some("x\\y")), b], &[]);
}

#[test]
fn null_is_a_value_where_it_must_be() {
    let file = "keyword,url,title\nNULL,https://example.com/a,NULL\nb,https://example.com/b,\"NULL\"\n";
    check(file, &[], 0, &[("b", "https://example.com/b", Some("NULL")), ("null", "https://example.com/a", None)], &[]);
}

#[test]
fn spreadsheets_write_many_encodings() {
    let link = [("a", "https://example.com/a", Some("Größe"))];
    let text = "slug;url;note\r\na;https://example.com/a;Größe\r\n";
    check(format!("\u{feff}sep=;\r\n{text}"), &[], 0, &link, &["separated by semicolon"]);
    check(format!("sep=;\n{text}"), &[], 0, &link, &[]);
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    check(utf16, &[], 0, &link, &[]);
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    check(&latin, &[], 0, &link, &["the encoding of texts that are not UTF-8: read as windows-1252 (1 link)"]);
    check(
        b"slug,url\na,https://example.com/\xfc\nb,https://example.com/b\n",
        &[],
        2,
        &[("b", "https://example.com/b", None)],
        &["line 2 a: its url is not UTF-8"],
    );
    check(text.replace("\r\n", "\r"), &[], 0, &link, &[]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    check(gzip.finish().unwrap(), &[], 0, &link, &[]);
    check(b"PK\x03\x04workbook", &[], 1, &[], &["zip archive or an .xlsx workbook"]);
}

#[test]
fn a_table_may_have_any_field_of_a_link() {
    let file = "Slug,URL,Redirect,Cache seconds,permanent,forward_query,expired_url,created_at,valid_from,expires_at,tags,note,state,owner,clicks\n\
                a,https://example.com/a,307,60,yes,true,https://example.com/over,2026-01-01,2026-02-01,2099-01-01,\"x, y\",N,disabled,bob,7\n\
                b,https://example.com/b,,,,,,,,,,,,,\n\
                c,https://example.com/c,303,,,,,,,,,,,,\n\
                d,https://example.com/d,,,,,,,soon,,,,,,\n\
                e,https://example.com/e,,86401,,,,,,,,,,,\n\
                f,https://example.com/f,,,perhaps,,,,,,,,,,\n\
                g,https://example.com/g,,,,,,,2026-02-01,2026-01-01,,,,,\n";
    let (run, tables) = import(file, &[]);
    assert_eq!(run.exit, 2, "{run:?}");
    for part in [
        "as a table",
        "line 4 c: redirect is \"303\" instead of 301, 302, 307 or 308",
        "line 5 d: valid_from is not a time: \"soon\"",
        "line 6 e: cache_seconds is \"86401\"",
        "line 7 f: permanent is neither true nor false",
        "line 8 g: it is never valid",
        "not kept: clicks, because there is no table of clicks (--clicks-table names one) (1 link)",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let mut a = tables.item("one", "a");
    a.as_object_mut().unwrap().remove("ttl"); // it follows from the others
    assert_eq!(
        a,
        json!({
            "id": {"S": "a"}, "target": {"S": "https://example.com/a"}, "redirect": {"N": "307"}, "cache_seconds": {"N": "60"},
            "permanent": {"BOOL": true}, "forward_query": {"BOOL": true}, "expired_url": {"S": "https://example.com/over"},
            "created_at": {"N": "1767225600"}, "updated_at": {"N": "1767225600"}, "valid_from": {"N": "1769904000"},
            "expires_at": {"N": "4070908800"}, "tags": {"L": [{"S": "x"}, {"S": "y"}]},
            "note": {"S": "N"}, "state": {"S": "disabled"}, "owner": {"S": "bob"}, "version": {"N": "1"},
        })
    );
    assert_eq!(tables.item("one", "b")["owner"]["S"], "ann");
    let run = tables.run(
        "two",
        &["import"],
        &tables.write("owners", "slug,url,owner\na,https://example.com,bob\nb,https://example.com,\n"),
    );
    assert_eq!(run.exit, 2, "{run:?}");
    assert!(run.stdout.contains("line 3 b: it has no owner: set --owner"), "{run:?}");
}

#[test]
fn the_table_of_bitly_has_two_names_for_a_link() {
    let file = "Link,Custom Link,Date created,Title,Destination URL,Engagements,Status\n\
                https://bit.ly/AbC123,https://go.example.com/Launch,2026-06-01T08:30:00Z,Launch,https://example.com/a,\"1,234\",Active\n\
                https://bit.ly/OldLink,,2025-01-02T03:04:05Z,,https://example.com/b,9,Deleted\n";
    let says = [
        "as Bitly",
        "links of 2 domains: bit.ly (2), go.example.com (1); --domain",
        "line 3 OldLink: its status is deleted: imported as disabled",
    ];
    let url = "https://example.com/a";
    check(
        file,
        &[],
        0,
        &[("abc123", url, Some("Launch")), ("launch", url, Some("Launch")), ("oldlink", "https://example.com/b", None)],
        &says,
    );
    let says = ["read                                       3", "skipped: of other domains                  2"];
    check(file, &["--domain", "GO.example.com."], 0, &[("launch", url, Some("Launch"))], &says);
}

#[test]
fn domains_have_several_spellings() {
    let file =
        json!({ "total": 1, "data": [{ "address": "a", "target": "https://example.com/", "domain": "zürich.ch" }] })
            .to_string();
    check(file, &["--domain", "xn--zrich-kva.ch"], 0, &[("a", "https://example.com/", None)], &["as Kutt"]);
}

#[test]
fn reserved_names_that_are_no_paths_can_be_imported() {
    let file = "slug,url\ndocs,https://example.com/1\napi,https://example.com/2\nhealth,https://example.com/3\nwww,https://example.com/4\n";
    let links = [("docs", "https://example.com/1", None), ("www", "https://example.com/4", None)];
    check(
        file,
        &[],
        2,
        &links,
        &["line 3 api: this slug is a path of the service", "line 4 health: this slug is a path"],
    );
}

#[test]
fn other_tables_of_a_dump_are_counted() {
    let file = "INSERT INTO `yourls_log` VALUES (1),(2);\nINSERT INTO `yourls_url` (`keyword`,`url`,`title`) VALUES ('a','https://example.com/a','it''s'),('b');\n";
    let says = [
        "as YOURLS: SQL dump, table yourls_url",
        "line 2: 1 values instead of 3",
        "skipped: rows of other tables              2",
    ];
    check(file, &[], 2, &[("a", "https://example.com/a", Some("it's"))], &says);
}

#[test]
fn a_file_that_is_nothing_is_described() {
    check(
        "a;b;c\n1;2;3\n",
        &[],
        1,
        &[],
        &["cannot tell what the file is: its first line is \"a;b;c\"", "yourls", "keyword and url"],
    );
    check("+------+\n| a |\n", &[], 1, &[], &["mysql --batch"]);
    check("<!doctype html>", &[], 1, &[], &["a web page"]);
    check("{\"foo\":1}", &[], 1, &[], &["it is JSON with foo"]);
    check("{\"foo\":", &[], 1, &[], &["not JSON"]);
    check("url,slug,url\n", &[], 1, &[], &["the column \"url\" is there twice"]);
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let (run, _) = import("slug,url\n\u{1b}[2Jx,https://example.com\n", &[]);
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
    assert!(run.stdout.contains("\\u{1b}[2Jx"), "{run:?}");
}

#[test]
fn large_lists_of_names_are_read_in_a_moment() {
    let names: Vec<_> = (0..20_000).map(|number| format!("https://s.example/n{number}")).collect();
    let bitly =
        json!({ "links": [{ "id": "bit.ly/a", "long_url": "https://example.com/", "custom_bitlinks": names }] });
    let tables = Tables::start();
    let file = tables.write("bitly.json", bitly.to_string());
    let begun = std::time::Instant::now();
    tables.run("one", &["import", "--owner", "ann", "--dry-run", "--strict", "--domain", "nowhere.example"], &file);
    let members: String = (0..40_000).map(|number| format!("\"m{number}\":1,")).collect();
    let file = tables.write("line", format!("{{\"slug\":\"a\",\"url\":\"u\"}}\n{{{members}\"slug\":\"b\"}}\n"));
    let run = tables.run("one", &["import"], &file);
    assert!(run.stdout.contains("line 2 b: there is no field"), "{run:?}");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn a_table_by_name_needs_no_workspace() {
    let tables = Tables::start();
    tables.write("links.jsonl", "{\"slug\":\"a\",\"url\":\"https://example.com\"}\n");
    let run = |arguments: &[&str]| {
        let mut command = tables.command("one", &[], std::path::Path::new("unused"));
        let environment: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
        command = std::process::Command::new(env!("CARGO_BIN_EXE_infra"));
        command.env_clear().envs(environment).args(arguments).current_dir(tables.path("")).output().unwrap()
    };
    let output = run(&["import", "--table", "one", "links.jsonl"]);
    assert!(output.status.success(), "{output:?}");
    let output = run(&["export", "--table", "one", "out.jsonl"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        std::fs::read_to_string(tables.path("out.jsonl")).unwrap(),
        "{\"slug\":\"a\",\"url\":\"https://example.com\"}\n"
    );
    let output = run(&["import", "links.jsonl"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--table"), "{output:?}");
}

#[test]
fn exports_compressed_by_hand_come_back() {
    let tables = Tables::start();
    let line = b"{\"slug\":\"a\",\"url\":\"https://example.com\"}\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(line).unwrap();
    let said = tables.done("one", &["import"], &tables.write("links.jsonl.gz", gzip.finish().unwrap()));
    assert!(said.contains("as kurz"), "{said}");
    assert_eq!(tables.item("one", "a")["target"]["S"], Value::from("https://example.com"));
}
