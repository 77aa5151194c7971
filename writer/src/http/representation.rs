//! The JSON of a link.

use std::time::Duration;

use function::bounds::ABSENCE_TTL;
use links::{Link, RedirectStatus, StoredTarget, Timestamp};
use serde::Serialize;

/// Stored times have no fractions, so a change may have been written up to this much later than its time says.
const CUT_OFF: Duration = Duration::from_secs(1);

/// What a response says about a link.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown<'a> {
    /// Everything, for callers who may read it.
    Whole(Box<Representation<'a>>),
    /// What the caller needs to go on, and nothing that they did not send.
    Receipt(Receipt<'a>),
}

/// The JSON of a link for callers who may not read links.
#[derive(Debug, Serialize)]
pub(crate) struct Receipt<'a> {
    slug: &'a str,
    short_url: String,
    version: u64,
}

impl<'a> Receipt<'a> {
    pub(crate) fn new(link: &'a Link, base_url: &str) -> Self {
        Self { slug: link.slug.as_str(), short_url: short_url(link, base_url), version: link.version }
    }
}

/// The JSON of a link. Fields that are not set are present as `null`.
#[derive(Debug, Serialize)]
pub(crate) struct Representation<'a> {
    slug: &'a str,
    short_url: String,
    url: &'a str,
    state: &'static str,
    redirect: Option<u16>,
    cache_seconds: Option<u32>,
    permanent: bool,
    forward_query: bool,
    expired_url: Option<&'a str>,
    created_at: Option<String>,
    updated_at: Option<String>,
    valid_from: Option<String>,
    expires_at: Option<String>,
    owner: &'a str,
    version: u64,
    tags: &'a [String],
    note: Option<&'a str>,
    /// Whether it existed before the request.
    existing: bool,
    /// When every redirector is sure to serve this version.
    visible_by: Option<String>,
    /// Only in lists that are to have it; `null` if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    clicks: Option<Option<&'a Clicks>>,
}

/// How often a link was followed, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Clicks {
    /// Clicks of people, with those that were imported.
    pub(crate) total: u64,
    pub(crate) bots: u64,
    pub(crate) imported: u64,
    /// Clicks of people on each of the last days in UTC, the oldest first.
    pub(crate) recent: Vec<u64>,
}

impl<'a> Representation<'a> {
    /// `written` is the latest time at which this version may have been stored, `update_bound` how long redirectors may
    /// still serve the version before it.
    pub(crate) fn new(
        link: &'a Link,
        existing: bool,
        base_url: &str,
        written: Option<Timestamp>,
        update_bound: Duration,
    ) -> Self {
        let bound = if link.version == 1 { ABSENCE_TTL } else { update_bound };
        Self {
            slug: link.slug.as_str(),
            short_url: short_url(link, base_url),
            url: link.target.as_str(),
            state: link.state.name(),
            redirect: link.redirect.map(RedirectStatus::code),
            cache_seconds: link.cache_seconds,
            permanent: link.permanent,
            forward_query: link.forward_query,
            expired_url: link.expired_url.as_ref().map(StoredTarget::as_str),
            created_at: link.created_at.and_then(Timestamp::rfc3339),
            updated_at: link.updated_at.and_then(Timestamp::rfc3339),
            valid_from: link.valid_from.and_then(Timestamp::rfc3339),
            expires_at: link.expires_at.and_then(Timestamp::rfc3339),
            owner: &link.owner,
            version: link.version,
            tags: &link.tags,
            note: link.note.as_deref(),
            existing,
            visible_by: written.and_then(|time| time.plus(bound + CUT_OFF).rfc3339()),
            clicks: None,
        }
    }

    /// Shows how often it was followed, or that it is not known.
    #[must_use]
    pub(crate) fn with_clicks(self, clicks: Option<&'a Clicks>) -> Self {
        Self { clicks: Some(clicks), ..self }
    }
}

/// The short URL of a link.
pub(crate) fn short_url(link: &Link, base_url: &str) -> String {
    format!("{base_url}/{}", link.slug)
}
