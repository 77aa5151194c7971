//! Reading a link on behalf of its owner.

use links::{Freshness, Link, LinkReader, Slug, Timestamp};

use crate::{
    failure::Failure,
    http::problem::{AccessProblem, LinkProblem},
    identity::Caller,
};

/// The link with that slug, if the caller may see it. A tombstone counts as a link until it is forgotten; administrators
/// see it for ever, so that they can block it.
pub(crate) async fn read(
    store: &impl LinkReader,
    caller: &Caller,
    slug: &Slug,
    now: Timestamp,
) -> Result<Link, Failure> {
    let found = store.read(slug, Freshness::Strong).await?.link;
    let link = found.filter(|link| caller.is_admin() || !link.is_forgotten(now));
    let link = link.ok_or_else(|| LinkProblem::Unknown { slug: slug.to_string() })?;
    if caller.is_admin() || caller.owner == link.owner {
        Ok(link)
    } else {
        Err(AccessProblem::NotOwner { slug: slug.to_string() }.into())
    }
}
