//! Reads the exports of kurz and of other shorteners.
//!
//! `detect` finds out what a file is. `grid` reads tables as text, `sql` reads dumps, `pages` reads JSON; one module per
//! shortener says what the columns and members mean, and `draft` turns that into a link.
//!
//! No record is passed over: each becomes a link, or is reported, or is counted as skipped.

mod bitly;
mod detect;
mod draft;
mod dub;
mod format;
mod grid;
mod jsonl;
mod kutt;
mod pages;
mod plain;
#[cfg(test)]
mod reconcile;
mod shlink;
mod shortio;
mod sink;
mod sql;
mod terms;
mod times;
mod yourls;

use std::fmt;

use anyhow::Result;
use links::Slug;
use links::item::Item;

pub(crate) use format::Format;
pub(crate) use grid::Backslashes;
pub(crate) use terms::{Terms, normal_domain};

use crate::transfer::input::Input;
use detect::Content;
use draft::Draft;
use grid::{ReadRow, Row};

/// A file whose format is known.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    input: &'a Input,
    /// Its format, never [`Format::Auto`].
    pub(crate) format: Format,
    /// How the format shows, for people.
    pub(crate) about: String,
    content: Content,
}

impl<'a> Source<'a> {
    /// Recognises the format of a file, or checks that it has the one that is given.
    ///
    /// # Errors
    /// If it cannot be read or has another format; the message says what was found and what is possible.
    pub(crate) fn open(format: Format, input: &'a Input, backslashes: Option<Backslashes>) -> Result<Self> {
        let (format, about, content) = detect::open(format, input, backslashes)?;
        Ok(Self { input, format, about, content })
    }

    /// Whether the file itself can say who owns a link.
    pub(crate) fn has_owners(&self) -> bool {
        matches!(&self.content, Content::Grid(_, grid) if grid.columns.iter().any(|name| name == "owner"))
    }

    /// All records in order. It can be called again.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub(crate) fn records<'b>(&'b self, terms: &'b Terms) -> Result<Box<dyn Iterator<Item = Record> + 'b>> {
        Ok(match &self.content {
            Content::Lines => Box::new(jsonl::read(self.input.reopen()?)),
            Content::Grid(text, grid) => {
                let drafts = self.format.columns();
                Box::new(grid.rows(text).flat_map(move |row| from_row(row, terms, drafts)))
            }
            Content::Sql(text) => Box::new(sql::rows(text).flat_map(move |row| match row {
                sql::DumpRow::Link(row) => from_row(row, terms, Some(yourls::drafts)),
                sql::DumpRow::Other(line) => vec![Record::skipped(Place::Line(line), Skip::Table)],
                sql::DumpRow::CutOff(line) => {
                    let reason = "the dump is cut off or damaged here: nothing after it was read".to_owned();
                    vec![Record::unreadable(Place::Line(line), reason)]
                }
            })),
            Content::Json(text) => match self.format {
                Format::Kutt => Box::new(kutt::read(text, terms)?),
                Format::Sink => Box::new(sink::read(text, terms)?),
                _ => Box::new(bitly::read(text, terms)?),
            },
        })
    }
}

/// Turns the columns of a row into links.
type Columns = fn(&mut Row, Draft) -> Vec<Draft>;

fn from_row(row: ReadRow, terms: &Terms, columns: Option<Columns>) -> Vec<Record> {
    let (mut row, columns) = match (row, columns) {
        (Ok(row), Some(columns)) => (row, columns),
        (Err((line, reason)), _) => return vec![Record::unreadable(Place::Line(line), reason)],
        (Ok(row), None) => return vec![Record::unreadable(Place::Line(row.line), "not a table".to_owned())],
    };
    let draft = Draft::new(Place::Line(row.line));
    let mut drafts = columns(&mut row, draft);
    for draft in &mut drafts {
        if let Some(column) = &row.unreadable {
            draft.refuse(format!("its {column} is not UTF-8: save the file as UTF-8"));
        }
        if row.is_recoded {
            draft.lose_detail("the encoding of texts that are not UTF-8: read as windows-1252");
        }
        for column in row.rest() {
            draft.lose_detail(format!("the column {column}"));
        }
    }
    drafts.into_iter().map(|draft| draft.finish(terms)).collect()
}

/// A position in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line, counted from 1.
    Line(u64),
    /// A link in a JSON document, counted from 1; line numbers would mean nothing.
    Entry(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// One link of a file.
#[derive(Debug)]
pub(crate) struct Record {
    /// Its position.
    pub(crate) place: Place,
    /// Its slug as spelled in the file; empty if it has none.
    pub(crate) name: String,
    /// The domain of its short URL, if the file says so.
    pub(crate) domain: Option<String>,
    /// What it is.
    pub(crate) outcome: Outcome,
    /// What is lost.
    pub(crate) losses: Vec<Loss>,
    /// How often the link was followed before, if that is to be kept.
    pub(crate) clicks: Option<u64>,
}

/// What a record is.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A link.
    Link(Slug, Item),
    /// Something that cannot be imported, and why.
    Bad(String),
    /// Something that is not wanted.
    Skipped(Skip),
}

/// Why a record is not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    /// The link belongs to another domain than the one that was chosen.
    Domain,
    /// The row belongs to a table without links.
    Table,
}

impl Record {
    /// A record that cannot be read.
    fn unreadable(place: Place, reason: String) -> Self {
        Self { outcome: Outcome::Bad(reason), ..Self::skipped(place, Skip::Table) }
    }

    fn skipped(place: Place, why: Skip) -> Self {
        Self {
            place,
            name: String::new(),
            domain: None,
            outcome: Outcome::Skipped(why),
            losses: Vec::new(),
            clicks: None,
        }
    }
}

/// Something that is lost when a link is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It changes what visitors get, so it is reported for every link.
    Behaviour(String),
    /// A statistic or a remark, reported once for all links.
    Detail(String),
}
