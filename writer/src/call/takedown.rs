//! `POST /api/v1/admin/block` and `unblock`: closes and opens links by slug, by owner, or by the host they lead to.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use links::{LinkLister, LinkWriter, Position, Slug, Takedown, TakedownSubject};
use serde::Serialize;

use crate::{
    failure::Failure,
    http::{
        body, cursor,
        etag::Precondition,
        fields::Fields,
        problem::{FieldProblem, Problem},
        response::Response,
    },
    link::change,
    log,
};

use super::{context::Context, parse};

/// How many links are changed at the same time.
const CONCURRENCY: usize = 8;
/// Most links that are read at once.
const MAX_READ: usize = 500;
/// Most pages that one request reads.
const MAX_PAGES: usize = 10;
/// After this time no further page is read. The rest of the request's time is for the page that has begun.
const TIME: Duration = Duration::from_secs(2);

/// What a request does to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Blocks it.
    Block,
    /// Lifts the block.
    Unblock,
}

/// The links that a request is about.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Slug(String),
    Many(TakedownSubject),
}

#[derive(Debug)]
struct Order {
    takedown: Takedown,
    subject: Subject,
    after: Option<Position>,
    /// What the cursor belongs to.
    list: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
struct Done {
    /// How many links were changed.
    changed: usize,
    /// Where the next request goes on, if there may be more links.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Does what the request asks for, for a bounded number of links.
pub(super) async fn run<S: LinkWriter + LinkLister>(
    context: &Context<'_, S>,
    action: Action,
) -> Result<Response, Failure> {
    let order = Order::parse(body::object(context.request)?, action)?;
    let outcome = match action {
        Action::Block => "blocked",
        Action::Unblock => "unblocked",
    };
    let (changed, next) = match &order.subject {
        Subject::Slug(slug) => {
            let slug = parse(slug)?;
            let changed = order.apply(context, &slug).await?;
            let done = Done { changed: usize::from(changed), cursor: None };
            return Ok(Response::json(StatusCode::OK, outcome, &done).about(slug));
        }
        Subject::Many(subject) => order.apply_to_all(context, subject).await?,
    };
    let cursor = next.as_ref().map(|next| cursor::cursor(&order.list, next));
    Ok(Response::json(StatusCode::OK, outcome, &Done { changed, cursor }))
}

impl Order {
    fn parse(mut fields: Fields, action: Action) -> Result<Self, Problem> {
        let slug = fields.text("slug")?.flatten();
        let owner = fields.text("owner")?.flatten();
        let host = fields.host("host")?.flatten();
        let reason = fields.reason("reason")?.flatten();
        let cursor = fields.text("cursor")?.flatten();
        fields.finish()?;
        let (subject, name, value) = match (slug, owner, host) {
            (Some(slug), None, None) => (Subject::Slug(slug.clone()), "slug", slug),
            (None, Some(owner), None) => (Subject::Many(TakedownSubject::Owner(owner.clone())), "owner", owner),
            (None, None, Some(host)) => {
                let name = host.to_string();
                (Subject::Many(TakedownSubject::Host(host)), "host", name)
            }
            (None, None, None) => return Err(FieldProblem::Missing { field: "slug" }.into()),
            _ => return Err(FieldProblem::Exclusive { fields: "\"slug\", \"owner\" and \"host\"" }.into()),
        };
        let list = vec![("takedown", format!("{action:?}")), (name, value)];
        let after = cursor.map(|cursor| cursor::position(&list, &cursor)).transpose()?;
        let takedown = match action {
            Action::Block => Takedown::Block(reason.unwrap_or_default()),
            Action::Unblock => Takedown::Unblock(reason),
        };
        Ok(Self { takedown, subject, after, list })
    }

    /// Reads and changes page by page until there are no more links, or this was enough for one request.
    async fn apply_to_all<S: LinkWriter + LinkLister>(
        &self,
        context: &Context<'_, S>,
        subject: &TakedownSubject,
    ) -> Result<(usize, Option<Position>), Failure> {
        let begun = (context.clock)();
        let now = context.now;
        let (mut changed, mut next) = (0, self.after.clone());
        for _ in 0..MAX_PAGES {
            let page = context.store.list(subject.whose(), MAX_READ, next.as_ref()).await?;
            for malformed in &page.malformed {
                log::store_failed(context.request_id, malformed);
            }
            let meant = page.links.into_iter().filter(|link| subject.means(link, now));
            let slugs = meant.filter(|link| self.takedown.apply(link.clone(), now) != *link).map(|link| link.slug);
            changed += stream::iter(slugs)
                .map(async |slug| self.apply(context, &slug).await)
                .buffer_unordered(CONCURRENCY)
                .try_fold(0, async |sum, changed| Ok(sum + usize::from(changed)))
                .await?;
            next = page.next;
            let is_over = (context.clock)().duration_since(begun).is_ok_and(|time| time >= TIME);
            if next.is_none() || is_over {
                break;
            }
        }
        Ok((changed, next))
    }

    /// Changes one link; whether there was something to change.
    async fn apply<S: LinkWriter>(&self, context: &Context<'_, S>, slug: &Slug) -> Result<bool, Failure> {
        let Context { store, caller, now, .. } = context;
        let change = |link| Ok(self.takedown.apply(link, *now));
        let changed = change::update(*store, caller, slug, &Precondition::None, change, *now).await?;
        let is_new = changed.before != changed.after;
        if is_new {
            log::moderated(context.request_id, &caller.principal, &changed.before, &changed.after);
        }
        Ok(is_new)
    }
}
