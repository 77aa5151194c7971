//! Shlink: CSV of its web client, with the columns createdAt, domain, shortCode, shortUrl, longUrl, title, tags (separated
//! by `|`) and visits.
//!
//! The file lacks validity, visit limits, query forwarding and redirect rules. They are read if columns from the API are
//! added: validSince, validUntil, maxVisits, forwardQuery and hasRedirectRules.

use std::io::BufRead;

use anyhow::Result;

use super::draft::{Draft, host_of, slug_of};
use super::rows::{self, Row};
use super::{Place, Record, Terms};

pub(super) fn read<'a>(file: impl BufRead + 'a, terms: &'a Terms) -> Result<impl Iterator<Item = Record> + 'a> {
    let rows = rows::read(file, &["shorturl", "shortcode"], None)?;
    Ok(rows.filter_map(|row| match row {
        Ok(row) => Some(draft(row, terms)?.finish(terms)),
        Err((line, reason)) => Some(Record::unreadable(Place::Line(line), reason)),
    }))
}

/// `None` if its domain is not accepted.
fn draft(mut row: Row, terms: &Terms) -> Option<Draft> {
    let mut draft = Draft::new(Place::Line(row.line));
    let short_url = row.take("shorturl").unwrap_or_default();
    let domain = row.take("domain");
    if !terms.accepts_domain(domain.as_deref().unwrap_or_else(|| host_of(&short_url))) {
        return None;
    }
    let short_code = row.take("shortcode");
    draft.slug = short_code.unwrap_or_else(|| slug_of(&short_url).to_owned());
    draft.target = row.take("longurl").unwrap_or_default();
    draft.note = row.take("title");
    draft.tags = row.take("tags").map_or_else(Vec::new, |tags| {
        let tags = tags.split('|').map(str::trim).filter(|tag| !tag.is_empty());
        tags.map(str::to_owned).collect()
    });
    draft.created(row.take("createdat"));
    let since = row.take("validsince");
    draft.valid_from = draft.bound("validSince", since);
    let until = row.take("validuntil");
    draft.expires_at = draft.bound("validUntil", until);
    draft.forward_query = row.take("forwardquery").map(|forward| is_true(&forward));
    lose(&mut draft, row);
    Some(draft)
}

/// Records what has no place in a link of kurz.
fn lose(draft: &mut Draft, mut row: Row) {
    if let Some(most) = row.take("maxvisits") {
        draft.lose(format!("its limit of {most} visits is not kept: it works without limit"));
    }
    if row.take("hasredirectrules").is_some_and(|has| is_true(&has)) {
        draft.lose("its redirect rules are not kept: everyone gets the same target");
    }
    if row.take("visits").is_some_and(|visits| visits != "0") {
        draft.lose_detail("visits");
    }
    for column in row.rest() {
        draft.lose_detail(format!("the column {column}"));
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "1" | "yes")
}
