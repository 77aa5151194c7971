//! `GET /api/v1/links/{slug}`.

use http::{StatusCode, header};
use links::{LinkReader, Slug};

use crate::{
    failure::Failure,
    http::{etag, response::Response},
    link::read::read,
};

use super::context::Context;

/// Shows a link, unless the client has its current version already.
pub(super) async fn get<S: LinkReader>(context: &Context<'_, S>, slug: &Slug) -> Result<Response, Failure> {
    let link = read(context.store, &context.caller, slug, context.now).await?;
    let tag = etag::of(&link);
    let known = context.request.header_text(header::IF_NONE_MATCH);
    if known.is_some_and(|known| etag::is_known(known, &tag)) {
        let response = Response::empty(StatusCode::NOT_MODIFIED, "not-modified");
        return Ok(response.with(header::ETAG, tag).about(link.slug));
    }
    Ok(context.link_response("read", StatusCode::OK, &link, true))
}
