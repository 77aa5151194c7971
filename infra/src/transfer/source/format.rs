//! The formats and what they look like.

use super::grid::Layout;
use super::{Columns, bitly, dub, plain, shlink, shortio, yourls};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// whichever of these the file looks like
    Auto,
    /// kurz: JSON lines of `infra export`
    Kurz,
    /// a table as text, with the columns slug and url and any other field of a link
    Csv,
    /// YOURLS: dump of its database, CSV of its table, or of the plugin Import Export
    Yourls,
    /// Shlink: CSV of the web client
    Shlink,
    /// Kutt: JSON of `GET /api/v2/links`
    Kutt,
    /// Bitly: CSV of the web page, or JSON of `GET /v4/groups/{guid}/bitlinks`
    Bitly,
    /// Dub: CSV of the web page
    Dub,
    /// Short.io: CSV of the web page
    Shortio,
    /// Sink: JSON of the dashboard's export
    Sink,
}

impl Format {
    /// Formats that are tables, in the order in which they are tried.
    pub(super) const TABLES: [Self; 6] = [Self::Yourls, Self::Shlink, Self::Bitly, Self::Dub, Self::Shortio, Self::Csv];

    /// Every format, with what to look for in a file.
    pub(super) const LOOKS: [(Self, &'static str); 9] = [
        (Self::Kurz, "one JSON object per line, with slug and url"),
        (Self::Csv, "a table with the columns slug and url"),
        (Self::Yourls, "an SQL dump, or a table with the columns keyword and url, or source and target"),
        (Self::Shlink, "a table with the columns shortCode or shortUrl, and longUrl"),
        (Self::Kutt, "JSON with address and target in data"),
        (Self::Bitly, "a table with the columns Link and Destination URL, or JSON with long_url in links"),
        (Self::Dub, "a table with the columns Short link (or Key) and Destination URL, or link and url"),
        (Self::Shortio, "a table with the columns shortURL (or path) and originalURL"),
        (Self::Sink, "JSON with slug and url in links"),
    ];

    /// Its name for people.
    pub(crate) fn product(self) -> &'static str {
        match self {
            Self::Auto | Self::Csv => "a table",
            Self::Kurz => "kurz",
            Self::Yourls => "YOURLS",
            Self::Shlink => "Shlink",
            Self::Kutt => "Kutt",
            Self::Bitly => "Bitly",
            Self::Dub => "Dub",
            Self::Shortio => "Short.io",
            Self::Sink => "Sink",
        }
    }

    /// What to look for in a file of this format.
    pub(super) fn look(self) -> &'static str {
        Self::LOOKS.iter().find(|(format, _)| *format == self).map_or("", |(_, look)| look)
    }

    /// Its table; `None` if it has none.
    pub(super) fn layout(self) -> Option<Layout> {
        Some(match self {
            Self::Csv => plain::LAYOUT,
            Self::Yourls => yourls::LAYOUT,
            Self::Shlink => shlink::LAYOUT,
            Self::Bitly => bitly::LAYOUT,
            Self::Dub => dub::LAYOUT,
            Self::Shortio => shortio::LAYOUT,
            Self::Auto | Self::Kurz | Self::Kutt | Self::Sink => return None,
        })
    }

    /// What the columns of its table mean.
    pub(super) fn columns(self) -> Option<Columns> {
        Some(match self {
            Self::Csv => plain::drafts,
            Self::Yourls => yourls::drafts,
            Self::Shlink => shlink::drafts,
            Self::Bitly => bitly::drafts,
            Self::Dub => dub::drafts,
            Self::Shortio => shortio::drafts,
            Self::Auto | Self::Kurz | Self::Kutt | Self::Sink => return None,
        })
    }

    pub(super) fn is_json(self) -> bool {
        matches!(self, Self::Kutt | Self::Bitly | Self::Sink)
    }
}
