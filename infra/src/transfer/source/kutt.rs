//! Kutt: responses of `GET /api/v2/links` (or `/links/admin`), pages with the links in `data`.

use std::io::Read;

use anyhow::Result;
use links::State;

use super::draft::{Draft, host_of, time};
use super::pages::{Entry, Pages};
use super::{Place, Record, Terms};

pub(super) fn read<'a>(file: impl Read, terms: &'a Terms) -> Result<impl Iterator<Item = Record> + 'a> {
    let pages = Pages::read(file, "data", |page, here| {
        let total = page.get("total")?.as_u64()?;
        (total > here)
            .then(|| format!("there are {total} links, and only {here} are here: fetch the other pages as well"))
    })?;
    Ok(pages.records(move |entry| Some(draft(entry, terms)?.finish(terms))))
}

/// `None` if its domain is not accepted.
fn draft(mut entry: Entry, terms: &Terms) -> Option<Draft> {
    let mut draft = Draft::new(Place::Entry(entry.number));
    let short_url = entry.text("link").unwrap_or_default();
    let domain = entry.text("domain");
    if !terms.accepts_domain(domain.as_deref().unwrap_or_else(|| host_of(&short_url))) {
        return None;
    }
    draft.slug = entry.text("address").unwrap_or_default();
    draft.target = entry.text("target").unwrap_or_default();
    draft.note = entry.text("description");
    draft.created(entry.text("created_at"));
    draft.updated_at = entry.text("updated_at").and_then(|text| time(&text));
    let end = entry.text("expire_in");
    draft.expires_at = draft.bound("expire_in", end);
    lose(&mut draft, entry);
    Some(draft)
}

/// Applies the flags, and records what has no place in a link of kurz.
fn lose(draft: &mut Draft, mut entry: Entry) {
    if entry.is("password") {
        // Without the password everyone could follow it.
        draft.state = State::Disabled;
        draft.lose("its password is not kept: imported as disabled");
    }
    if entry.is("banned") {
        draft.state = State::Blocked;
    }
    if entry.is("visit_count") {
        draft.lose_detail("visits");
    }
    let _database_key = entry.text("id");
    for name in entry.rest() {
        draft.lose_detail(format!("the field {name}"));
    }
}
