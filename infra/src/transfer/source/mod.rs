//! Reads the exports of kurz and of other shorteners.

mod bitly;
mod draft;
mod jsonl;
mod kutt;
mod pages;
mod rows;
mod shlink;
mod yourls;

use std::fmt;
use std::io::BufRead;

use anyhow::Result;
use links::item::Item;
use links::{Slug, TargetRules};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// kurz: JSON lines of `infra export`
    Kurz,
    /// YOURLS: CSV of its table, or of the plugin Import Export
    Yourls,
    /// Shlink: CSV of the web client
    Shlink,
    /// Kutt: JSON of `GET /api/v2/links`
    Kutt,
    /// Bitly: JSON of `GET /v4/groups/{guid}/bitlinks`
    Bitly,
}

/// What exports of other shorteners do not say.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Owner of the links.
    pub(crate) owner: String,
    /// Which targets are accepted.
    pub(crate) rules: TargetRules,
    /// Accept only links of this domain.
    pub(crate) domain: Option<String>,
    /// Creation time for links whose export has none.
    pub(crate) created_at: Option<jiff::Timestamp>,
    /// Whether links forward the visitor's query.
    pub(crate) forward_query: bool,
    /// The current time, to recognise expired links.
    pub(crate) now: jiff::Timestamp,
}

impl Terms {
    /// Whether links of this domain are accepted.
    fn accepts_domain(&self, domain: &str) -> bool {
        self.domain.as_deref().is_none_or(|accepted| accepted.eq_ignore_ascii_case(domain))
    }
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
    /// The link, or why it cannot be imported.
    pub(crate) link: Result<(Slug, Item), String>,
    /// What is lost.
    pub(crate) losses: Vec<Loss>,
}

impl Record {
    /// A record that cannot be read.
    fn unreadable(place: Place, reason: String) -> Self {
        Self { place, name: String::new(), link: Err(reason), losses: Vec::new() }
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

/// The records of a file.
///
/// # Errors
/// If the file does not have this format.
pub(crate) fn read<'a>(
    format: Format,
    file: impl BufRead + 'a,
    terms: &'a Terms,
) -> Result<Box<dyn Iterator<Item = Record> + 'a>> {
    Ok(match format {
        Format::Kurz => Box::new(jsonl::read(file)),
        Format::Yourls => Box::new(yourls::read(file, terms)?),
        Format::Shlink => Box::new(shlink::read(file, terms)?),
        Format::Kutt => Box::new(kutt::read(file, terms)?),
        Format::Bitly => Box::new(bitly::read(file, terms)?),
    })
}
