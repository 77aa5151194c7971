//! `PATCH`, `DELETE` and `restore` of `/api/v1/links/{slug}`.

use http::{StatusCode, header};
use links::{Link, LinkWriter, Scope, Slug, State};

use crate::{
    failure::Failure,
    http::{
        body,
        etag::Precondition,
        problem::{LinkProblem, Problem},
        response::Response,
    },
    identity::Caller,
    link::{change, changes::Changes},
    log,
};

use super::context::Context;

/// Applies a merge patch.
pub(super) async fn update<S: LinkWriter>(context: &Context<'_, S>, slug: &Slug) -> Result<Response, Failure> {
    let changes = Changes::patch(body::object(context.request)?)?;
    if changes.need_admin() {
        context.caller.require(Scope::Admin)?;
    }
    let patched = |link: Link| {
        if link.state == State::Deleted && !may_change_tombstone(&changes, &context.caller) {
            return Err(LinkProblem::Deleted { slug: link.slug.to_string() }.into());
        }
        let patched = changes.apply(link.clone(), &context.rules, context.now)?;
        let held = change::is_held(&link, &patched, changes.state(), &context.caller, context.now);
        let patched = Link { held, ..patched };
        Ok(if patched == link { link } else { patched.changed(context.now) })
    };
    let link = change(context, slug, patched).await?;
    Ok(context.link_response("updated", StatusCode::OK, &link, true))
}

/// Tombstones do not change, but administrators block them and take away where they lead.
fn may_change_tombstone(changes: &Changes, caller: &Caller) -> bool {
    caller.is_admin() && changes.state().is_none_or(State::is_blocked)
}

/// Replaces the link with a tombstone.
pub(super) async fn delete<S: LinkWriter>(context: &Context<'_, S>, slug: &Slug) -> Result<Response, Failure> {
    let link = change(context, slug, |link| Ok(change::deleted(link, &context.caller, context.now))).await?;
    Ok(Response::empty(StatusCode::NO_CONTENT, "deleted").about(link.slug))
}

/// Undoes a deletion.
pub(super) async fn restore<S: LinkWriter>(context: &Context<'_, S>, slug: &Slug) -> Result<Response, Failure> {
    let link = change(context, slug, |link| Ok(change::restored(link, context.now))).await?;
    Ok(context.link_response("restored", StatusCode::OK, &link, true))
}

/// Changes the link, unless `If-Match` names another version.
async fn change<S: LinkWriter>(
    context: &Context<'_, S>,
    slug: &Slug,
    change: impl Fn(Link) -> Result<Link, Problem>,
) -> Result<Link, Failure> {
    // A tag that is not text matches no version, so that the change is refused instead of made unconditionally.
    let header = context.request.header(header::IF_MATCH).map(|tags| tags.to_str().unwrap_or_default());
    let precondition = header.map_or(Precondition::None, Precondition::if_match);
    let changed = change::update(context.store, &context.caller, slug, &precondition, change, context.now).await?;
    if context.caller.is_operator_of(&changed.after) {
        log::moderated(context.request_id, &context.caller.principal, &changed.before, &changed.after);
    }
    Ok(changed.after)
}
