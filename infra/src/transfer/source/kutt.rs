//! Kutt: responses of `GET /api/v2/links` (or `/links/admin`), pages with the links in `data`.
//!
//! Source: thedevs-network/kutt, server/utils/utils.js (`sanitize.link`).

use anyhow::Result;
use links::State;

use super::draft::Draft;
use super::pages::{Entry, Pages};
use super::{Place, Record, Terms, times};

pub(super) fn read<'a>(text: &[u8], terms: &'a Terms) -> Result<impl Iterator<Item = Record> + use<'a>> {
    let pages = Pages::read(text, "data", |page, here| {
        let total = page.get("total")?.as_u64()?;
        (total > here)
            .then(|| format!("there are {total} links, and only {here} are here: fetch the other pages as well"))
    })?;
    Ok(pages.records(move |entry| [draft(entry).finish(terms)]))
}

fn draft(mut entry: Entry) -> Draft {
    let mut draft = Draft::new(Place::Entry(entry.number));
    if let Some(short_url) = entry.text("link") {
        draft.name(&short_url);
    }
    draft.domain = entry.text("domain").or(draft.domain);
    draft.slug = entry.text("address").unwrap_or_default();
    draft.target = entry.text("target").unwrap_or_default();
    draft.note = entry.text("description");
    draft.created(entry.text("created_at"));
    draft.updated_at = entry.text("updated_at").and_then(|text| times::parse(&text));
    let end = entry.text("expire_in");
    draft.expires_at = draft.bound("expire_in", end);
    draft.counted(entry.text("visit_count"));
    lose(&mut draft, entry);
    draft
}

/// Applies the flags, and records what has no place in a link of kurz.
fn lose(draft: &mut Draft, mut entry: Entry) {
    if entry.is("password") {
        // Without the password everyone could follow it.
        draft.disable("its password is not kept");
    }
    if entry.is("banned") {
        draft.state = State::Blocked;
    }
    let _database_key = entry.text("id");
    for name in entry.rest() {
        draft.lose_detail(format!("the field {name}"));
    }
}
