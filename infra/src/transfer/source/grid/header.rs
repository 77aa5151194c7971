//! Opens a table: delimiter, names of the columns, and dialect.

use std::rc::Rc;

use anyhow::{Result, bail};

use super::cells::{Dialect, Marks, parse, parse_sheet_line};
use super::dialect::{Backslashes, Choice, Known, choose, differs};
use super::row::{Cell, ReadRow, Row};
use super::split::{RawRow, Split};

/// In order of preference.
const DELIMITERS: [u8; 4] = [b'\t', b',', b';', b'|'];
/// Rows that are inspected if the first one names no columns.
const SAMPLE: usize = 50;

/// What a table may look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Whether these are the names of its columns.
    pub(crate) fits: fn(&[String]) -> bool,
    /// The columns of a file that does not name them. The second is a URL.
    pub(crate) otherwise: Option<&'static [&'static str]>,
    /// Whether it may come from `mysql`: with its escapes, and NULL as a word.
    pub(crate) mysql: bool,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Grid {
    /// Where the first row begins, in bytes.
    begin: usize,
    /// The line of the first row, counted from 1.
    line: u64,
    marks: Marks,
    pub(crate) columns: Rc<[String]>,
    /// Whether the file itself names them.
    pub(crate) has_header: bool,
    choice: Choice,
    mysql: bool,
}

impl Grid {
    /// Opens a table in one of the layouts, and returns which.
    ///
    /// # Errors
    /// The names of the columns if no layout fits; or if a column is there twice.
    pub(crate) fn open(
        text: &[u8],
        layouts: &[Layout],
        backslashes: Option<Backslashes>,
    ) -> Result<Option<(usize, Self)>> {
        let whole = text.len();
        let (text, line, separator) = without_separator_line(text);
        let skipped = whole - text.len();
        for marks in marks(text, separator) {
            let (names, length) = header(text, marks);
            let Some(number) = layouts.iter().position(|layout| (layout.fits)(&names)) else {
                continue;
            };
            if let Some(name) = repeated(&names) {
                bail!("the column {name:?} is there twice");
            }
            let newlines = text.iter().take(length).filter(|byte| **byte == marks.newline).count() as u64;
            let mysql = layouts.get(number).is_some_and(|layout| layout.mysql);
            let known = Known { columns: names.len(), mysql, backslashes };
            // With the header: its quotes are evidence as well.
            let choice = choose(text, marks, known);
            let (begin, line) = (skipped + length, line + newlines);
            let grid = Self { begin, line, marks, columns: names.into(), has_header: true, choice, mysql };
            return Ok(Some((number, grid)));
        }
        let found = Self::without_header(text, line, separator, layouts, backslashes);
        Ok(found.map(|(number, grid)| (number, Self { begin: skipped, ..grid })))
    }

    fn without_header(
        text: &[u8],
        line: u64,
        separator: Option<u8>,
        layouts: &[Layout],
        backslashes: Option<Backslashes>,
    ) -> Option<(usize, Self)> {
        let mut best = (0, None);
        for (number, layout) in layouts.iter().enumerate() {
            let names = layout.otherwise.unwrap_or_default();
            for marks in marks(text, separator).filter(|_| !names.is_empty()) {
                let known = Known { columns: names.len(), mysql: layout.mysql, backslashes };
                let choice = choose(text, marks, known);
                let rows = Split::new(text, line, marks, choice.dialect, names.len()).take(SAMPLE);
                let is_row = |row: &RawRow<'_>| {
                    row.parsed.cells.len() == names.len() && row.parsed.cells.get(1).is_some_and(Cell::is_url)
                };
                let fit = rows.filter(is_row).count();
                if fit > best.0 {
                    let columns = names.iter().map(|name| (*name).to_owned()).collect();
                    let grid = Self { begin: 0, line, marks, columns, has_header: false, choice, mysql: layout.mysql };
                    best = (fit, Some((number, grid)));
                }
            }
        }
        best.1
    }

    /// Its rows in order, and every line that cannot be read.
    pub(crate) fn rows<'a>(&self, text: &'a [u8]) -> impl Iterator<Item = ReadRow> + use<'a> {
        let (columns, choice, marks, mysql) = (Rc::clone(&self.columns), self.choice, self.marks, self.mysql);
        let split =
            Split::new(text.get(self.begin..).unwrap_or_default(), self.line, marks, choice.dialect, columns.len());
        split.flat_map(move |row| {
            let begin = row.line;
            let lost: Vec<_> = row.lost.iter().map(|line| Err((*line, lost(begin)))).collect();
            let problem = row.problem(columns.len()).or_else(|| {
                let rival = choice.rival.is_some_and(|rival| differs(row.text, marks, rival));
                rival.then(|| AMBIGUOUS.to_owned())
            });
            let read = match problem {
                Some(reason) => Err((begin, reason)),
                None => Ok(Row::new(begin, &columns, row.parsed.cells, mysql)),
            };
            std::iter::once(read).chain(lost)
        })
    }

    /// How it is written, for people.
    pub(crate) fn about(&self) -> String {
        let delimiter = match self.marks.delimiter {
            b'\t' => "tab",
            b',' => "comma",
            b';' => "semicolon",
            _ => "|",
        };
        let header = if self.has_header { "" } else { ", without a header" };
        let dialect = match self.choice.dialect {
            Dialect::Escaped | Dialect::Enclosed if self.choice.has_escapes => ", with backslash escapes of MySQL",
            Dialect::Escaped | Dialect::Plain => ", quotes and backslashes taken literally",
            Dialect::Php => ", with quotes as PHP writes them",
            _ => "",
        };
        format!("separated by {delimiter}{header}{dialect}")
    }
}

const AMBIGUOUS: &str = "its backslashes can be read in two ways: say --backslashes literal if they are part of the \
                         text, escape if MySQL added them";

fn lost(begin: u64) -> String {
    format!("not imported, because a quoted cell that begins in line {begin} contains it")
}

/// The names of the columns in the first line, and the bytes of that line.
pub(crate) fn header(text: &[u8], marks: Marks) -> (Vec<String>, usize) {
    let row = if marks.delimiter == b'\t' {
        let line = text.split(|byte| *byte == marks.newline).next().unwrap_or_default();
        let mut row = parse_sheet_line(line, b'\t');
        row.length += usize::from(row.length < text.len());
        row
    } else {
        parse(text, marks, Dialect::Doubled)
    };
    let names = row.cells.iter().map(|cell| column_name(&String::from_utf8_lossy(&cell.bytes)));
    (names.collect(), row.length)
}

/// The name of a column as it is compared: in lower case, without blanks, hyphens and underscores.
pub(crate) fn column_name(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '_', '-', '\u{a0}'], "")
}

/// Whether a table has all of these columns.
pub(crate) fn has(names: &[String], wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| names.iter().any(|name| name == wanted))
}

/// Whether a table has one of these columns.
pub(crate) fn has_any(names: &[String], wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| has(names, &[wanted]))
}

fn repeated(names: &[String]) -> Option<&str> {
    let mut seen = std::collections::HashSet::new();
    names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())).map(String::as_str)
}

/// The possible marks of a text.
fn marks(text: &[u8], separator: Option<u8>) -> impl Iterator<Item = Marks> {
    let newline = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    let first = text.split(|byte| *byte == newline).next().unwrap_or_default();
    let crlf = newline == b'\n' && first.ends_with(b"\r");
    let delimiters = DELIMITERS.into_iter().filter(move |delimiter| separator.is_none_or(|only| only == *delimiter));
    let other = separator.filter(|separator| !DELIMITERS.contains(separator));
    delimiters.chain(other).map(move |delimiter| Marks { delimiter, newline, crlf })
}

/// Skips a first line `sep=;`, which tells Excel the delimiter.
fn without_separator_line(text: &[u8]) -> (&[u8], u64, Option<u8>) {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let line = text.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => {
            (text.get(end + 1..).unwrap_or_default(), 2, Some(*separator))
        }
        _ => (text, 1, None),
    }
}
