//! `GET /api/v1/links`: an owner's links, newest first.

use http::{StatusCode, header};
use links::{LinkLister, MAX_PAGE, Position, Scope};
use serde::Serialize;

use crate::{
    failure::Failure,
    http::{
        cursor,
        problem::{AccessProblem, Problem},
        query::Query,
        representation::Representation,
        response::Response,
    },
    identity::Caller,
    log,
};

use super::context::Context;

/// How many links a page has unless the request says otherwise.
const DEFAULT_PAGE: usize = 20;

/// Which page a request asks for.
#[derive(Debug)]
struct PageRequest {
    limit: usize,
    after: Option<Position>,
    owner: Option<String>,
}

/// The JSON of a page.
#[derive(Debug, Serialize)]
struct List<'a> {
    links: Vec<Representation<'a>>,
    next_cursor: Option<String>,
}

/// Shows a page of the list.
pub(super) async fn list<S: LinkLister>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let request = PageRequest::parse(context.request.query())?;
    let owner = request.owner(&context.caller)?;
    let page = context.store.list(owner, request.limit, request.after.as_ref()).await?;
    for malformed in &page.malformed {
        log::store_failed(context.request_id, malformed);
    }
    let visible = page.links.iter().filter(|link| !link.is_forgotten(context.now));
    let list = List {
        links: visible.map(|link| context.representation(link, true)).collect(),
        next_cursor: page.next.as_ref().map(cursor::cursor),
    };
    let response = Response::json(StatusCode::OK, "listed", &list);
    Ok(match &list.next_cursor {
        Some(cursor) => {
            let query = request.next_query(cursor, &context.caller);
            let next = format!("<{}/api/v1/links?{query}>; rel=\"next\"", context.base_url);
            response.with(header::LINK, next)
        }
        None => response,
    })
}

impl PageRequest {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut query = Query::parse(query);
        let page = Self {
            limit: query.number("limit", DEFAULT_PAGE, 1..=MAX_PAGE, "a number from 1 to 100")?,
            after: query.text("cursor").map(|cursor| cursor::position(&cursor)).transpose()?,
            owner: query.text("owner"),
        };
        query.finish()?;
        Ok(page)
    }

    /// Whose links to list. Only an administrator may list those of others.
    fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, AccessProblem> {
        let owner = self.owner.as_deref().unwrap_or(&caller.owner);
        if owner != caller.owner {
            caller.require(Scope::Admin)?;
        }
        Ok(owner)
    }

    /// The query that asks for the next page.
    fn next_query(&self, cursor: &str, caller: &Caller) -> String {
        let mut next = url::form_urlencoded::Serializer::new(String::new());
        next.append_pair("limit", &self.limit.to_string());
        next.append_pair("cursor", cursor);
        if let Some(owner) = self.owner.as_deref().filter(|owner| *owner != caller.owner) {
            next.append_pair("owner", owner);
        }
        next.finish()
    }
}
