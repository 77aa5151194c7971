//! Bitly: the answers of `GET /v4/groups/{group_guid}/bitlinks`, pages with the links in `links`.
//!
//! A link may have several names there, the one that Bitly chose and custom ones. All of them work, so each becomes a
//! link here.

use std::io::Read;

use anyhow::Result;

use super::draft::{Draft, host_of, slug_of};
use super::pages::{Entry, Pages};
use super::{Place, Record, Terms};

pub(super) fn read<'a>(file: impl Read, terms: &'a Terms) -> Result<impl Iterator<Item = Record> + 'a> {
    let pages = Pages::read(file, "links", |page, here| {
        let pagination = page.get("pagination")?;
        let text = |name: &str| pagination.get(name).and_then(serde_json::Value::as_str);
        let total = pagination.get("total").and_then(serde_json::Value::as_u64);
        let goes_on = ["next", "search_after"].into_iter().any(|name| text(name).is_some_and(|text| !text.is_empty()));
        let is_more = total.map_or(goes_on, |total| total > here);
        is_more.then(|| format!("there are more links than the {here} here: fetch the other pages too"))
    })?;
    Ok(pages.records(move |entry| {
        let drafts = drafts(entry, terms);
        drafts.into_iter().map(|draft| draft.finish(terms)).collect::<Vec<_>>()
    }))
}

/// One for each name that is of a domain that was asked for.
fn drafts(mut entry: Entry, terms: &Terms) -> Vec<Draft> {
    let place = Place::Entry(entry.number);
    let link = entry.text("link");
    let id = entry.text("id").or(link).unwrap_or_default();
    let mut names = vec![id];
    for custom in entry.texts("custom_bitlinks") {
        let known = |name: &String| slug_of(name).eq_ignore_ascii_case(slug_of(&custom));
        if !names.iter().any(known) {
            names.push(custom);
        }
    }
    let target = entry.text("long_url").unwrap_or_default();
    let note = entry.text("title");
    let tags = entry.texts("tags");
    let created = entry.text("created_at");
    let is_archived = entry.is("archived");
    let has_deeplinks = entry.is("deeplinks");
    let _its_group = entry.is("references");
    let rest: Vec<_> = entry.rest().map(|name| format!("the field {name}")).collect();

    let names = names.into_iter().filter(|name| terms.is_of_domain(host_of(name)));
    let drafts = names.map(|name| {
        let mut draft = Draft::new(place);
        draft.slug = slug_of(&name).to_owned();
        draft.target.clone_from(&target);
        draft.note.clone_from(&note);
        draft.tags.clone_from(&tags);
        draft.created(created.clone());
        if is_archived {
            draft.lose("it was archived, which is not kept: it is listed with the others");
        }
        if has_deeplinks {
            draft.lose("its deep links into apps are not kept: everybody gets the same target");
        }
        for detail in &rest {
            draft.lose_detail(detail);
        }
        draft
    });
    drafts.collect()
}
