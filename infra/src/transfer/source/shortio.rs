//! Short.io: CSV of its web page, with the columns idString, shortURL, path (or originalPath), originalURL, title, tags,
//! clicks, createdAt, updatedAt, expiresAt and others; also with blanks in the names and in the plural, as its
//! documentation lists them. Tables with the API's names are read as well.
//!
//! Source: docs.short.io, "How to export short links"; the API's link object at developers.short.io.

use links::RedirectStatus;

use super::Draft;
use super::draft::tags;
use super::grid::{Layout, Row, has_any};
use super::times;

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: None, mysql: false };

const SHORT: [&str; 3] = ["shorturl", "shorturls", "secureshorturl"];
const PATH: [&str; 3] = ["path", "originalpath", "originalpaths"];
const TARGET: [&str; 2] = ["originalurl", "originalurls"];

fn fits(names: &[String]) -> bool {
    has_any(names, &TARGET) && (has_any(names, &SHORT) || has_any(names, &PATH))
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    if let Some(short_url) = row.any(&SHORT) {
        draft.name(&short_url);
    }
    draft.slug = row.any(&PATH).map_or(draft.slug, |path| path.trim_start_matches('/').to_owned());
    draft.domain = row.any(&["domain", "hostname"]).or(draft.domain);
    draft.target = row.any(&TARGET).unwrap_or_default();
    draft.note = ["title", "titles"].into_iter().find_map(|column| row.text(column));
    draft.tags = tags(row.text("tags"));
    draft.created(row.any(&["createdat", "createdat(date)"]));
    draft.updated_at = row.any(&["updatedat", "updatedat(date)"]).and_then(|text| times::parse(&text));
    let end = row.any(&["expiresat", "expiresat(date)"]);
    draft.expires_at = draft.bound("expiresAt", end);
    draft.expired_url = row.take("expiredurl");
    redirect(row, &mut draft);
    lose(row, &mut draft);
    vec![draft]
}

fn redirect(row: &mut Row, draft: &mut Draft) {
    let Some(text) = row.any(&["redirecttype", "redirecttypes"]) else {
        return;
    };
    draft.redirect = text.parse().ok().and_then(RedirectStatus::from_code);
    if draft.redirect.is_none() {
        draft.lose(format!("its redirect type {text:?} is not kept"));
    }
}

/// Records what has no place in a link of kurz.
fn lose(row: &mut Row, draft: &mut Draft) {
    if row.is("archived") {
        draft.lose("it was archived, which is not kept: it is listed with the others");
    }
    if row.is("password") | row.is("haspassword") {
        draft.disable("its password is not kept");
    }
    for (column, name) in [
        ("cloaking", "cloaking"),
        ("iphoneurl", "target for iPhones"),
        ("androidurl", "target for Android"),
        ("spliturl", "second target"),
        ("clickslimit", "limit of clicks"),
    ] {
        if row.is(column) {
            draft.lose(format!("its {name} is not kept: everyone gets the same redirect"));
        }
    }
    for id in ["id", "idstring", "idstrings", "domainid", "ownerid", "source"] {
        row.take(id);
    }
    // Those of people, if they are counted apart.
    draft.counted(row.any(&["humanclicks", "clicks"]));
    row.take("clicks");
}
