//! Takes one row apart.

use super::row::Cell;

/// How cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RFC 4180: a cell may be in quotes, and a quote inside is doubled. Spreadsheets, browsers, phpMyAdmin.
    Doubled,
    /// PHP's `fputcsv`: the same, but a quote after a backslash is not doubled. The backslash belongs to the text.
    Php,
    /// `INTO OUTFILE … ENCLOSED BY '"'` of a `mysql` server: cells in quotes, with backslash escapes.
    Enclosed,
    /// `INTO OUTFILE` of a `mysql` server without quotes, `mysqldump --tab`, and `mysql --batch`: backslash escapes only.
    Escaped,
    /// Nothing is quoted or escaped: `mysql --batch --raw`.
    Plain,
    /// Spreadsheets' tab-separated text: only a cell that both begins and ends with a quote is quoted.
    Sheet,
}

/// How a file separates cells and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) delimiter: u8,
    /// Line feed, or carriage return in files that have no line feed.
    pub(super) newline: u8,
    /// Whether a carriage return before a line feed belongs to the end of the line.
    pub(super) crlf: bool,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quoted cell has no end.
    Unclosed,
    /// Text follows the closing quote of a cell.
    AfterQuote,
}

/// A row, or what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) cells: Vec<Cell>,
    /// Bytes, with the end of the line.
    pub(super) length: usize,
    pub(super) fault: Option<Fault>,
    /// Backslash escapes that were undone, and NULLs written with one.
    pub(super) escapes: u64,
    /// Escapes that only a writer with backslashes makes: NULL, or an escaped quote, delimiter or end of line.
    pub(super) proofs: u64,
    /// What this dialect does not write.
    pub(super) strange: u64,
    /// Backslashes that begin no escape, which are strange too.
    pub(super) wrong_escapes: u64,
    /// Escapes that some writers of this dialect make, but not a `mysql` server itself.
    pub(super) unusual: u64,
}

/// Reads the row at the beginning of `text`.
pub(super) fn parse(text: &[u8], marks: Marks, dialect: Dialect) -> Parsed {
    let mut reader = Reader { text, at: 0, marks, dialect, row: Parsed::default() };
    while reader.cell() {}
    reader.row.length = reader.at;
    reader.row
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    marks: Marks,
    dialect: Dialect,
    row: Parsed,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Reads a cell and what ends it. Returns whether another cell follows.
    fn cell(&mut self) -> bool {
        let quotes = matches!(self.dialect, Dialect::Doubled | Dialect::Php | Dialect::Enclosed);
        let before = self.row.escapes;
        let cell = if quotes && self.peek() == Some(b'"') { self.quoted() } else { self.unquoted() };
        self.count(&cell, before);
        self.row.cells.push(cell);
        if self.row.fault.is_some() {
            self.skip_line();
            return false;
        }
        let follows = self.peek() == Some(self.marks.delimiter);
        self.at += usize::from(self.at < self.text.len());
        follows
    }

    /// Weighs a cell as evidence.
    fn count(&mut self, cell: &Cell, escapes_before: u64) {
        // MySQL does escape these, but no URL contains them: the backslash was part of the URL.
        let is_target = self.row.cells.len() == 1 && cell.is_url();
        if self.row.escapes > escapes_before && is_target && cell.bytes.iter().any(u8::is_ascii_control) {
            self.row.strange += 1;
        }
        let literal = matches!(self.dialect, Dialect::Escaped | Dialect::Plain) && self.marks.delimiter != b'\t';
        if literal && is_enclosed(&cell.bytes) {
            self.row.strange += 1;
        }
    }

    fn unquoted(&mut self) -> Cell {
        let before = self.row.escapes;
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| *byte != self.marks.delimiter && *byte != self.marks.newline) {
            self.at += 1;
            let escapes = matches!(self.dialect, Dialect::Escaped | Dialect::Enclosed);
            if !(escapes && byte == b'\\') {
                bytes.push(byte);
            } else if self.is_null(&bytes) {
                self.at += 1;
                self.row.escapes += 1;
                self.row.proofs += 1;
                return Cell { bytes: b"\\N".to_vec(), null: true, ..Cell::default() };
            } else {
                self.escape(&mut bytes);
            }
        }
        let ends_row = self.peek() != Some(self.marks.delimiter);
        let strips = self.marks.crlf || matches!(self.dialect, Dialect::Doubled | Dialect::Php);
        if ends_row && strips && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Cell { escaped: self.row.escapes > before, ..Cell::unquoted(bytes) }
    }

    /// Whether the backslash just read begins `\N`, alone in its cell.
    fn is_null(&self, before: &[u8]) -> bool {
        let after = self.text.get(self.at + 1).copied();
        let ends = after.is_none_or(|byte| byte == self.marks.delimiter || byte == self.marks.newline || byte == b'\r');
        before.is_empty() && self.peek() == Some(b'N') && ends
    }

    /// Undoes the escape whose backslash was just read.
    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let Some(byte) = self.peek() else {
            self.wrong_escape(bytes);
            return;
        };
        let is_tab = self.marks.delimiter == b'\t';
        let is_quote = byte == b'"' && self.dialect == Dialect::Enclosed;
        let is_mark = is_quote || byte == self.marks.delimiter || matches!(byte, b'\r' | b'\n');
        let undone = match byte {
            _ if is_mark => byte,
            b'\\' => b'\\',
            b'0' => 0,
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'Z' => 0x1a,
            b'\'' | b'"' => byte,
            _ => {
                self.wrong_escape(bytes);
                return;
            }
        };
        self.at += 1;
        self.row.escapes += 1;
        self.row.proofs += u64::from(is_mark);
        let is_usual = is_mark || matches!(byte, b'\\' | b'0') || is_tab && matches!(byte, b'n' | b't');
        self.row.unusual += u64::from(!is_usual);
        bytes.push(undone);
    }

    fn wrong_escape(&mut self, bytes: &mut Vec<u8>) {
        self.row.strange += 1;
        self.row.wrong_escapes += 1;
        bytes.push(b'\\');
    }

    /// Reads a cell whose quote is next.
    fn quoted(&mut self) -> Cell {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let Some(byte) = self.peek() else {
                self.row.fault = Some(Fault::Unclosed);
                break;
            };
            self.at += 1;
            match byte {
                b'"' if self.dialect != Dialect::Enclosed && self.peek() == Some(b'"') => {
                    self.at += 1;
                    self.row.proofs += 1;
                    bytes.push(b'"');
                }
                b'"' => {
                    self.close();
                    break;
                }
                b'\\' if self.dialect == Dialect::Enclosed => self.escape(&mut bytes),
                b'\\' if self.dialect == Dialect::Php && self.peek() == Some(b'"') => {
                    self.at += 1;
                    bytes.extend_from_slice(b"\\\"");
                }
                byte => bytes.push(byte),
            }
        }
        Cell::quoted(bytes)
    }

    /// Skips blanks after a closing quote, and checks that the cell ends there.
    fn close(&mut self) {
        while self.peek().is_some_and(|byte| byte == b' ' || byte == b'\r' && self.marks.newline == b'\n') {
            self.at += 1;
        }
        if self.peek().is_some_and(|byte| byte != self.marks.delimiter && byte != self.marks.newline) {
            self.row.fault = Some(Fault::AfterQuote);
        }
    }

    fn skip_line(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == self.marks.newline);
        self.at += line.map_or(rest.len(), |length| length + 1);
    }
}

/// Whether a quote stands at both ends.
fn is_enclosed(bytes: &[u8]) -> bool {
    matches!(bytes, [b'"', .., b'"'])
}

/// The row of a spreadsheet on one line, of which only enclosed cells are quoted.
pub(super) fn parse_sheet_line(line: &[u8], delimiter: u8) -> Parsed {
    let mut row = Parsed { length: line.len(), ..Parsed::default() };
    for bytes in line.split(|byte| *byte == delimiter) {
        let cell = unenclosed(bytes);
        match &cell {
            // A spreadsheet quotes what contains a quote or a separator, and some quote every text.
            Some(text) => {
                let needs = text.bytes.iter().any(|byte| matches!(byte, b'"' | b',' | b';'));
                row.proofs += u64::from(needs || text.is_url());
            }
            None => row.strange += u64::from(bytes.contains(&b'"')),
        }
        row.cells.push(cell.unwrap_or_else(|| Cell::unquoted(bytes.to_vec())));
    }
    row
}

/// The text of a cell that is quoted as spreadsheets do.
fn unenclosed(bytes: &[u8]) -> Option<Cell> {
    let [b'"', inner @ .., b'"'] = bytes else {
        return None;
    };
    let mut text = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'"' && rest.next() != Some(&b'"') {
            return None;
        }
        text.push(*byte);
    }
    Some(Cell::quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Marks = Marks { delimiter: b',', newline: b'\n', crlf: false };
    const TAB: Marks = Marks { delimiter: b'\t', ..COMMA };

    fn texts(row: &Parsed) -> Vec<String> {
        row.cells.iter().map(|cell| String::from_utf8_lossy(&cell.bytes).into_owned()).collect()
    }

    fn check(text: &str, marks: Marks, dialect: Dialect, expected: &[&str]) {
        let row = parse(text.as_bytes(), marks, dialect);
        assert_eq!((texts(&row), row.fault), (expected.iter().map(ToString::to_string).collect(), None), "{text}");
        assert_eq!(row.strange, 0, "{text}");
    }

    #[test]
    fn each_dialect_reads_its_own_rows() {
        check("a,\"b, \"\"c\"\"\nd\" ,e\r\nnext", COMMA, Dialect::Doubled, &["a", "b, \"c\"\nd", "e"]);
        check("a,\"C:\\new\\\",\"\"", COMMA, Dialect::Doubled, &["a", "C:\\new\\", ""]);
        check("\"say \\\"x\\\"\",\"a\"\"b\"", COMMA, Dialect::Php, &["say \\\"x\\\"", "a\"b"]);
        check(
            "\"a\\\\b\",\\N,\"say \\\"x\\\"\",\"1\\\n2\"",
            COMMA,
            Dialect::Enclosed,
            &["a\\b", "\\N", "say \"x\"", "1\n2"],
        );
        check("a\\,b,\"c,d\\\ne", COMMA, Dialect::Escaped, &["a,b", "\"c", "d\ne"]);
        check("a\tb\\tc\\nd\\\\n\\0\t\"e", TAB, Dialect::Escaped, &["a", "b\tc\nd\\n\0", "\"e"]);
        check("a\\n\t\"b\tNULL", TAB, Dialect::Plain, &["a\\n", "\"b", "NULL"]);
    }

    #[test]
    fn what_a_dialect_does_not_write_is_counted() {
        let check = |text: &str, marks: Marks, dialect: Dialect, strange: u64, unusual: u64| {
            let row = parse(text.as_bytes(), marks, dialect);
            assert_eq!((row.strange, row.unusual), (strange, unusual), "{text}");
        };
        check("C:\\dir\\new", TAB, Dialect::Escaped, 1, 0);
        check("C:\\new", COMMA, Dialect::Escaped, 0, 1);
        check("a\thttps://example.com/a\\nb", TAB, Dialect::Escaped, 1, 0);
        check("a\\", TAB, Dialect::Escaped, 1, 0);
        check("\"a\",b", COMMA, Dialect::Plain, 1, 0);
        check("\"a\"\tb", TAB, Dialect::Plain, 0, 0);
    }

    #[test]
    fn only_enclosed_cells_of_a_sheet_are_quoted() {
        let check = |line: &str, expected: &[&str], proofs: u64, strange: u64| {
            let row = parse_sheet_line(line.as_bytes(), b'\t');
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            assert_eq!((texts(&row), row.proofs, row.strange), (expected, proofs, strange), "{line}");
        };
        check("\"say \"\"hi\"\"\"\tb", &["say \"hi\"", "b"], 1, 0);
        check("\"Weird Al\" Yankovic\t\"Unfinished", &["\"Weird Al\" Yankovic", "\"Unfinished"], 0, 2);
        check("\"a\" and \"b\"\t\"", &["\"a\" and \"b\"", "\""], 0, 2);
        check("\"plain\"", &["plain"], 0, 0);
    }
}
