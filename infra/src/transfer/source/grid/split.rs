//! Splits a text into rows, so that no line is passed over: every line that is not blank is part of a row or of a report.

use super::cells::{Dialect, Fault, Marks, Parsed, parse, parse_sheet_line};
use super::row::Cell;

/// Where to give up looking for the end of a spreadsheet's cell that has several lines.
const MAX_SHEET_ROW: usize = 64 * 1024;

/// Rows of a text in one dialect.
#[derive(Debug)]
pub(super) struct Split<'a> {
    text: &'a [u8],
    /// The line of the next row, counted from 1.
    line: u64,
    pub(super) marks: Marks,
    pub(super) dialect: Dialect,
    /// Cells of a row; 0 if unknown.
    columns: usize,
}

/// A row of the file.
#[derive(Debug)]
pub(super) struct RawRow<'a> {
    /// The line where it begins, counted from 1.
    pub(super) line: u64,
    /// Its text, with the end of the line.
    pub(super) text: &'a [u8],
    pub(super) parsed: Parsed,
    /// Further lines that cannot be read because of this row.
    pub(super) lost: Vec<u64>,
    /// Whether the row would be valid if some of its lines did not look like rows themselves.
    pub(super) swallows: bool,
}

impl<'a> Split<'a> {
    pub(super) fn new(text: &'a [u8], line: u64, marks: Marks, dialect: Dialect, columns: usize) -> Self {
        Self { text, line, marks, dialect, columns }
    }

    fn parse(&self) -> Parsed {
        if self.dialect != Dialect::Sheet {
            return parse(self.text, self.marks, self.dialect);
        }
        let end = self.text.iter().position(|byte| *byte == self.marks.newline);
        let line = self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default();
        let length = line.len() + usize::from(end.is_some());
        let line = if self.marks.crlf { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        let simple = Parsed { length, ..parse_sheet_line(line, self.marks.delimiter) };
        let is_plain = simple.cells.len() == self.columns && simple.strange == 0;
        if is_plain || self.columns == 0 || !line.contains(&b'"') {
            return simple;
        }
        // Perhaps a quoted cell has a tab or an end of line in it.
        let ahead = self.text.get(..MAX_SHEET_ROW).unwrap_or(self.text);
        let mut whole = parse(ahead, self.marks, Dialect::Doubled);
        whole.proofs += 1;
        let fits = whole.fault.is_none() && whole.cells.len() == self.columns;
        if fits { whole } else { simple }
    }

    /// The lines after the first of a row that look like rows themselves, and so may be rows that a quote has swallowed.
    fn swallowed(&self, row: &[u8]) -> Vec<u64> {
        let row = row.strip_suffix(&[self.marks.newline]).unwrap_or(row);
        let newline = self.marks.newline;
        // An escaped end of line is certainly part of a cell.
        if self.dialect == Dialect::Enclosed
            && row.windows(2).all(|pair| !matches!(pair, [before, after] if *after == newline && *before != b'\\'))
        {
            return Vec::new();
        }
        let alike: Vec<_> =
            row.split(|byte| *byte == self.marks.newline).map(|line| self.looks_like_a_row(line)).collect();
        let last = alike.len() - 1;
        let inner = alike.iter().take(last).skip(1).any(|alike| *alike);
        let ends = alike.first() == Some(&true) && alike.last() == Some(&true);
        let lines = (self.line..).zip(alike).skip(1).filter(|(_, alike)| *alike).map(|(line, _)| line);
        if inner || ends { lines.collect() } else { Vec::new() }
    }

    fn looks_like_a_row(&self, line: &[u8]) -> bool {
        let delimiters = line.iter().filter(|byte| **byte == self.marks.delimiter).count();
        let as_row = || {
            let dialect = if self.dialect == Dialect::Sheet { Dialect::Doubled } else { self.dialect };
            let row = parse(line, self.marks, dialect);
            row.fault.is_none() && row.cells.len() == self.columns
        };
        self.columns > 1 && (delimiters + 1 == self.columns || delimiters + 1 > self.columns && as_row())
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = RawRow<'a>;

    fn next(&mut self) -> Option<RawRow<'a>> {
        while !self.text.is_empty() {
            let parsed = self.parse();
            let (text, rest) = self.text.split_at(parsed.length.clamp(1, self.text.len()));
            let newlines = text.iter().filter(|byte| **byte == self.marks.newline).count();
            let lines = newlines + usize::from(text.last() != Some(&self.marks.newline));
            let line = self.line;
            let is_quoted = parsed.cells.iter().any(|cell| cell.quoted);
            let lost = match parsed.fault {
                Some(_) => written_lines(text, self.marks.newline, line),
                None if lines > 1 && is_quoted => self.swallowed(text),
                None => Vec::new(),
            };
            self.text = rest;
            self.line += newlines as u64;
            if !is_blank(&parsed.cells) || parsed.fault.is_some() {
                let swallows = parsed.fault.is_none() && !lost.is_empty();
                return Some(RawRow { line, text, parsed, lost, swallows });
            }
        }
        None
    }
}

/// The lines after the first that are not blank.
fn written_lines(text: &[u8], newline: u8, first: u64) -> Vec<u64> {
    let lines = (first..).zip(text.split(|byte| *byte == newline)).skip(1);
    lines.filter(|(_, line)| !line.trim_ascii().is_empty()).map(|(number, _)| number).collect()
}

/// Whether a line holds nothing.
fn is_blank(cells: &[Cell]) -> bool {
    matches!(cells, [cell] if !cell.quoted && !cell.null && cell.bytes.trim_ascii().is_empty())
}

impl RawRow<'_> {
    /// Why it cannot be imported.
    pub(super) fn problem(&self, columns: usize) -> Option<String> {
        let cells = self.parsed.cells.len();
        let plural = if cells == 1 { "cell" } else { "cells" };
        match self.parsed.fault {
            Some(Fault::Unclosed) => Some("the quoted cell that begins here has no end".to_owned()),
            Some(Fault::AfterQuote) => Some("text follows the closing quote of a cell".to_owned()),
            None if self.swallows => Some("a quoted cell contains lines that look like rows".to_owned()),
            None if cells != columns => Some(format!("{cells} {plural} instead of {columns}")),
            None if self.parsed.wrong_escapes > 0 => Some("a backslash that is not an escape of MySQL".to_owned()),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of rows, with a `!` if they cannot be imported, and the lines that are lost with them.
    fn check(text: &str, delimiter: u8, dialect: Dialect, columns: usize, expected: &str) {
        let marks = Marks { delimiter, newline: b'\n', crlf: false };
        let rows = Split::new(text.as_bytes(), 1, marks, dialect, columns).map(|row| {
            let mark = if row.problem(columns).is_some() { "!" } else { "" };
            let lost: Vec<_> = row.lost.iter().map(|line| format!("-{line}")).collect();
            format!("{}{mark}{}", row.line, lost.concat())
        });
        assert_eq!(rows.collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn a_quoted_cell_may_have_lines() {
        check("a,b\n\"1\n2\",3\n\n4,5", b',', Dialect::Doubled, 2, "1 2 5");
        check("\"1\r\n2\",3\r\n4,5\r\n", b',', Dialect::Doubled, 2, "1 3");
        check("x\t\"1\n2\"\ny\tz\n", b'\t', Dialect::Sheet, 2, "1 3");
        check("x\t\"1\t2\"\ny\tz\n", b'\t', Dialect::Sheet, 2, "1 2");
    }

    #[test]
    fn no_line_is_swallowed() {
        // An unclosed quote that another one closes.
        check("1,\"a,b\n2,c,d\n3,e\",f\n4,g,h", b',', Dialect::Doubled, 3, "1!-2-3 4");
        check("1,\"a,b\n2,c\",d\n", b',', Dialect::Doubled, 3, "1!-2");
        check("1,\"a,b\n2,c,d\n3,e\" f,g\n4,h,i", b',', Dialect::Doubled, 3, "1!-2-3 4");
        check("\"1\",\"a,b\n\"2\",\"c,c\",\"d\"\n\"3\",e,f", b',', Dialect::Doubled, 3, "1!-2 3");
        // One that nothing closes.
        check("1,a\n2,\"b\n3,c\n\n4,d\n", b',', Dialect::Doubled, 2, "1 2!-3-5");
        check("1\t\"a\n2\tb\"\n3\tc\n", b'\t', Dialect::Sheet, 2, "1!-2 3");
        check("1\t\"a\n2\tb\n3\tc\n", b'\t', Dialect::Sheet, 2, "1 2 3");
        check("1\t\"a\n2\tb\tc\n3\td\"\n", b'\t', Dialect::Sheet, 3, "1! 2 3!");
        check("1\ta\n2\n3\tb\n", b'\t', Dialect::Plain, 2, "1 2! 3");
    }
}
