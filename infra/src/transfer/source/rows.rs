//! Rows of a CSV file, as databases, browsers and spreadsheets write them: separated by comma, semicolon or tab, with or
//! without a byte order mark, lines ending with LF or CRLF.

use std::io::{BufRead, Read};
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use csv::{ByteRecord, ReaderBuilder, Terminator};

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line where it begins, counted from 1.
    pub(super) line: u64,
    columns: Rc<[String]>,
    cells: Vec<Option<String>>,
}

impl Row {
    /// Takes the content of a column; `None` if it is empty or NULL.
    pub(super) fn take(&mut self, column: &str) -> Option<String> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.cells.get_mut(at)?.take()
    }

    /// The names of the columns that were not taken and are not empty.
    pub(super) fn rest(&self) -> impl Iterator<Item = &str> {
        let all = self.columns.iter().zip(&self.cells);
        all.filter(|(_, cell)| cell.is_some()).map(|(name, _)| name.as_str())
    }
}

/// A row, or the line of an unreadable one and the reason.
pub(super) type ReadRow = Result<Row, (u64, String)>;

/// The rows of a file. Column names are compared in lower case, without spaces and underscores. If the first row has none
/// of the `known` names, it is data with the column names `otherwise`, if their number is the same.
///
/// # Errors
/// If the file is not UTF-8, or its columns are unknown.
pub(super) fn read<'a>(
    mut file: impl BufRead + 'a,
    known: &[&str],
    otherwise: Option<&[&str]>,
) -> Result<impl Iterator<Item = ReadRow> + 'a> {
    let delimiter = begin(&mut file)?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        // A carriage return before it is trimmed from the cell. `Terminator::CRLF` would count lines one too low.
        .terminator(Terminator::Any(b'\n'))
        .from_reader(file);
    let mut first = ByteRecord::new();
    reader.read_byte_record(&mut first).context("not CSV")?;
    let header = header(&first, known);
    let first_is_data = header.is_none();
    let columns: Rc<[String]> = match (header, otherwise) {
        (Some(names), _) => names.into(),
        (None, Some(names)) if names.len() == first.len() => names.iter().map(|name| (*name).to_owned()).collect(),
        (None, _) => bail!("the file has none of the columns {}", known.join(", ")),
    };
    let first = first_is_data.then(|| row(&first, &columns));
    Ok(first.into_iter().chain(rows(reader, columns)))
}

/// The names in a first row that has one of the `known` columns.
fn header(first: &ByteRecord, known: &[&str]) -> Option<Vec<String>> {
    let names: Vec<_> = first.iter().map(column_name).collect();
    names.iter().any(|name| known.contains(&name.as_str())).then_some(names)
}

/// The remaining rows. After one that cannot be read, nothing follows.
fn rows(mut reader: csv::Reader<impl Read>, columns: Rc<[String]>) -> impl Iterator<Item = ReadRow> {
    let mut is_broken = false;
    std::iter::from_fn(move || {
        if is_broken {
            return None;
        }
        let next = next_row(&mut reader, &columns);
        next.unwrap_or_else(|error| {
            is_broken = true;
            Some(Err((reader.position().line(), format!("{error}; nothing after it was read"))))
        })
    })
}

/// The next row that is not empty; `None` at the end.
fn next_row(reader: &mut csv::Reader<impl Read>, columns: &Rc<[String]>) -> csv::Result<Option<ReadRow>> {
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        if record.len() > 1 || !record.as_slice().trim_ascii().is_empty() {
            return Ok(Some(row(&record, columns)));
        }
    }
    Ok(None)
}

/// Skips a byte order mark and detects the delimiter: the most frequent one in the first line.
fn begin(file: &mut impl BufRead) -> Result<u8> {
    let start = file.fill_buf().context("cannot be read")?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        bail!("the file is UTF-16: save it as UTF-8");
    }
    let mark: &[u8] = b"\xef\xbb\xbf";
    let marked = start.starts_with(mark);
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    if marked {
        file.consume(mark.len());
    }
    Ok(most.unwrap_or(b','))
}

fn column_name(cell: &[u8]) -> String {
    let name = String::from_utf8_lossy(cell).to_lowercase();
    name.trim().replace([' ', '_'], "")
}

fn row(record: &ByteRecord, columns: &Rc<[String]>) -> ReadRow {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != columns.len() {
        let (found, expected) = (record.len(), columns.len());
        return Err((line, format!("{found} cells instead of {expected}")));
    }
    let cells = record.iter().map(|cell| {
        let text = str::from_utf8(cell).map_err(|_bytes| (line, "not UTF-8".to_owned()))?.trim();
        let nothing = matches!(text, "" | "NULL" | "\\N");
        Ok((!nothing).then(|| text.to_owned()))
    });
    Ok(Row { line, columns: Rc::clone(columns), cells: cells.collect::<Result<_, _>>()? })
}

/// Reads a whole file.
///
/// # Errors
/// If it is not UTF-8.
pub(super) fn whole(mut file: impl Read) -> Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).context("cannot be read as UTF-8")?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines, and the content of the columns a and b.
    fn check(text: &str, expected: &[(u64, Option<&str>, Option<&str>)]) {
        let rows: Vec<_> = read(text.as_bytes(), &["a"], Some(&["a", "b"])).unwrap().collect();
        assert_eq!(rows.len(), expected.len(), "{rows:?}");
        for (row, (line, a, b)) in rows.into_iter().zip(expected) {
            let mut row = row.unwrap();
            let found = (row.line, row.take("a"), row.take("b"));
            assert_eq!((found.0, found.1.as_deref(), found.2.as_deref()), (*line, *a, *b));
        }
    }

    #[test]
    fn rows_are_read_in_every_form() {
        check("a,b\n1,2\n", &[(2, Some("1"), Some("2"))]);
        check("\u{feff}\"A\";\"B\"\r\n\"x;y\";\"\"\r\n", &[(2, Some("x;y"), None)]);
        check("B\tA\n1\t2", &[(2, Some("2"), Some("1"))]);
        check("1,2\n3,NULL\n", &[(1, Some("1"), Some("2")), (2, Some("3"), None)]);
        check(
            "a,b\n\"one\nof \"\"two\"\" lines\",\\N\n3,4\n",
            &[(2, Some("one\nof \"two\" lines"), None), (4, Some("3"), Some("4"))],
        );
        check("a,b\r\n\r\n1,\"2\"\r\n\r\n", &[(3, Some("1"), Some("2"))]);
        check("a,b\n", &[]);
    }

    #[test]
    fn a_bad_row_names_its_line() {
        let rows = read("a,b\n1\n2,\u{fc}\n".as_bytes(), &["a"], None).unwrap();
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows[0].as_ref().unwrap_err(), &(2, "1 cells instead of 2".to_owned()));
        assert!(rows[1].is_ok());
        let rows = read(&b"a,b\n2,\xfc\n"[..], &["a"], None).unwrap();
        assert_eq!(rows.last().unwrap().unwrap_err(), (2, "not UTF-8".to_owned()));
    }

    #[test]
    fn a_file_of_another_format_is_refused() {
        let check = |bytes: &[u8], expected: &str| {
            let message = read(bytes, &["a", "x"], Some(&["a", "b"])).err().unwrap().to_string();
            assert!(message.contains(expected), "{message}");
        };
        check(b"c,d,e\n1,2,3\n", "none of the columns a, x");
        check(b"", "none of the columns");
        check(b"\xff\xfea\0", "UTF-16");
    }
}
