//! Bitly: CSV of its web page, with the columns Link, Custom Link, Date created, Title, Destination URL, Engagements and
//! Status; or responses of `GET /v4/groups/{group_guid}/bitlinks`, pages with the links in `links`.
//!
//! A link may have several back-halves, the one that Bitly chose and custom ones. All of them work, so each becomes a
//! link.
//!
//! Source: support.bitly.com, "How do I export all data from the Links page"; dev.bitly.com.

use std::collections::HashSet;

use anyhow::Result;
use serde_json::Value;

use super::draft::{Draft, slug_of, tags};
use super::grid::{Layout, Row, has_any};
use super::pages::{Entry, Pages};
use super::{Place, Record, Terms};

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: None, mysql: false };

fn fits(names: &[String]) -> bool {
    has_any(names, &["link", "bitlink", "customlink"]) && has_any(names, &["destinationurl", "longurl"])
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    let mut names: Vec<_> = ["link", "bitlink"].into_iter().filter_map(|column| row.take(column)).collect();
    let custom = row.any(&["customlink", "customlinks", "custombitlinks"]).unwrap_or_default();
    let first = names.first().cloned().unwrap_or_default();
    let custom = custom.split([',', '|', ' ']).filter(|name| !name.is_empty()).map(|name| absolute(name, &first));
    names.extend(custom);
    draft.target = row.any(&["destinationurl", "longurl"]).unwrap_or_default();
    draft.note = row.text("title");
    draft.tags = tags(row.text("tags"));
    draft.created(row.any(&["datecreated", "created", "createdat"]));
    match row.take("status").unwrap_or_default().to_lowercase().as_str() {
        "" | "active" => {}
        "archived" | "hidden" => draft.lose(ARCHIVED),
        status => draft.disable(&format!("its status is {status}")),
    }
    // Engagements are clicks and scans together.
    draft.counted(row.any(&["engagements", "totalclicks", "clicks"]));
    for part in ["clicks", "totalclicks", "scans"] {
        row.take(part);
    }
    named(&draft, names)
}

/// A custom back-half alone belongs to the domain of the link.
fn absolute(name: &str, link: &str) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    let domain = link.strip_suffix(slug_of(link)).unwrap_or_default();
    format!("{domain}{name}")
}

const ARCHIVED: &str = "it was archived, which is not kept: it is listed with the others";

/// One draft for each name, or a single one without a name. The clicks on all names are one number, which the first keeps.
fn named(common: &Draft, names: Vec<String>) -> Vec<Draft> {
    let mut seen = HashSet::new();
    let mut drafts: Vec<_> = names
        .into_iter()
        .map(|name| {
            let mut draft = common.clone();
            draft.name(&name);
            draft
        })
        .filter(|draft| seen.insert((draft.domain.clone(), draft.slug.to_lowercase())))
        .collect();
    for draft in drafts.iter_mut().skip(1) {
        draft.clicks = None;
    }
    if drafts.is_empty() {
        drafts.push(common.clone());
    }
    drafts
}

pub(super) fn read<'a>(text: &[u8], terms: &'a Terms) -> Result<impl Iterator<Item = Record> + use<'a>> {
    let pages = Pages::read(text, "links", |page, here| {
        let pagination = page.get("pagination")?;
        let text = |name: &str| pagination.get(name).and_then(Value::as_str);
        let total = pagination.get("total").and_then(Value::as_u64);
        let has_next = ["next", "search_after"].into_iter().any(|name| text(name).is_some_and(|text| !text.is_empty()));
        let is_more = total.map_or(has_next, |total| total > here);
        is_more.then(|| format!("there are more links than these {here}: fetch the other pages as well"))
    })?;
    Ok(pages.records(move |entry| {
        let drafts = from_entry(entry);
        drafts.into_iter().map(|draft| draft.finish(terms)).collect::<Vec<_>>()
    }))
}

/// One draft for each back-half.
fn from_entry(mut entry: Entry) -> Vec<Draft> {
    let names = names(&mut entry);
    let mut common = Draft::new(Place::Entry(entry.number));
    common.target = entry.text("long_url").unwrap_or_default();
    common.note = entry.text("title");
    common.tags = entry.texts("tags");
    common.created(entry.text("created_at"));
    common.counted(["engagements", "total_clicks", "clicks"].into_iter().find_map(|name| entry.text(name)));
    if entry.is("archived") {
        common.lose(ARCHIVED);
    }
    if entry.is("deeplinks") {
        common.lose("its deep links into apps are not kept: everyone gets the same target");
    }
    let _group = entry.is("references");
    for name in entry.rest() {
        common.lose_detail(format!("the field {name}"));
    }
    named(&common, names)
}

/// The short URLs of a link, the one that Bitly chose first.
fn names(entry: &mut Entry) -> Vec<String> {
    let (id, link) = (entry.text("id"), entry.text("link"));
    id.or(link).into_iter().chain(entry.texts("custom_bitlinks")).collect()
}
