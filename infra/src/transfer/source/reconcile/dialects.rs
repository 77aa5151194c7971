//! Writers of the dialects, each after its own documentation and independent of the readers.

use super::hostile::Foreign;

const TIME: &str = "2020-01-01 00:00:00";
const COLUMNS: [&str; 6] = ["keyword", "url", "title", "timestamp", "ip", "clicks"];

/// The cells of a row of `yourls_url`.
fn cells(link: &Foreign) -> [&str; 6] {
    [&link.slug, &link.url, &link.title, TIME, "::1", "0"]
}

fn rows(links: &[Foreign], delimiter: &str, end: &str, cell: impl Fn(&str) -> String) -> String {
    let row = |cells: &[&str]| cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(delimiter) + end;
    links.iter().map(|link| row(&cells(link))).collect()
}

/// RFC 4180 by another library, with the columns of a format.
pub(super) fn csv(links: &[Foreign], delimiter: u8, header: &[&str], row: impl Fn(&Foreign) -> Vec<String>) -> Vec<u8> {
    let terminator = csv::Terminator::CRLF;
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
    writer.write_record(header).unwrap();
    links.iter().for_each(|link| writer.write_record(row(link)).unwrap());
    writer.into_inner().unwrap()
}

/// `yourls_url` as CSV.
pub(super) fn csv_of_yourls(links: &[Foreign], delimiter: u8) -> Vec<u8> {
    csv(links, delimiter, &COLUMNS, |link| cells(link).map(str::to_owned).to_vec())
}

/// `mysql --batch`, after the reference manual, "mysql Client Options": tab, newline, NUL and backslash are escaped.
pub(super) fn batch(links: &[Foreign]) -> Vec<u8> {
    let escaped =
        |text: &str| text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\0', "\\0");
    (COLUMNS.join("\t") + "\n" + &rows(links, "\t", "\n", escaped)).into_bytes()
}

/// `mysql --batch --raw`: nothing is escaped.
pub(super) fn raw(links: &[Foreign]) -> Vec<u8> {
    (COLUMNS.join("\t") + "\n" + &rows(links, "\t", "\n", str::to_owned)).into_bytes()
}

/// `SELECT … INTO OUTFILE`, after the reference manual: the escape character precedes itself, the enclosing character or else
/// the delimiter, the first character of the end of a line, and NUL, which becomes 0.
pub(super) fn outfile(links: &[Foreign], delimiter: char, enclosed: Option<char>) -> Vec<u8> {
    let escaped = |text: &str| {
        let mut cell: String = enclosed.into_iter().collect();
        for c in text.chars() {
            if c == '\0' {
                cell.push_str("\\0");
                continue;
            }
            if c == '\\' || c == '\n' || c == enclosed.unwrap_or(delimiter) {
                cell.push('\\');
            }
            cell.push(c);
        }
        cell.extend(enclosed);
        if text.is_empty() { "\\N".to_owned() } else { cell }
    };
    rows(links, &delimiter.to_string(), "\n", escaped).into_bytes()
}

/// phpMyAdmin's CSV with its defaults: everything in quotes, which are doubled.
pub(super) fn phpmyadmin_csv(links: &[Foreign], delimiter: &str) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    (COLUMNS.map(quoted).join(delimiter) + "\n" + &rows(links, delimiter, "\n", quoted)).into_bytes()
}

/// PHP's `fputcsv`: a quote after a backslash is not doubled.
pub(super) fn php(links: &[Foreign]) -> Vec<u8> {
    let quoted = |text: &str| {
        if !text.contains([',', '"', '\\', '\n', '\r', '\t', ' ']) {
            return text.to_owned();
        }
        let (mut cell, mut is_escaped) = ("\"".to_owned(), false);
        for c in text.chars() {
            if c == '\\' {
                is_escaped = true;
            } else if !is_escaped && c == '"' {
                cell.push('"');
            } else {
                is_escaped = false;
            }
            cell.push(c);
        }
        cell + "\""
    };
    (COLUMNS.join(",") + "\n" + &rows(links, ",", "\n", quoted)).into_bytes()
}

/// A text as mysqldump writes it (`mysql_real_escape_string`).
fn sql_text(text: &str) -> String {
    let mut literal = "'".to_owned();
    for c in text.chars() {
        match c {
            '\0' => literal.push_str("\\0"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\u{1a}' => literal.push_str("\\Z"),
            '\\' | '\'' | '"' => literal.extend(['\\', c]),
            c => literal.push(c),
        }
    }
    literal + "'"
}

/// mysqldump: one statement for many rows, and other tables around.
pub(super) fn mysqldump(links: &[Foreign]) -> Vec<u8> {
    let row = |link: &Foreign| {
        let [slug, url, title] = [&link.slug, &link.url, &link.title].map(|text| sql_text(text));
        format!("({slug},{url},{title},'{TIME}','::1',0)")
    };
    let rows: Vec<_> = links.chunks(300).map(|links| links.iter().map(row).collect::<Vec<_>>().join(",")).collect();
    let inserts: Vec<_> = rows.iter().map(|rows| format!("INSERT INTO `yourls_url` VALUES {rows};\n")).collect();
    format!(
        "-- MySQL dump 10.13  Distrib 8.0.36\n/*!40101 SET NAMES utf8mb4 */;\n\
         CREATE TABLE `yourls_log` (\n  `click_id` int NOT NULL,\n  `shorturl` varchar(100)\n);\n\
         INSERT INTO `yourls_log` VALUES (1,'a'),(2,'b;(\\'x\\')');\n\
         CREATE TABLE `yourls_url` (\n  `keyword` varchar(200) NOT NULL DEFAULT '',\n  `url` text,\n  `title` text,\n  \
         `timestamp` timestamp,\n  `ip` varchar(41),\n  `clicks` int unsigned NOT NULL,\n  PRIMARY KEY (`keyword`),\n  \
         KEY `ip` (`ip`)\n) ENGINE=InnoDB;\nLOCK TABLES `yourls_url` WRITE;\n{}UNLOCK TABLES;\n",
        inserts.concat()
    )
    .into_bytes()
}

/// phpMyAdmin: a row per line, with the columns, and quotes doubled.
pub(super) fn phpmyadmin_sql(links: &[Foreign]) -> Vec<u8> {
    let text = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace('\0', "\\0"));
    let row = |link: &Foreign| {
        format!("({}, {}, {}, '{TIME}', '::1', 0)", text(&link.slug), text(&link.url), text(&link.title))
    };
    let rows = links.iter().map(row).collect::<Vec<_>>().join(",\n");
    let columns = COLUMNS.map(|name| format!("`{name}`")).join(", ");
    format!("-- phpMyAdmin SQL Dump\n-- version 5.2.1\n\nSET SQL_MODE = \"NO_AUTO_VALUE_ON_ZERO\";\n\nINSERT INTO `yourls_url` ({columns}) VALUES\n{rows};\n")
        .into_bytes()
}
