//! A table with the columns `slug` and `url`, and any other field of a link under the name that the API uses. A column
//! `short_url` may replace `slug`, and `title` may replace `note`. `clicks` are those that were counted before.

use links::{RedirectStatus, State};

use super::Draft;
use super::draft::tags;
use super::grid::{Layout, Row, has, has_any};

pub(super) const LAYOUT: Layout = Layout { fits, otherwise: None, mysql: true };

/// Longest time in seconds that a shared cache may keep a redirect: see [`links::Link::cache_seconds`].
const MAX_CACHE_SECONDS: u32 = 86_400;

fn fits(names: &[String]) -> bool {
    has(names, &["url"]) && has_any(names, &["slug", "shorturl"])
}

pub(super) fn drafts(row: &mut Row, mut draft: Draft) -> Vec<Draft> {
    if let Some(short_url) = row.take("shorturl") {
        draft.name(&short_url);
    }
    draft.slug = row.value("slug").unwrap_or(draft.slug);
    draft.domain = row.take("domain").or(draft.domain);
    draft.target = row.value("url").unwrap_or_default();
    draft.note = row.text("note").or_else(|| row.text("title"));
    draft.tags = tags(row.text("tags"));
    draft.owner = row.take("owner");
    draft.expired_url = row.take("expiredurl");
    draft.counted(row.take("clicks"));
    read_times(row, &mut draft);
    read_flags(row, &mut draft);
    read_choices(row, &mut draft);
    vec![draft]
}

/// Unlike those of other shorteners, all times must be readable: the table was made for kurz.
fn read_times(row: &mut Row, draft: &mut Draft) {
    let mut time = |name: &str| {
        let text = row.take(&name.replace('_', ""));
        draft.bound(name, text)
    };
    let (created, updated) = (time("created_at"), time("updated_at"));
    let (start, end) = (time("valid_from"), time("expires_at"));
    (draft.created_at, draft.updated_at, draft.valid_from, draft.expires_at) = (created, updated, start, end);
}

fn read_flags(row: &mut Row, draft: &mut Draft) {
    let mut flag = |name: &str| {
        let text = row.take(&name.replace('_', ""))?;
        match text.to_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => {
                draft.refuse(format!("{name} is neither true nor false: {text:?}"));
                None
            }
        }
    };
    let (permanent, forward_query) = (flag("permanent"), flag("forward_query"));
    draft.permanent = permanent.unwrap_or_default();
    draft.forward_query = forward_query;
}

fn read_choices(row: &mut Row, draft: &mut Draft) {
    let mut choice = |name: &str, expected: &str, is_known: &dyn Fn(&str) -> bool| {
        let text = row.take(&name.replace('_', ""))?;
        if !is_known(&text) {
            draft.refuse(format!("{name} is {text:?} instead of {expected}"));
        }
        Some(text)
    };
    let redirect = |text: &str| text.parse().ok().and_then(RedirectStatus::from_code);
    let seconds = |text: &str| text.parse().ok().filter(|seconds| *seconds <= MAX_CACHE_SECONDS);
    let state = |text: &str| State::from_name(text).filter(|state| *state != State::Deleted);
    let found = (
        choice("redirect", "301, 302, 307 or 308", &|text| redirect(text).is_some()),
        choice("cache_seconds", "seconds up to 86400", &|text| seconds(text).is_some()),
        choice("state", "active, disabled, blocked or blocked_legal", &|text| state(text).is_some()),
    );
    draft.redirect = found.0.as_deref().and_then(redirect);
    draft.cache_seconds = found.1.as_deref().and_then(seconds);
    draft.state = found.2.as_deref().and_then(state).unwrap_or(State::Active);
}
