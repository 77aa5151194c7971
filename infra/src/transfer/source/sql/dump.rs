//! The rows that the INSERT statements of a dump contain.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use anyhow::{Result, bail};

use super::lexer::{CutOff, Lexer, Token};
use crate::transfer::source::grid::{Cell, ReadRow, Row, column_name};
use crate::transfer::source::yourls::{COLUMNS, fits};

/// A row of a dump.
#[derive(Debug)]
pub(crate) enum DumpRow {
    /// A row of the table of links, or why it cannot be read.
    Link(ReadRow),
    /// The line of a row of another table.
    Other(u64),
    /// The line after which the dump cannot be read.
    CutOff(u64),
}

/// How a dump may begin.
const BEGINNINGS: [&str; 17] = [
    "--",
    "/*",
    "INSERT ",
    "REPLACE ",
    "CREATE ",
    "DROP ",
    "SET ",
    "USE ",
    "BEGIN",
    "START ",
    "LOCK ",
    "PRAGMA ",
    "DELETE ",
    "TRUNCATE ",
    "ALTER ",
    "mysqldump:",
    "mariadb-dump:",
];

/// Bytes in which a dump says how it writes texts.
const HEAD: usize = 64 * 1024;

/// Whether a text begins like SQL.
pub(crate) fn is_dump(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    BEGINNINGS
        .iter()
        .any(|begin| start.get(..begin.len()).is_some_and(|found| found.eq_ignore_ascii_case(begin.as_bytes())))
}

/// All rows in order.
pub(crate) fn rows(text: &[u8]) -> impl Iterator<Item = DumpRow> {
    Dump::new(text).map(|(row, _)| row)
}

/// Finds the table of links.
///
/// # Errors
/// If the dump has none or several; the message says what it has.
pub(crate) fn survey(text: &[u8]) -> Result<String> {
    let mut tables = BTreeMap::<String, (bool, u64)>::new();
    for (row, table) in Dump::new(text).filter(|(row, _)| !matches!(row, DumpRow::CutOff(_))) {
        let rows = tables.entry(table.to_string()).or_insert((matches!(row, DumpRow::Link(_)), 0));
        rows.1 += 1;
    }
    let with_links: Vec<_> = tables.iter().filter(|(_, (has_links, _))| *has_links).collect();
    let names = tables.iter().map(|(name, (_, rows))| format!("{name} ({rows} rows)")).collect::<Vec<_>>().join(", ");
    match with_links.as_slice() {
        [(name, _)] => Ok((*name).clone()),
        [] if tables.is_empty() => bail!(
            "the dump has no rows (INSERT statements): dump the data too, or export the table as CSV: \
             mysql --batch -e 'SELECT keyword, url, title, timestamp FROM yourls_url' DATABASE"
        ),
        [] => bail!("no table of the dump has the columns keyword and url, as YOURLS has them: {names}"),
        _ => bail!("several tables of the dump have the columns keyword and url: dump one of them alone ({names})"),
    }
}

/// Reads a dump statement by statement.
struct Dump<'a> {
    lexer: Lexer<'a>,
    /// Columns of the tables that the dump creates.
    tables: HashMap<String, Rc<[String]>>,
    insert: Option<Insert>,
    is_over: bool,
}

/// An INSERT statement whose rows are being read.
#[derive(Debug, Clone)]
struct Insert {
    table: Rc<str>,
    /// `None` if the table has no links.
    columns: Option<Rc<[String]>>,
}

impl<'a> Dump<'a> {
    fn new(text: &'a [u8]) -> Self {
        let head = text.get(..HEAD).unwrap_or(text);
        let says = |word: &[u8]| head.windows(word.len()).any(|found| found.eq_ignore_ascii_case(word));
        // SQLite and PostgreSQL know no backslash escapes.
        let escapes = !says(b"PRAGMA foreign_keys")
            && !says(b"standard_conforming_strings = on")
            && !says(b"NO_BACKSLASH_ESCAPES");
        Self { lexer: Lexer::new(text, escapes), tables: HashMap::new(), insert: None, is_over: false }
    }

    fn token(&mut self) -> Result<Token<'a>, Stop> {
        self.lexer.next()?.ok_or(Stop::End)
    }

    /// Reads statements up to the rows of an INSERT, or up to one that has none.
    fn statement(&mut self) -> Result<Option<(DumpRow, Rc<str>)>, Stop> {
        loop {
            let token = self.token()?;
            if token.is_word("INSERT") || token.is_word("REPLACE") {
                let line = self.lexer.line;
                let table = self.insert()?;
                if self.insert.is_some() {
                    return Ok(None);
                }
                if table.ends_with("url") {
                    let reason = "an INSERT without VALUES".to_owned();
                    return Ok(Some((DumpRow::Link(Err((line, reason))), table.into())));
                }
            } else if token.is_word("CREATE") {
                self.create()?;
            } else if token != Token::Symbol(b';') {
                self.skip_statement()?;
            }
        }
    }

    fn skip_statement(&mut self) -> Result<(), Stop> {
        while self.token()? != Token::Symbol(b';') {}
        Ok(())
    }

    /// Reads up to VALUES, or up to the end of a statement without rows; returns the table.
    fn insert(&mut self) -> Result<String, Stop> {
        let mut token = self.token()?;
        while !token.is_word("INTO") {
            if token == Token::Symbol(b';') {
                return Ok(String::new());
            }
            token = self.token()?;
        }
        let table = self.table_name()?;
        let mut names = Vec::new();
        loop {
            match self.token()? {
                token if token.is_word("VALUES") || token.is_word("VALUE") => break,
                Token::Symbol(b';') => return Ok(table),
                Token::Word(name) => names.push(name.to_vec()),
                Token::Name(name) => names.push(name),
                Token::Text(_) | Token::Symbol(_) => {}
            }
        }
        let names: Vec<_> = names.iter().map(|name| column_name(&String::from_utf8_lossy(name))).collect();
        let columns = match self.tables.get(&table) {
            _ if !names.is_empty() => Some(names.into()),
            Some(columns) => Some(Rc::clone(columns)),
            None if table.ends_with("url") => Some(COLUMNS.map(str::to_owned).into()),
            None => None,
        };
        let columns = columns.filter(|names| fits(names));
        self.insert = Some(Insert { table: table.as_str().into(), columns });
        Ok(table)
    }

    /// The name of a table, without that of its database, in lower case.
    fn table_name(&mut self) -> Result<String, Stop> {
        let mut name = self.token()?;
        loop {
            let mut ahead = self.lexer.clone();
            if ahead.next()? != Some(Token::Symbol(b'.')) {
                break;
            }
            self.lexer = ahead;
            name = self.token()?;
        }
        let bytes = match &name {
            Token::Word(name) => *name,
            Token::Name(name) | Token::Text(name) => name.as_slice(),
            Token::Symbol(_) => b"",
        };
        Ok(String::from_utf8_lossy(bytes).to_lowercase())
    }

    /// Learns the columns of a table.
    fn create(&mut self) -> Result<(), Stop> {
        if !self.token()?.is_word("TABLE") {
            return self.skip_statement();
        }
        let mut ahead = self.lexer.clone();
        while ahead.next()?.is_some_and(|token| ["IF", "NOT", "EXISTS"].iter().any(|word| token.is_word(word))) {
            self.lexer = ahead.clone();
        }
        let table = self.table_name()?;
        let mut columns = Vec::new();
        let (mut depth, mut is_first) = (0_u32, false);
        loop {
            let token = self.token()?;
            match &token {
                Token::Symbol(b';') => break,
                Token::Symbol(b'(') => {
                    depth += 1;
                    is_first = depth == 1;
                    continue;
                }
                Token::Symbol(b')') => depth = depth.saturating_sub(1),
                Token::Symbol(b',') if depth == 1 => {
                    is_first = true;
                    continue;
                }
                Token::Word(name) if is_first && !is_constraint(name) => columns.push(name.to_vec()),
                Token::Name(name) if is_first => columns.push(name.clone()),
                _ => {}
            }
            is_first = false;
        }
        let columns = columns.iter().map(|name| column_name(&String::from_utf8_lossy(name)));
        self.tables.insert(table, columns.collect());
        Ok(())
    }

    /// Reads a row, or what stands between two rows or after the last one (`None`).
    fn row(&mut self) -> Result<Option<(DumpRow, Rc<str>)>, Stop> {
        let Some(insert) = self.insert.clone() else {
            return Ok(None);
        };
        match self.token()? {
            Token::Symbol(b'(') => {}
            Token::Symbol(b',') => return Ok(None),
            Token::Symbol(b';') => {
                self.insert = None;
                return Ok(None);
            }
            _ => {
                self.insert = None;
                self.skip_statement()?;
                return Ok(None);
            }
        }
        let line = self.lexer.line;
        let values = self.values()?;
        Ok(Some((insert.row(line, values), insert.table)))
    }

    /// The values of a row up to its closing bracket; `None` if one of them is not a value.
    fn values(&mut self) -> Result<Option<Vec<Cell>>, Stop> {
        let (mut cells, mut is_valid) = (Vec::new(), true);
        let (mut depth, mut value) = (0_u32, Vec::new());
        loop {
            match self.token()? {
                Token::Symbol(b')') if depth == 0 => break,
                Token::Symbol(b',') if depth == 0 => {
                    let cell = cell(&std::mem::take(&mut value));
                    is_valid &= cell.is_some();
                    cells.extend(cell);
                }
                token => {
                    depth += u32::from(token == Token::Symbol(b'('));
                    depth -= u32::from(token == Token::Symbol(b')'));
                    value.push(token);
                }
            }
        }
        let last = cell(&value);
        is_valid &= last.is_some();
        cells.extend(last);
        Ok(is_valid.then_some(cells))
    }
}

impl Insert {
    fn row(&self, line: u64, values: Option<Vec<Cell>>) -> DumpRow {
        let Some(columns) = &self.columns else {
            return DumpRow::Other(line);
        };
        DumpRow::Link(match values {
            Some(cells) if cells.len() == columns.len() => Ok(Row::new(line, columns, cells, true)),
            Some(cells) => Err((line, format!("{} values instead of {}", cells.len(), columns.len()))),
            None => Err((line, "an expression instead of a value".to_owned())),
        })
    }
}

/// A literal; `None` if it is none.
fn cell(tokens: &[Token<'_>]) -> Option<Cell> {
    match tokens {
        // `_binary 'x'`, `N'x'`
        [Token::Word(word), Token::Text(text)] if word.starts_with(b"_") || word.eq_ignore_ascii_case(b"N") => {
            Some(Cell::quoted(text.clone()))
        }
        [Token::Text(text)] => Some(Cell::quoted(text.clone())),
        [word] if word.is_word("NULL") => Some(Cell { null: true, ..Cell::default() }),
        [Token::Word(word)] => Some(Cell::quoted(word.to_vec())),
        [Token::Symbol(b'-'), Token::Word(word)] => Some(Cell::quoted([b"-", *word].concat())),
        _ => None,
    }
}

fn is_constraint(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] =
        [b"PRIMARY", b"KEY", b"UNIQUE", b"INDEX", b"CONSTRAINT", b"FULLTEXT", b"SPATIAL", b"FOREIGN", b"CHECK"];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Why no more tokens come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    End,
    CutOff,
}

impl From<CutOff> for Stop {
    fn from(_: CutOff) -> Self {
        Self::CutOff
    }
}

impl Iterator for Dump<'_> {
    type Item = (DumpRow, Rc<str>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            let begun = self.lexer.line;
            let step = if self.insert.is_some() { self.row() } else { self.statement() };
            match step {
                Ok(Some(row)) => return Some(row),
                Ok(None) => {}
                // A complete dump ends between statements.
                Err(stop) => {
                    self.is_over = true;
                    let insert = self.insert.take();
                    if stop == Stop::CutOff || insert.is_some() {
                        return Some((DumpRow::CutOff(begun), "".into()));
                    }
                }
            }
        }
        None
    }
}
