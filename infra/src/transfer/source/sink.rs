//! Sink: JSON of the dashboard's export (`sink-links-….json`), or responses of `GET /api/link/export`, with the links in
//! `links`.
//!
//! Source: miantiao-me/Sink, shared/schemas/link.ts and app/components/dashboard/migrate/Export.vue.

use anyhow::Result;

use super::draft::Draft;
use super::pages::{Entry, Pages};
use super::{Place, Record, Terms, times};

pub(super) fn read<'a>(text: &[u8], terms: &'a Terms) -> Result<impl Iterator<Item = Record> + use<'a>> {
    let pages = Pages::read(text, "links", |page, _| {
        let is_complete = page.get("list_complete")?.as_bool()?;
        (!is_complete).then(|| "there are more links: fetch the pages after this cursor as well".to_owned())
    })?;
    Ok(pages.records(move |entry| [draft(entry).finish(terms)]))
}

fn draft(mut entry: Entry) -> Draft {
    let mut draft = Draft::new(Place::Entry(entry.number));
    draft.slug = entry.text("slug").unwrap_or_default();
    draft.target = entry.text("url").unwrap_or_default();
    draft.note = entry.text("comment").or_else(|| entry.text("title"));
    draft.tags = entry.texts("tags");
    draft.created(entry.text("createdAt"));
    draft.updated_at = entry.text("updatedAt").and_then(|text| times::parse(&text));
    let end = entry.text("expiration");
    draft.expires_at = draft.bound("expiration", end);
    draft.forward_query = entry.has("redirectWithQuery").then(|| entry.is("redirectWithQuery"));
    lose(&mut draft, entry);
    draft
}

/// Records what has no place in a link of kurz.
fn lose(draft: &mut Draft, mut entry: Entry) {
    if entry.is("password") {
        draft.disable("its password is not kept");
    }
    if entry.is("unsafe") {
        draft.lose("it was marked as unsafe, which is not kept: visitors get no warning");
    }
    for (name, what) in [
        ("apple", "target for iPhones"),
        ("google", "target for Android"),
        ("geo", "targets for countries"),
        ("cloaking", "cloaking"),
    ] {
        if entry.is(name) {
            draft.lose(format!("its {what} is not kept: everyone gets the same redirect"));
        }
    }
    let _database_key = entry.text("id");
    for name in entry.rest() {
        draft.lose_detail(format!("the field {name}"));
    }
}
