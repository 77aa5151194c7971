//! Which slug a new link gets.

use links::{Alias, Slug, SlugBasis, SlugScheme, TargetUrl};

use crate::http::problem::Problem;

use super::new_link::NewLink;

/// Which slug a new link gets, and whether an existing link will do.
#[derive(Debug)]
pub(crate) enum SlugChoice<'a> {
    /// Chosen by the caller. With `reuse`, the caller's own link to the same target will do.
    Alias { slug: Slug, reuse: bool },
    /// Derived from the URL: the same URL gets the same link.
    Url(&'a TargetUrl),
    /// Derived from the URL and random bytes: a different one each time.
    Fresh(&'a TargetUrl, [u8; 16]),
    /// Derived from the request's idempotency key: a repeated request gets the same link.
    Request(&'a str),
}

impl<'a> SlugChoice<'a> {
    /// The choice for `new_link`, in a request with that idempotency key.
    pub(crate) fn of(new_link: &NewLink, key: Option<&'a str>, target: &'a TargetUrl) -> Result<Self, Problem> {
        Ok(match (&new_link.slug, key) {
            (Some(alias), _) => {
                Self::Alias { slug: alias.parse::<Alias>()?.into_slug(), reuse: new_link.reuse.unwrap_or(true) }
            }
            (None, Some(key)) => Self::Request(key),
            (None, None) if new_link.reuse.unwrap_or(true) && new_link.options.are_defaults() => Self::Url(target),
            (None, None) => Self::Fresh(target, rand::random()),
        })
    }

    /// The slugs to try, best first.
    pub(crate) fn candidates(&self, scheme: &SlugScheme, owner: &str) -> Vec<Slug> {
        let basis = match self {
            Self::Alias { slug, .. } => return vec![slug.clone()],
            Self::Url(target) => SlugBasis::Url(target),
            Self::Fresh(target, random) => SlugBasis::Fresh(target, *random),
            Self::Request(key) => SlugBasis::Request(key),
        };
        scheme.candidates(owner, basis).collect()
    }

    /// Whether the slug follows from the URL alone.
    pub(crate) fn is_derived(&self) -> bool {
        matches!(self, Self::Url(_))
    }

    /// Whether the caller's own link to the same target will do.
    pub(crate) fn reuses(&self) -> bool {
        matches!(self, Self::Alias { reuse: true, .. } | Self::Url(_))
    }
}
