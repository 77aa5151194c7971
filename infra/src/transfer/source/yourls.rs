//! YOURLS. It has no built-in export; two are in use:
//!
//! - CSV of its table `yourls_url`, from phpMyAdmin or the `mysql` client, with the columns keyword, url, title,
//!   timestamp, ip and clicks; a header is optional. The times are in the time zone of the database; they are read as UTC.
//! - CSV of the plugin Import Export, with the columns source (`/keyword/`), target and hits.

use std::io::BufRead;

use anyhow::Result;

use super::draft::Draft;
use super::rows::{self, Row};
use super::{Place, Record, Terms};

const COLUMNS: [&str; 6] = ["keyword", "url", "title", "timestamp", "ip", "clicks"];

pub(super) fn read<'a>(file: impl BufRead + 'a, terms: &'a Terms) -> Result<impl Iterator<Item = Record> + 'a> {
    let rows = rows::read(file, &["keyword", "source"], Some(&COLUMNS))?;
    Ok(rows.map(|row| record(row, terms)))
}

fn record(row: rows::ReadRow, terms: &Terms) -> Record {
    match row {
        Ok(row) => draft(row).finish(terms),
        Err((line, reason)) => Record::unreadable(Place::Line(line), reason),
    }
}

fn draft(mut row: Row) -> Draft {
    let mut draft = Draft::new(Place::Line(row.line));
    let source = row.take("source").map(|path| path.trim_matches('/').to_owned());
    draft.slug = row.take("keyword").or(source).unwrap_or_default();
    draft.target = row.take("url").or_else(|| row.take("target")).unwrap_or_default();
    draft.note = row.take("title");
    draft.created(row.take("timestamp"));
    let clicks = row.take("clicks").or_else(|| row.take("hits"));
    if clicks.is_some_and(|clicks| clicks != "0") {
        draft.lose_detail("clicks");
    }
    if row.take("ip").is_some() {
        draft.lose_detail("the IP addresses of their creators");
    }
    for column in row.rest() {
        draft.lose_detail(format!("the column {column}"));
    }
    draft
}
