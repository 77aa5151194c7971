//! `GET /api/v1/links`: an owner's links, newest first, or for administrators all links; filtered if asked.

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, StatusCode, header};
use links::{
    ClickFolder, Filter, HostSuffix, Link, LinkLister, MAX_PAGE, Position, Scope, SearchLimits, Slug, StateFilter,
    Whose, Words, search,
};
use serde::Serialize;

use crate::{
    clicks::sum::{self, Counted, Sum},
    failure::Failure,
    http::{
        cursor,
        problem::{AccessProblem, Problem},
        query::{Query, refused},
        representation::{Clicks, Shown},
        response::Response,
    },
    identity::Caller,
    log,
};

use super::context::Context;

/// How many links a page has unless the request says otherwise.
const DEFAULT_PAGE: usize = 20;
/// Most bytes of the text to look for: as long as a target may be.
const MAX_TEXT_BYTES: usize = 8_192;
/// The value of `owner` that stands for all owners.
const EVERYONE: &str = "*";
/// Tells the caller's scopes, so that a program offers its user only what is allowed.
const SCOPES: HeaderName = HeaderName::from_static("kurz-scopes");
/// After this time a search reads no further. The rest of [`STORE_LIMIT`](super::context::STORE_LIMIT) is for the read
/// that has begun.
const SEARCH_TIME: Duration = Duration::from_secs(3);

/// Longest time for the clicks of a page. They must not keep anybody from their links.
const CLICKS_TIME: Duration = Duration::from_secs(3);

/// Which page of which list a request asks for.
#[derive(Debug)]
struct PageRequest {
    limit: usize,
    after: Option<Position>,
    filter: Filter,
    /// Whether it asks how often each link was followed.
    clicks: bool,
    /// The parameters that describe the list, beginning with its owner.
    list: Vec<(&'static str, String)>,
}

/// The JSON of a page.
#[derive(Debug, Serialize)]
struct List<'a> {
    links: Vec<Shown<'a>>,
    next_cursor: Option<String>,
}

/// Shows a page of the list.
pub(super) async fn list<S: LinkLister + ClickFolder>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let request = PageRequest::parse(context.request.query(), &context.caller, &context.base_url)?;
    let whose = request.whose(&context.caller)?;
    let (clock, begun) = (context.clock, (context.clock)());
    let is_over = || clock().duration_since(begun).is_ok_and(|time| time >= SEARCH_TIME);
    let limits = SearchLimits { found: request.limit, is_over };
    let page = search(context.store, whose, &request.filter, context.now, limits, request.after.as_ref()).await?;
    for malformed in &page.malformed {
        log::store_failed(context.request_id, malformed);
    }
    let clicks = if request.clicks { clicks(context, &page.links).await } else { HashMap::new() };
    let shown = |link| match request.clicks {
        true => {
            let shown = context.representation(link, true).with_clicks(clicks.get(&link.slug));
            Shown::Whole(Box::new(shown))
        }
        false => context.shown(link, true),
    };
    let list = List {
        links: page.links.iter().map(shown).collect(),
        next_cursor: page.next.as_ref().map(|next| cursor::cursor(&request.list, next)),
    };
    let scopes = context.caller.scopes.to_string();
    let response = Response::json(StatusCode::OK, "listed", &list).with(SCOPES, scopes);
    Ok(match &list.next_cursor {
        Some(cursor) => {
            let query = request.next_query(cursor, &context.caller);
            let next = format!("<{}/api/v1/links?{query}>; rel=\"next\"", context.base_url);
            response.with(header::LINK, next)
        }
        None => response,
    })
}

/// How often each link was followed; nothing if clicks are not counted, or cannot be read now.
async fn clicks<S: ClickFolder>(context: &Context<'_, S>, links: &[Link]) -> HashMap<Slug, Clicks> {
    if context.config.clicks.is_none() {
        return HashMap::new();
    }
    let counted: Vec<_> = links.iter().map(Counted::link).collect();
    let today = context.now.date().unwrap_or_default();
    let sums = sum::sums(context.store, &counted, today, context.request_id);
    let sums = match tokio::time::timeout(CLICKS_TIME, sums).await {
        Ok(Ok(sums)) => sums,
        Ok(Err(error)) => {
            log::sums_failed(context.request_id, &error);
            return HashMap::new();
        }
        Err(_elapsed) => {
            log::timed_out(context.request_id, CLICKS_TIME);
            return HashMap::new();
        }
    };
    let shown = |(sum, recent): (Sum, _)| Clicks { total: sum.clicks, bots: sum.bots, imported: sum.imported, recent };
    links.iter().map(|link| link.slug.clone()).zip(sums.into_iter().map(shown)).collect()
}

impl PageRequest {
    fn parse(query: &str, caller: &Caller, base_url: &str) -> Result<Self, Problem> {
        let mut query = Query::parse(query);
        let limit = query.number("limit", DEFAULT_PAGE, 1..=MAX_PAGE, "a number from 1 to 100")?;
        let cursor = query.text("cursor")?;
        let mut list = vec![("owner", query.text("owner")?.unwrap_or_else(|| caller.owner.clone()))];
        let filter = take_filter(&mut query, &mut list, base_url)?;
        let clicks = query.parsed("clicks", |text| text.parse().ok(), "true or false")?.unwrap_or(false);
        query.finish()?;
        let after = cursor.map(|cursor| cursor::position(&list, &cursor)).transpose()?;
        Ok(Self { limit, after, filter, clicks, list })
    }

    fn owner(&self) -> &str {
        self.list.first().map_or("", |(_, owner)| owner)
    }

    /// Whose links to list. Only an administrator may list those of others.
    fn whose(&self, caller: &Caller) -> Result<Whose<'_>, AccessProblem> {
        let owner = self.owner();
        let whose = if owner == EVERYONE { Whose::Everyone } else { Whose::Owner(owner) };
        if whose != Whose::Owner(&caller.owner) {
            caller.require(Scope::Admin)?;
        }
        Ok(whose)
    }

    /// The query that asks for the next page.
    fn next_query(&self, cursor: &str, caller: &Caller) -> String {
        let mut next = url::form_urlencoded::Serializer::new(String::new());
        next.append_pair("limit", &self.limit.to_string());
        next.append_pair("cursor", cursor);
        if self.clicks {
            next.append_pair("clicks", "true");
        }
        let given = self.list.iter().filter(|(name, value)| *name != "owner" || *value != caller.owner);
        next.extend_pairs(given);
        next.finish()
    }
}

/// Takes the parameters that choose among the links, and notes them in `list`.
fn take_filter(query: &mut Query, list: &mut Vec<(&'static str, String)>, base_url: &str) -> Result<Filter, Problem> {
    let mut filter = Filter::default();
    if let Some(text) = query.text("q")? {
        if text.len() > MAX_TEXT_BYTES {
            return Err(refused("q", "at most 8192 bytes"));
        }
        filter.words = Words::of(&without_base_url(&text, base_url));
        list.push(("q", text));
    }
    for tag in query.texts("tag") {
        if tag.is_empty() {
            return Err(refused("tag", "a tag"));
        }
        list.push(("tag", tag.clone()));
        filter.tags.push(tag);
    }
    if let Some(name) = query.text("state")? {
        let expected = "active, early, expired, disabled, deleted, blocked or blocked_legal";
        filter.state = Some(StateFilter::from_name(&name).ok_or_else(|| refused("state", expected))?);
        list.push(("state", name));
    }
    let expected = "a host name or an IP address, without scheme, port and path";
    filter.host = query.parsed("host", |host| host.parse::<HostSuffix>().ok(), expected)?;
    list.extend(filter.host.iter().map(|host| ("host", host.to_string())));
    Ok(filter)
}

/// The text with short URLs reduced to their slugs: people look for a link by what they were sent.
fn without_base_url(text: &str, base_url: &str) -> String {
    let host = base_url.split_once("://").map_or("", |(_, host)| host);
    let slug = |word: &str| {
        let rest = word.split_once("://").map_or(word, |(_, rest)| rest).to_owned();
        let (its_host, path) = rest.split_once('/')?;
        let path = path.trim_end_matches(['/', '+']);
        (!host.is_empty() && its_host.eq_ignore_ascii_case(host) && !path.is_empty()).then(|| path.to_owned())
    };
    let words = text.split_whitespace().map(|word| slug(word).unwrap_or_else(|| word.to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_url_is_found_by_its_slug() {
        let check = |text: &str, expected: &str| {
            assert_eq!(without_base_url(text, "https://s.example"), expected, "{text}");
        };
        check("https://s.example/launch", "launch");
        check("http://S.Example/launch/", "launch");
        check("s.example/launch+", "launch");
        check("https://s.example/", "https://s.example/");
        check("https://other.example/launch", "https://other.example/launch");
        check("two words", "two words");
        assert_eq!(without_base_url("/path", ""), "/path");
    }
}
