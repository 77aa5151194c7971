//! Bitly: responses of `GET /v4/groups/{group_guid}/bitlinks`, pages with the links in `links`.
//!
//! A link may have several back-halves, the one that Bitly chose and custom ones. All of them work, so each becomes a
//! link.

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
        let has_next = ["next", "search_after"].into_iter().any(|name| text(name).is_some_and(|text| !text.is_empty()));
        let is_more = total.map_or(has_next, |total| total > here);
        is_more.then(|| format!("there are more links than these {here}: fetch the other pages as well"))
    })?;
    Ok(pages.records(move |entry| {
        let drafts = drafts(entry, terms);
        drafts.into_iter().map(|draft| draft.finish(terms)).collect::<Vec<_>>()
    }))
}

/// One draft for each back-half whose domain is accepted.
fn drafts(mut entry: Entry, terms: &Terms) -> Vec<Draft> {
    let names = names(&mut entry);
    let mut common = Draft::new(Place::Entry(entry.number));
    common.target = entry.text("long_url").unwrap_or_default();
    common.note = entry.text("title");
    common.tags = entry.texts("tags");
    common.created(entry.text("created_at"));
    if entry.is("archived") {
        common.lose("it was archived, which is not kept: it is listed with the others");
    }
    if entry.is("deeplinks") {
        common.lose("its deep links into apps are not kept: everyone gets the same target");
    }
    let _group = entry.is("references");
    for name in entry.rest() {
        common.lose_detail(format!("the field {name}"));
    }
    let names = names.iter().filter(|name| terms.accepts_domain(host_of(name)));
    names.map(|name| Draft { slug: slug_of(name).to_owned(), ..common.clone() }).collect()
}

/// The short URLs of a link, the one that Bitly chose first.
fn names(entry: &mut Entry) -> Vec<String> {
    let link = entry.text("link");
    let mut names = vec![entry.text("id").or(link).unwrap_or_default()];
    for custom in entry.texts("custom_bitlinks") {
        let is_same = |name: &String| slug_of(name).eq_ignore_ascii_case(slug_of(&custom));
        if !names.iter().any(is_same) {
            names.push(custom);
        }
    }
    names
}
