//! Finds out what a file is.

use anyhow::{Result, bail};
use links::item::FIELDS;
use serde_json::{Deserializer, Map, Value};

use super::format::Format;
use super::grid::{Backslashes, Grid};
use super::sql;
use crate::transfer::input::Input;
use crate::transfer::line::REST;

/// Bytes in which an export of kurz shows.
const HEAD: u64 = 1024 * 1024;
/// Lines that are inspected for it.
const LINES: usize = 100;
/// Most columns, and most characters of a line, in a message.
const SHOWN: usize = 16;
const SHOWN_CHARACTERS: usize = 100;

/// A file as it will be read.
#[derive(Debug)]
pub(super) enum Content {
    /// JSON lines, which are read one by one.
    Lines,
    /// A table.
    Grid(Vec<u8>, Grid),
    /// An SQL dump.
    Sql(Vec<u8>),
    /// JSON documents.
    Json(Vec<u8>),
}

/// Opens a file in a format; with [`Format::Auto`], in the one that it shows.
///
/// # Errors
/// If it cannot be read or does not have the format.
pub(super) fn open(
    format: Format,
    input: &Input,
    backslashes: Option<Backslashes>,
) -> Result<(Format, String, Content)> {
    if format == Format::Kurz || format == Format::Auto && is_of_kurz(&input.head(HEAD)?) {
        return Ok((Format::Kurz, "one JSON object per line".to_owned(), Content::Lines));
    }
    let text = input.text()?;
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') if format == Format::Auto || format.is_json() => {
            let found = json(&text)?;
            match found {
                Some(found) if format == Format::Auto || format == found => {
                    Ok((found, "JSON".to_owned(), Content::Json(text)))
                }
                // A single format was asked for: its reader says what is missing.
                _ if format != Format::Auto => Ok((format, "JSON".to_owned(), Content::Json(text))),
                _ => bail!("{}", unknown(format, &text)),
            }
        }
        _ if sql::is_dump(&text) && matches!(format, Format::Auto | Format::Yourls) => {
            let table = sql::survey(&text)?;
            Ok((Format::Yourls, format!("SQL dump, table {table}"), Content::Sql(text)))
        }
        _ => table(format, text, backslashes),
    }
}

fn table(format: Format, text: Vec<u8>, backslashes: Option<Backslashes>) -> Result<(Format, String, Content)> {
    let formats: Vec<_> =
        Format::TABLES.into_iter().filter(|table| format == Format::Auto || format == *table).collect();
    let layouts: Vec<_> = formats.iter().filter_map(|format| format.layout()).collect();
    let found = Grid::open(&text, &layouts, backslashes)?;
    let Some((found, grid)) = found.and_then(|(number, grid)| Some((*formats.get(number)?, grid))) else {
        bail!("{}", unknown(format, &text));
    };
    let columns = shown(grid.columns.iter().map(String::as_str));
    Ok((found, format!("columns {columns}, {}", grid.about()), Content::Grid(text, grid)))
}

/// Whether a file begins like an export of kurz. An empty one is an export of an empty table.
fn is_of_kurz(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let lines = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut lines = lines.take(LINES).peekable();
    let is_known = |name: &String| name == REST || FIELDS.iter().any(|field| field.name == name);
    let is_link = |line: &[u8]| {
        let object = serde_json::from_slice::<Map<String, Value>>(line);
        object.is_ok_and(|object| {
            object.contains_key("slug") && object.contains_key("url") && object.keys().all(is_known)
        })
    };
    lines.peek().is_none() || lines.any(is_link)
}

/// The format of a JSON document.
fn json(text: &[u8]) -> Result<Option<Format>> {
    let Some(Ok(document)) = Deserializer::from_slice(text).into_iter::<Value>().next() else {
        bail!("not JSON, although it begins like it: {}", begin(text));
    };
    let (list, entry) = sample(&document);
    let page = document.as_object();
    let has = |name: &str| entry.is_some_and(|entry| entry.contains_key(name));
    let says = |name: &str| page.is_some_and(|page| page.contains_key(name));
    Ok(match list {
        _ if has("long_url") => Some(Format::Bitly),
        _ if has("address") && has("target") => Some(Format::Kutt),
        _ if has("slug") && has("url") => Some(Format::Sink),
        Some("links") if says("pagination") => Some(Format::Bitly),
        Some("links") if says("exportedAt") => Some(Format::Sink),
        Some("data") if says("total") => Some(Format::Kutt),
        _ => None,
    })
}

/// The member that holds the links, and one of them.
fn sample(value: &Value) -> (Option<&'static str>, Option<&Map<String, Value>>) {
    match value {
        Value::Array(values) => values.first().map_or((None, None), sample),
        Value::Object(members) => {
            let list = ["links", "data"].into_iter().find(|name| members.get(*name).is_some_and(Value::is_array));
            match list.and_then(|name| members.get(name)) {
                Some(links) => (list, sample(links).1),
                None => (None, Some(members)),
            }
        }
        _ => (None, None),
    }
}

/// What was found instead of a format, and what is possible.
fn unknown(format: Format, text: &[u8]) -> String {
    let found = found(text);
    if format != Format::Auto {
        return format!("the file is not {} for {}: {found}", format.look(), format.product());
    }
    let mut message = format!("cannot tell what the file is: {found}. It may be");
    for (format, look) in Format::LOOKS {
        let name = clap::ValueEnum::to_possible_value(&format).map(|value| value.get_name().to_owned());
        message.push_str(&format!("\n  {:<8} {look}", name.unwrap_or_default()));
    }
    message
}

/// What a file shows.
fn found(text: &[u8]) -> String {
    let start = text.trim_ascii_start();
    if start.is_empty() {
        return "it is empty".to_owned();
    }
    if sql::is_dump(text) {
        return format!("it is SQL, and begins with {}", begin(text));
    }
    if start.starts_with(b"+--") {
        return "it is a table as the mysql client draws it: repeat the query with mysql --batch".to_owned();
    }
    if start.starts_with(b"***") {
        return "it is a list as the mysql client prints it with \\G: repeat the query with mysql --batch".to_owned();
    }
    if start.starts_with(b"<") {
        return format!("it is a web page or XML, and begins with {}", begin(text));
    }
    if matches!(start.first(), Some(b'{' | b'[')) {
        let document = Deserializer::from_slice(text).into_iter::<Value>().next();
        let document = document.and_then(Result::ok).unwrap_or_default();
        let names = sample(&document).1.map(|entry| shown(entry.keys().map(String::as_str)));
        return format!("it is JSON with {}", names.unwrap_or_else(|| "no links".to_owned()));
    }
    format!("its first line is {}", begin(text))
}

/// The first line, shortened.
fn begin(text: &[u8]) -> String {
    let start = text.trim_ascii_start();
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let line = String::from_utf8_lossy(line.get(..4 * SHOWN_CHARACTERS).unwrap_or(line));
    let short: String = line.chars().take(SHOWN_CHARACTERS).collect();
    let dots = if short.len() < line.len() { "…" } else { "" };
    format!("{short:?}{dots}")
}

/// Names in a message.
fn shown<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.map(|name| name.escape_debug().take(40).collect::<String>());
    let mut list = names.by_ref().take(SHOWN).collect::<Vec<_>>().join(", ");
    if names.next().is_some() {
        list.push_str(", …");
    }
    list
}
