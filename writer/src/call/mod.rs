//! The calls of the API: a route table, and one file per call.
//!
//! A call parses its part of the request, has `link` do the work, and writes the response.

mod bulk;
mod change;
mod clicks;
pub(crate) mod context;
mod create;
mod hosts;
mod list;
pub(crate) mod openapi;
pub(crate) mod page;
mod qr;
mod read;
pub(crate) mod route;
mod shorten;
mod takedown;

use links::{ClickFolder, HostStore, LinkLister, LinkWriter, Slug};

use crate::{
    failure::Failure,
    http::{body, problem::LinkProblem, query::Query, response::Response},
};

use context::Context;
use route::LinkCall;
use takedown::Action;

/// Does what a call asks for. `slug` is the slug in the path, as written.
pub(crate) async fn respond<S: LinkWriter + LinkLister + HostStore + ClickFolder>(
    call: LinkCall,
    slug: &str,
    context: &Context<'_, S>,
) -> Result<Response, Failure> {
    if !call.takes_query() {
        Query::parse(context.request.query()).finish()?;
    }
    if !call.takes_body() {
        body::none(context.request)?;
    }
    match call {
        LinkCall::Shorten => shorten::shorten(context).await,
        LinkCall::Create => create::create(context).await,
        LinkCall::CreateMany => bulk::create_many(context).await,
        LinkCall::List => list::list(context).await,
        LinkCall::Get => read::get(context, &parse(slug)?).await,
        LinkCall::Update => change::update(context, &parse(slug)?).await,
        LinkCall::Delete => change::delete(context, &parse(slug)?).await,
        LinkCall::Restore => change::restore(context, &parse(slug)?).await,
        LinkCall::GetQrCode => qr::get(context, &parse(slug)?).await,
        LinkCall::GetClicks => clicks::of_link(context, &parse(slug)?).await,
        LinkCall::GetOwnClicks => clicks::of_owner(context).await,
        LinkCall::Block => takedown::run(context, Action::Block).await,
        LinkCall::Unblock => takedown::run(context, Action::Unblock).await,
        LinkCall::GetHosts => hosts::get(context).await,
        LinkCall::ChangeHosts => hosts::change(context).await,
    }
}

/// A malformed slug names no link, and the store need not be asked to know that.
fn parse(slug: &str) -> Result<Slug, LinkProblem> {
    slug.parse().map_err(|_malformed| LinkProblem::Unknown { slug: slug.to_owned() })
}
