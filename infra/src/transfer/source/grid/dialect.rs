//! Decides by evidence in which dialect a file is written.

use super::cells::{Dialect, Marks, parse};
use super::split::Split;

/// How to read backslashes, if the user says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Backslashes {
    /// The database wrote them: \\ is one backslash, \n an end of line, \N is NULL
    Escape,
    /// They are part of the text
    Literal,
}

/// What is known about a file before its rows are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) columns: usize,
    /// Whether it may come from `mysql`, with its escapes.
    pub(super) mysql: bool,
    pub(super) backslashes: Option<Backslashes>,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) dialect: Dialect,
    /// Another dialect that explains the file as well, but undoes escapes: rows in which it would are ambiguous.
    pub(super) rival: Option<Dialect>,
    /// Whether escapes were found.
    pub(super) has_escapes: bool,
}

/// What speaks for a dialect and against it.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    /// Lines that it cannot read, and characters that it does not write.
    against: u64,
    escapes: u64,
    proofs: u64,
}

/// Reads the whole text in each dialect, and takes the one that leaves least unexplained.
pub(super) fn choose(text: &[u8], marks: Marks, known: Known) -> Choice {
    let is_tab = marks.delimiter == b'\t';
    let weigh = |dialect| (dialect, weigh(text, marks, dialect, known.columns));
    let candidates: Vec<_> = candidates(is_tab, known).iter().copied().map(weigh).collect();
    let evidence = |wanted: Dialect| {
        let found = candidates.iter().find(|(dialect, _)| *dialect == wanted);
        found.map(|(_, evidence)| *evidence).filter(|evidence| evidence.against == least(&candidates))
    };
    let proven = |dialect| evidence(dialect).filter(|evidence| evidence.proofs > 0).map(|_| dialect);
    let escaping = |dialect| evidence(dialect).filter(|evidence| evidence.escapes > 0).map(|_| dialect);
    let first = |dialects: &[Dialect]| dialects.iter().copied().find(|dialect| evidence(*dialect).is_some());

    let chosen = match known.backslashes {
        _ if is_tab => proven(Dialect::Sheet).or_else(|| escaping(Dialect::Escaped)),
        Some(Backslashes::Escape) => first(&[Dialect::Enclosed, Dialect::Escaped]),
        _ => proven(Dialect::Enclosed).or_else(|| proven(Dialect::Escaped)),
    };
    let order: &[_] = if is_tab {
        &[Dialect::Plain, Dialect::Escaped, Dialect::Sheet, Dialect::Enclosed]
    } else {
        &[Dialect::Doubled, Dialect::Enclosed, Dialect::Php, Dialect::Escaped, Dialect::Plain]
    };
    let dialect = chosen.or_else(|| first(order)).unwrap_or(Dialect::Doubled);
    let escapes = [Dialect::Enclosed, Dialect::Escaped];
    let rival = escapes.into_iter().find_map(escaping).filter(|_| !is_tab && !escapes.contains(&dialect));
    Choice { dialect, rival, has_escapes: escaping(dialect).is_some() }
}

fn candidates(is_tab: bool, known: Known) -> &'static [Dialect] {
    match (is_tab, known.backslashes) {
        (true, _) if !known.mysql => &[Dialect::Sheet, Dialect::Plain],
        (true, None) => &[Dialect::Sheet, Dialect::Escaped, Dialect::Plain, Dialect::Enclosed],
        (true, Some(Backslashes::Literal)) => &[Dialect::Sheet, Dialect::Plain],
        (_, Some(Backslashes::Escape)) => &[Dialect::Enclosed, Dialect::Escaped],
        (false, _) if !known.mysql => &[Dialect::Doubled],
        (false, Some(Backslashes::Literal)) => &[Dialect::Doubled, Dialect::Php, Dialect::Plain],
        (false, None) => &[Dialect::Doubled, Dialect::Enclosed, Dialect::Escaped, Dialect::Php, Dialect::Plain],
    }
}

fn least(candidates: &[(Dialect, Evidence)]) -> u64 {
    candidates.iter().map(|(_, evidence)| evidence.against).min().unwrap_or_default()
}

fn weigh(text: &[u8], marks: Marks, dialect: Dialect, columns: usize) -> Evidence {
    let mut evidence = Evidence::default();
    let mut unusual = 0;
    for row in Split::new(text, 1, marks, dialect, columns) {
        let is_bad = row.parsed.cells.len() != columns || row.parsed.fault.is_some() || row.swallows;
        evidence.against += u64::from(is_bad) + row.lost.len() as u64 + row.parsed.strange;
        evidence.escapes += row.parsed.escapes;
        evidence.proofs += row.parsed.proofs;
        unusual += row.parsed.unusual;
    }
    // Some tools write more escapes than MySQL itself, but a text full of paths looks the same.
    let backslashes = matches!(dialect, Dialect::Escaped | Dialect::Enclosed);
    if backslashes && evidence.proofs == 0 {
        evidence.against += unusual;
    }
    let is_tab = marks.delimiter == b'\t';
    let has_literal_quotes = matches!(dialect, Dialect::Escaped | Dialect::Plain);
    match dialect {
        // Quotes around a text that needs none are part of the text.
        Dialect::Sheet if evidence.proofs == 0 => evidence.against += 1,
        // Hardly anything but a tab separates cells that are never quoted, so such a file must be without fault.
        _ if has_literal_quotes && !is_tab && evidence.proofs == 0 && evidence.against > 0 => {
            evidence.against = u64::MAX;
        }
        _ => {}
    }
    evidence
}

/// Whether a row would be another in this dialect.
pub(super) fn differs(row: &[u8], marks: Marks, dialect: Dialect) -> bool {
    parse(row, marks, dialect).escapes > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: u8, expected: Dialect, rival: Option<Dialect>) {
        let marks = Marks { delimiter, newline: b'\n', crlf: false };
        let choice = choose(text.as_bytes(), marks, Known { columns: 3, mysql: true, backslashes: None });
        assert_eq!((choice.dialect, choice.rival), (expected, rival), "{text}");
    }

    #[test]
    fn tab_separated_files_show_what_they_are() {
        check("a\tb\tc\n", b'\t', Dialect::Plain, None);
        check("a\t\"b\tc\na\tb\"\tc\n", b'\t', Dialect::Plain, None);
        check("a\t\"Weird Al\" Yankovic\tc\n", b'\t', Dialect::Plain, None);
        check("a\t\"Quoted\"\tc\n", b'\t', Dialect::Plain, None);
        check("a\t\"say \"\"hi\"\"\"\tc\n", b'\t', Dialect::Sheet, None);
        check("\"a\"\t\"https://example.com\"\t\"c\"\n", b'\t', Dialect::Sheet, None);
        check("a\t\"1\n2\"\tc\n", b'\t', Dialect::Sheet, None);
        check("a\tb\\\\c\td\\ne\n", b'\t', Dialect::Escaped, None);
        check("a\tb\t\\N\n", b'\t', Dialect::Escaped, None);
        check("a\tb\\\nc\td\n", b'\t', Dialect::Escaped, None);
        check("a\tb\\\\c\tC:\\dir\n", b'\t', Dialect::Plain, None);
        check("a\thttps://example.com/\\n\td\n", b'\t', Dialect::Plain, None);
        check("\"a\"\t\"say \\\"x\\\"\ty\"\t\\N\n", b'\t', Dialect::Enclosed, None);
    }

    #[test]
    fn other_files_show_what_they_are_or_are_ambiguous() {
        check("a,\"b,\"\"c\"\"\",d\n", b',', Dialect::Doubled, None);
        check("a,\"Unfinished,c\na,b,c\na,24\" screen,c\n", b',', Dialect::Escaped, None);
        check("\"a\",\"say \\\"x, y\\\"\",\"c\"\n", b',', Dialect::Enclosed, None);
        check("\"a\",\"b\\\\c\",\\N\n", b',', Dialect::Enclosed, None);
        check("a,b\\,c,d\n", b',', Dialect::Enclosed, None);
        check("\"a\",\"b\\\\c\",\"d\"\n", b',', Dialect::Doubled, Some(Dialect::Enclosed));
        check("\"a\",\"b\\\\c\",\"say \"\"x\"\"\"\n", b',', Dialect::Doubled, None);
        check("\"a\",\"say \\\"x\\\"\",\"a\"\"b\"\n", b',', Dialect::Php, None);
        check("a,C:\\new,c\n", b',', Dialect::Doubled, None);
        check("a,\"Unfinished,c\na,b,c\na,\"b, b\",c\n", b',', Dialect::Doubled, None);
        check("a,\"C:\\new\",\"say \\\"x\\\"\"\n", b',', Dialect::Enclosed, None);
    }
}
