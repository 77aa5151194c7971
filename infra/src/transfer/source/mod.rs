//! Files that links are read from: this product's own exports, and those of others.

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

/// Whose export a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// `infra export`: JSON lines
    Kurz,
    /// YOURLS: its table as CSV, or the CSV of the plugin Import Export
    Yourls,
    /// Shlink: CSV of the web client
    Shlink,
    /// Kutt: JSON of `GET /api/v2/links`
    Kutt,
    /// Bitly: JSON of `GET /v4/groups/{guid}/bitlinks`
    Bitly,
}

/// What others' exports do not say.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Whose the links become.
    pub(crate) owner: String,
    /// Which targets are taken.
    pub(crate) rules: TargetRules,
    /// Only links of this domain.
    pub(crate) domain: Option<String>,
    /// When links were made whose export does not say it.
    pub(crate) created_at: Option<jiff::Timestamp>,
    /// Whether the links pass the visitor's query on.
    pub(crate) forward_query: bool,
    /// Now, for what is said about links that have expired.
    pub(crate) now: jiff::Timestamp,
}

impl Terms {
    /// Whether links of that domain are asked for.
    fn is_of_domain(&self, domain: &str) -> bool {
        self.domain.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(domain))
    }
}

/// Where in its file something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line, from 1.
    Line(u64),
    /// A link in a JSON document, from 1: lines mean nothing there.
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
    /// Where it stands.
    pub(crate) place: Place,
    /// Its slug as the file has it; empty if it has none.
    pub(crate) name: String,
    /// The link, or why there is none.
    pub(crate) link: Result<(Slug, Item), String>,
    /// What of it cannot be kept.
    pub(crate) losses: Vec<Loss>,
}

impl Record {
    /// What cannot even be read as a link.
    fn unreadable(place: Place, reason: String) -> Self {
        Self { place, name: String::new(), link: Err(reason), losses: Vec::new() }
    }
}

/// Something that an imported link lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It changes what visitors get, so it is said of each link.
    Behaviour(String),
    /// A figure or a remark: said once for all links that lack it.
    Detail(String),
}

/// The records of a file.
///
/// # Errors
/// If the file as a whole is not of that format.
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
