//! `POST /api/v1/links`, and what all calls that make links share.

use http::{StatusCode, header};
use links::{Link, LinkWriter, Scope, TargetUrl};

use crate::{
    failure::Failure,
    http::{
        body,
        problem::{Problem, SlugProblem},
        response::Response,
    },
    link::{
        idempotency,
        make::{self, Made, Wish},
        new_link::NewLink,
        slug_choice::SlugChoice,
    },
};

use super::context::Context;

/// Makes a link.
pub(super) async fn create<S: LinkWriter>(context: &Context<'_, S>) -> Result<Response, Failure> {
    let new_link = NewLink::from_fields(body::object(context.request)?)?;
    let key = idempotency::key(context.request)?;
    let made = make(context, &new_link, key.as_deref()).await?;
    Ok(made_response(context, &made))
}

/// Makes a link, or finds the existing one that the request asks for.
pub(super) async fn make<S: LinkWriter>(
    context: &Context<'_, S>,
    new_link: &NewLink,
    key: Option<&str>,
) -> Result<Made, Failure> {
    let Context { rules, now, .. } = context;
    let owner = context.caller.owner.as_str();
    let target = TargetUrl::parse(&new_link.url, rules).map_err(Problem::from)?;
    let choice = SlugChoice::of(new_link, key, &target)?;
    let idempotency = key.map(|key| idempotency::trace(owner, key, new_link));
    let stamp = Some(rand::random());
    let draft = |slug| {
        let plain = Link {
            idempotency: idempotency.clone(),
            stamp,
            updated_by: Some(context.caller.principal.clone()),
            ..Link::new(slug, &target, owner, *now)
        };
        new_link.with_options(plain, rules, *now)
    };
    let wish = Wish { owner, choice, options: &new_link.options, now: *now };
    let made = make::make(context.store, &context.config.scheme, &wish, draft).await;
    made.map_err(|failure| if context.caller.require(Scope::Read).is_ok() { failure } else { without_reason(failure) })
}

/// Callers who may not read links learn that a slug is taken, and not what the link is like that has it.
fn without_reason(failure: Failure) -> Failure {
    match failure {
        Failure::Problem(Problem::Slug(SlugProblem::Own { slug, .. })) => SlugProblem::Taken { slug }.into(),
        other => other,
    }
}

/// The response that shows the link.
pub(super) fn made_response<S>(context: &Context<'_, S>, made: &Made) -> Response {
    context
        .link_response(outcome(made), status(made), &made.link, made.existing)
        .with(header::LOCATION, context.short_url(&made.link))
}

pub(super) fn outcome(made: &Made) -> &'static str {
    if made.existing { "existing" } else { "created" }
}

pub(super) fn status(made: &Made) -> StatusCode {
    if made.existing { StatusCode::OK } else { StatusCode::CREATED }
}
