//! Dub: CSV of its web page ("Export as CSV"), whose columns the user chooses: Short link, Destination URL, Title,
//! Description, Tags, Created at, Updated at, Archived, Clicks and others. Older exports have link, url and the API's
//! names; tables that were made by hand have Key, and Domain, instead of Short link.
//!
//! Source: dubinc/dub, apps/web/app/api/links/export/route.ts and lib/zod/schemas/links.ts.

use super::Draft;
use super::draft::tags;
use super::grid::{Layout, Row, has, has_any};
use super::times;

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: None, mysql: false };

fn fits(names: &[String]) -> bool {
    has_any(names, &["shortlink", "key"]) && has_any(names, &["destinationurl", "url"]) || has(names, &["link", "url"])
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    if let Some(short_url) = row.any(&["shortlink", "link"]) {
        draft.name(&short_url);
    }
    draft.slug = row.value("key").unwrap_or(draft.slug);
    draft.domain = row.take("domain").or(draft.domain);
    draft.target = row.any(&["destinationurl", "url"]).unwrap_or_default();
    draft.note = ["comments", "title", "description"].into_iter().find_map(|column| row.text(column));
    draft.tags = tags(row.text("tags"));
    draft.created(row.any(&["createdat", "created"]));
    draft.updated_at = row.any(&["updatedat", "updated"]).and_then(|text| times::parse(&text));
    let end = row.take("expiresat");
    draft.expires_at = draft.bound("expiresAt", end);
    draft.expired_url = row.take("expiredurl");
    lose(row, &mut draft);
    vec![draft]
}

/// Records what has no place in a link of kurz.
fn lose(row: &mut Row, draft: &mut Draft) {
    if row.is("archived") {
        draft.lose("it was archived, which is not kept: it is listed with the others");
    }
    if row.is("password") {
        draft.disable("its password is not kept");
    }
    for column in ["ios", "android", "geo", "rewrite", "proxy"] {
        if row.is(column) {
            draft.lose(format!("its {column} setting is not kept: everyone gets the same redirect"));
        }
    }
    draft.counted(row.take("clicks"));
    if row.is("leads") | row.is("sales") | row.is("conversions") {
        draft.lose_detail("leads and sales");
    }
}
