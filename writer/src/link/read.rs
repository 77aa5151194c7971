//! Reading a link on behalf of its owner.

use links::{Freshness, Link, LinkReader, Slug, Timestamp};

use crate::{
    failure::Failure,
    http::problem::{AccessProblem, LinkProblem},
    identity::Caller,
};

/// The link with that slug, if the caller may see it. Of the links of others, strangers learn only what every visitor sees:
/// that those exist which can be followed. A tombstone counts as a link until it is forgotten; administrators see it for
/// ever, so that they can block it.
pub(crate) async fn read(
    store: &impl LinkReader,
    caller: &Caller,
    slug: &Slug,
    now: Timestamp,
) -> Result<Link, Failure> {
    let found = store.read(slug, Freshness::Strong).await?.link;
    let link = found.filter(|link| caller.is_admin() || !link.is_forgotten(now));
    let link = link.ok_or_else(|| LinkProblem::Unknown { slug: slug.to_string() })?;
    if caller.is_admin() || caller.owns(&link.owner) {
        Ok(link)
    } else if !link.is_closed(now) {
        Err(AccessProblem::NotOwner { slug: slug.to_string() }.into())
    } else {
        Err(LinkProblem::Unknown { slug: slug.to_string() }.into())
    }
}
