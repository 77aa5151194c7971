//! Dumps of every kind, whole and damaged.

use super::dump::{DumpRow, rows, survey};

/// Lines of rows with keyword and title, `other`, or the reason.
fn check(text: &str, expected: &[&str]) {
    let rows = rows(text.as_bytes()).map(|row| match row {
        DumpRow::Other(line) => format!("{line} other"),
        DumpRow::CutOff(line) => format!("{line} cut off"),
        DumpRow::Link(Err((line, reason))) => format!("{line} {reason}"),
        DumpRow::Link(Ok(mut row)) => {
            let title = row.text("title").unwrap_or_default();
            let keyword = row.value("keyword").unwrap_or_default();
            format!("{} {keyword} {title:?}", row.line)
        }
    });
    assert_eq!(rows.collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn rows_are_found_in_every_kind_of_statement() {
    check(
        "-- c\nCREATE TABLE IF NOT EXISTS `x_url` (\n `title` text DEFAULT 'a,b', `keyword` varchar(200) NOT NULL, \
         `url` text, PRIMARY KEY (`keyword`), KEY `ip` (`ip`)\n) ENGINE=InnoDB;\n\
         LOCK TABLES `x_url` WRITE;\n/*!40000 ALTER TABLE `x_url` DISABLE KEYS */;\n\
         INSERT INTO `x_url` VALUES ('t;(1),\\'','a','u'),\n(NULL,'NULL',0x75);\nUNLOCK TABLES;\n",
        &["7 a \"t;(1),'\"", "8 NULL \"\""],
    );
    check(
        "INSERT IGNORE INTO db.`yourls_url` (`keyword`, `url`, `title`) VALUES\n('a', 'u', 'x'),\n('b', 'v', 'it''s');\n\
         REPLACE INTO yourls_options (id, v) VALUES (1, 'INSERT INTO yourls_url VALUES');",
        &["2 a \"x\"", "3 b \"it's\"", "4 other"],
    );
    check("INSERT INTO yourls_url VALUES ('a','u',NULL,'2020-01-01 00:00:00','::1',-1)", &["1 a \"\"", "1 cut off"]);
    check("INSERT INTO log SELECT * FROM x;\nINSERT INTO t VALUES (1);", &["2 other"]);
}

#[test]
fn what_cannot_be_read_is_reported() {
    check(
        "INSERT INTO yourls_url VALUES ('a','u'),('b','v',NOW(),'','',1),\n('c",
        &["1 2 values instead of 6", "1 an expression instead of a value", "1 cut off"],
    );
    check("INSERT INTO yourls_url VALUES ('a','u','t','','',1),\n", &["1 a \"t\"", "1 cut off"]);
    check("CREATE TABLE t (a int); -- no rows", &[]);
    check("INSERT INTO yourls_url SET keyword = 'a', url = 'u';", &["1 an INSERT without VALUES"]);
    check("/* open", &["1 cut off"]);
}

#[test]
fn sqlite_writes_backslashes_literally() {
    check(
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nINSERT INTO yourls_url VALUES('a','u','C:\\','','',1);\nCOMMIT;",
        &["3 a \"C:\\\\\""],
    );
}

#[test]
fn the_table_of_links_is_found_by_its_columns() {
    let check = |text: &str, expected: &str| {
        let found = survey(text.as_bytes()).unwrap_or_else(|error| error.to_string());
        assert!(found.contains(expected), "{found}");
    };
    check("INSERT INTO p_url (keyword, url) VALUES ('a','u'); INSERT INTO p_log (x) VALUES (1);", "p_url");
    check("INSERT INTO p_log (x) VALUES (1),(2);", "no table of the dump has the columns keyword and url");
    check(
        "INSERT INTO a_url (keyword, url) VALUES ('a','u'); INSERT INTO b_url (url, keyword) VALUES (1,2);",
        "several",
    );
    check("CREATE TABLE yourls_url (keyword text);", "no rows");
}
