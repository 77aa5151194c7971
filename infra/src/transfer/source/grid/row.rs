//! Rows with named cells.

use std::rc::Rc;

use crate::transfer::text;

/// The content of a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its text without quotes and escapes, in an unknown encoding.
    pub(crate) bytes: Vec<u8>,
    /// Whether it was in quotes.
    pub(crate) quoted: bool,
    /// Whether escapes in it were undone, so that it cannot be a word of the database.
    pub(crate) escaped: bool,
    /// Whether it is NULL beyond doubt.
    pub(crate) null: bool,
}

impl Cell {
    pub(crate) fn unquoted(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    pub(crate) fn quoted(bytes: Vec<u8>) -> Self {
        Self { bytes, quoted: true, ..Self::default() }
    }

    pub(super) fn is_url(&self) -> bool {
        let scheme = |name: &[u8]| self.bytes.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        scheme(b"http://") || scheme(b"https://")
    }

    /// Whether it holds nothing. Only without quotes is NULL nothing.
    fn is_nothing(&self) -> bool {
        self.null || !self.quoted && !self.escaped && self.bytes.trim_ascii() == b"NULL"
    }
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The line where it begins, counted from 1.
    pub(crate) line: u64,
    columns: Rc<[String]>,
    cells: Vec<Option<Cell>>,
    /// Whether a text had to be read as windows-1252.
    pub(crate) is_recoded: bool,
    /// A column whose content has to be exact and is not UTF-8.
    pub(crate) unreadable: Option<String>,
}

/// A row, or the line of an unreadable one and the reason.
pub(crate) type ReadRow = Result<Row, (u64, String)>;

impl Row {
    /// `nulls` says whether the words NULL and `\N` without quotes stand for nothing.
    pub(crate) fn new(line: u64, columns: &Rc<[String]>, cells: Vec<Cell>, nulls: bool) -> Self {
        let cells = cells.into_iter().map(|mut cell| {
            cell.null |= nulls && !cell.quoted && !cell.escaped && cell.bytes == b"\\N";
            // As if it were in quotes, which makes it a value.
            cell.quoted |= !nulls;
            Some(cell).filter(|cell| cell.null || !is_blank(&cell.bytes))
        });
        Self { line, columns: Rc::clone(columns), cells: cells.collect(), is_recoded: false, unreadable: None }
    }

    /// Takes the content of a column, without surrounding blanks; `None` if it is empty or NULL.
    pub(crate) fn take(&mut self, column: &str) -> Option<String> {
        let cell = self.cell(column).filter(|cell| !cell.is_nothing())?;
        self.exact(column, &cell)
    }

    /// Takes the content of a column that is never NULL, so that the word NULL is a value.
    pub(crate) fn value(&mut self, column: &str) -> Option<String> {
        let cell = self.cell(column).filter(|cell| !cell.null)?;
        self.exact(column, &cell)
    }

    /// Takes a text for people as it is. If it is not UTF-8, it is read as windows-1252.
    pub(crate) fn text(&mut self, column: &str) -> Option<String> {
        let cell = self.cell(column).filter(|cell| !cell.is_nothing())?;
        let (text, recoded) = text::decode(&cell.bytes);
        self.is_recoded |= recoded;
        Some(text.into_owned())
    }

    /// Takes the first of these columns that is not empty.
    pub(crate) fn any(&mut self, columns: &[&str]) -> Option<String> {
        columns.iter().find_map(|column| self.take(column))
    }

    /// Whether a column holds something that was not taken.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.rest().any(|name| name == column)
    }

    /// Takes a column, and returns whether it holds anything but a negation.
    pub(crate) fn is(&mut self, column: &str) -> bool {
        let text = self.take(column).map(|text| text.to_lowercase());
        text.is_some_and(|text| !matches!(text.as_str(), "0" | "false" | "no" | "off" | "[]" | "{}"))
    }

    /// The names of the columns that were not taken and are not empty.
    pub(crate) fn rest(&self) -> impl Iterator<Item = &str> {
        let all = self.columns.iter().zip(&self.cells);
        let full = all.filter(|(_, cell)| cell.as_ref().is_some_and(|cell| !cell.is_nothing()));
        full.map(|(name, _)| name.as_str())
    }

    fn cell(&mut self, column: &str) -> Option<Cell> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.cells.get_mut(at)?.take()
    }

    fn exact(&mut self, column: &str, cell: &Cell) -> Option<String> {
        match str::from_utf8(&cell.bytes) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => {
                self.unreadable.get_or_insert_with(|| column.to_owned());
                None
            }
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).map_or_else(|_| false, |text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&[u8], bool)]) -> Row {
        let columns: Rc<[String]> = ["a", "b", "c"].map(str::to_owned).into();
        let cells =
            cells.iter().map(|(bytes, quoted)| Cell { bytes: bytes.to_vec(), quoted: *quoted, ..Cell::default() });
        Row::new(1, &columns, cells.collect(), true)
    }

    #[test]
    fn null_is_nothing_unless_it_is_quoted_or_cannot_be() {
        let mut cells = row(&[(b"NULL", false), (b"NULL", true), (b"\\N", false)]);
        assert_eq!((cells.take("a"), cells.take("b").as_deref(), cells.take("c")), (None, Some("NULL"), None));
        let mut cells = row(&[(b" NULL ", false), (b" ", true), (b"x ", false)]);
        let found = (cells.value("a"), cells.text("b"), cells.text("c"));
        assert_eq!(found, (Some("NULL".into()), None, Some("x ".into())));
    }

    #[test]
    fn only_texts_for_people_may_be_windows_1252() {
        let mut row = row(&[(b"\xfc", false), (b"\xfc", false), (b"", false)]);
        assert_eq!((row.text("a").as_deref(), row.is_recoded), (Some("ü"), true));
        assert_eq!((row.take("b"), row.unreadable.as_deref()), (None, Some("b")));
    }
}
