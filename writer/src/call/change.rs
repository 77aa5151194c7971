//! The calls that read, change and list links that are there.

use http::{StatusCode, header};
use links::{Link, LinkLister, LinkWriter, MAX_PAGE, Scope, Slug, State, Timestamp};
use serde::Serialize;

use crate::{
    Writer,
    call::qr,
    failure::Failure,
    handler::{Exchange, STORE_LIMIT},
    http::{
        body, cursor,
        etag::{self, Precondition},
        problem::Problem,
        query::Query,
        representation::{self, Representation},
        response::Answer,
    },
    link::{change, changes::Changes},
    log,
};

/// How long a browser may keep the picture of an address, in seconds. The address of a link never changes.
const QR_MAX_AGE: u32 = 86_400;

/// A page of a list.
#[derive(Debug, Serialize)]
struct List<'a> {
    links: Vec<Representation<'a>>,
    next_cursor: Option<String>,
}

impl<W: LinkWriter + LinkLister, K> Writer<W, K> {
    pub(crate) async fn get_link(&self, exchange: &Exchange<'_>, slug: &Slug) -> Result<Answer, Failure> {
        let link = change::read(&self.store, &exchange.caller, slug, exchange.now).await?;
        let tag = etag::of(&link);
        let known = exchange.request.header_text(header::IF_NONE_MATCH);
        if known.is_some_and(|known| etag::is_known(known, &tag)) {
            let answer = Answer::empty(StatusCode::NOT_MODIFIED, "not-modified");
            return Ok(answer.with(header::ETAG, tag).about(link.slug));
        }
        Ok(self.link_answer("read", StatusCode::OK, exchange, &link, true))
    }

    pub(crate) async fn update_link(&self, exchange: &Exchange<'_>, slug: &Slug) -> Result<Answer, Failure> {
        let changes = Changes::patch(body::object(exchange.request)?)?;
        if changes.need_admin() {
            exchange.caller.require(Scope::Admin)?;
        }
        let change = |link: Link| {
            if link.state == State::Deleted {
                let slug = link.slug.to_string();
                return Err(Problem::LinkDeleted { slug });
            }
            let changed = changes.apply(link.clone(), &exchange.rules, exchange.now)?;
            Ok(match changed == link {
                true => link,
                false => changed.changed(exchange.now),
            })
        };
        let link = self.change(exchange, slug, change).await?;
        Ok(self.link_answer("updated", StatusCode::OK, exchange, &link, true))
    }

    pub(crate) async fn delete_link(&self, exchange: &Exchange<'_>, slug: &Slug) -> Result<Answer, Failure> {
        let delete = |link| Ok(change::deleted(link, exchange.now));
        let link = self.change(exchange, slug, delete).await?;
        Ok(Answer::empty(StatusCode::NO_CONTENT, "deleted").about(link.slug))
    }

    pub(crate) async fn restore_link(&self, exchange: &Exchange<'_>, slug: &Slug) -> Result<Answer, Failure> {
        let restore = |link| Ok(change::restored(link, exchange.now));
        let link = self.change(exchange, slug, restore).await?;
        Ok(self.link_answer("restored", StatusCode::OK, exchange, &link, true))
    }

    pub(crate) async fn list_links(&self, exchange: &Exchange<'_>) -> Result<Answer, Failure> {
        let mut query = Query::parse(exchange.request.query());
        let limit = query.number("limit", 20, 1..=MAX_PAGE, "a number from 1 to 100")?;
        let after = query.text("cursor").map(|cursor| cursor::position(&cursor));
        let after = after.transpose()?;
        let owner = query.text("owner");
        query.finish()?;
        let owner = match &owner {
            Some(owner) => {
                if *owner != exchange.caller.owner {
                    exchange.caller.require(Scope::Admin)?;
                }
                owner
            }
            None => &exchange.caller.owner,
        };
        let page = self.store.list(owner, limit, after.as_ref()).await?;
        for malformed in &page.malformed {
            log::store_failed(exchange.request_id, malformed);
        }
        let visible = page.links.iter().filter(|link| !link.is_forgotten(exchange.now));
        let list = List {
            links: visible.map(|link| self.representation(exchange, link, true)).collect(),
            next_cursor: page.next.as_ref().map(cursor::cursor),
        };
        let answer = Answer::json(StatusCode::OK, "listed", &list);
        Ok(match &list.next_cursor {
            None => answer,
            Some(cursor) => {
                let mut next = url::form_urlencoded::Serializer::new(String::new());
                next.append_pair("limit", &limit.to_string());
                next.append_pair("cursor", cursor);
                if *owner != exchange.caller.owner {
                    next.append_pair("owner", owner);
                }
                let base_url = &exchange.base_url;
                let next = format!("<{base_url}/api/v1/links?{}>; rel=\"next\"", next.finish());
                answer.with(header::LINK, next)
            }
        })
    }

    pub(crate) async fn get_qr_code(&self, exchange: &Exchange<'_>, slug: &Slug) -> Result<Answer, Failure> {
        let mut query = Query::parse(exchange.request.query());
        let format = match query.text("format") {
            None => qr::Format::Svg,
            Some(name) => qr::Format::from_name(&name)
                .ok_or_else(|| Problem::InvalidParameter { parameter: "format".to_owned(), expected: "svg or png" })?,
        };
        let size = query.number("size", 256, 128..=2_048, "a number of pixels from 128 to 2048")?;
        query.finish()?;
        let link = change::read(&self.store, &exchange.caller, slug, exchange.now).await?;
        let address = representation::short_url(&link, &exchange.base_url);
        let picture = qr::picture(&address, format, size).ok_or(Problem::NoQrCode)?;
        Ok(Answer::bytes("qr", format.media_type(), picture)
            .with(header::CACHE_CONTROL, format!("private, max-age={QR_MAX_AGE}"))
            .about(link.slug))
    }

    async fn change(
        &self,
        exchange: &Exchange<'_>,
        slug: &Slug,
        change: impl Fn(Link) -> Result<Link, Problem>,
    ) -> Result<Link, Failure> {
        let header = exchange.request.header_text(header::IF_MATCH);
        let precondition = header.map_or(Precondition::None, Precondition::if_match);
        let Exchange { caller, now, .. } = exchange;
        change::update(&self.store, caller, slug, &precondition, change, *now).await
    }

    /// The answer that shows one link.
    pub(crate) fn link_answer(
        &self,
        outcome: &'static str,
        status: StatusCode,
        exchange: &Exchange<'_>,
        link: &Link,
        existing: bool,
    ) -> Answer {
        let body = self.representation(exchange, link, existing);
        Answer::json(status, outcome, &body).with(header::ETAG, etag::of(link)).about(link.slug.clone())
    }

    pub(crate) fn representation<'a>(
        &self,
        exchange: &Exchange<'_>,
        link: &'a Link,
        existing: bool,
    ) -> Representation<'a> {
        // Times are of the beginning of a request; what it wrote was written before it was given up, and before now.
        let latest = link.updated_at.map(|begun| begun.plus(STORE_LIMIT));
        let written = latest.map(|latest| latest.min(Timestamp::from((self.clock)())));
        Representation::new(link, existing, &exchange.base_url, written, self.config.visible_within)
    }
}
