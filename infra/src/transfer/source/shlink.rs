//! Shlink: CSV of its web client, with the columns createdAt, domain, shortCode, shortUrl, longUrl, title, tags (separated
//! by `|` or `,`, as Shlink's own importer separates them) and visits.
//!
//! The file lacks validity, visit limits, query forwarding and redirect rules. They are read if columns from the API are
//! added: validSince, validUntil, maxVisits, forwardQuery and hasRedirectRules.
//!
//! Source: shlinkio/shlink-web-client, src/utils/services/ReportExporter; shlinkio/shlink-importer, src/Sources/Csv.

use super::Draft;
use super::draft::tags;
use super::grid::{Layout, Row, has, has_any};

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: None, mysql: false };

fn fits(names: &[String]) -> bool {
    has_any(names, &["shorturl", "shortcode"]) && has(names, &["longurl"])
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    if let Some(short_url) = row.take("shorturl") {
        draft.name(&short_url);
    }
    draft.domain = row.take("domain").or(draft.domain);
    draft.slug = row.value("shortcode").unwrap_or(draft.slug);
    draft.target = row.value("longurl").unwrap_or_default();
    draft.note = row.text("title");
    draft.tags = tags(row.text("tags"));
    draft.created(row.take("createdat"));
    let since = row.take("validsince");
    draft.valid_from = draft.bound("validSince", since);
    let until = row.take("validuntil");
    draft.expires_at = draft.bound("validUntil", until);
    draft.forward_query = row.has("forwardquery").then(|| row.is("forwardquery"));
    if let Some(most) = row.take("maxvisits") {
        draft.lose(format!("its limit of {most} visits is not kept: it works without limit"));
    }
    if row.is("hasredirectrules") {
        draft.lose("its redirect rules are not kept: everyone gets the same target");
    }
    draft.counted(row.take("visits"));
    vec![draft]
}
