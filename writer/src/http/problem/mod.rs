//! What can be wrong with a request: families of problems, each in its own file.
//!
//! A family's `describe` decides everything that a client sees of its problems: the status, the words, and the headers.

mod access;
mod body;
mod description;
mod field;
mod link;
mod request;
mod slug;
#[cfg(test)]
pub(crate) mod tests;
mod url;

use links::{AliasError, TargetError};

pub(crate) use access::AccessProblem;
pub(crate) use body::BodyProblem;
pub(crate) use description::{Description, ProblemBody};
pub(crate) use field::{FieldProblem, Origin};
pub(crate) use link::LinkProblem;
pub(crate) use request::RequestProblem;
pub(crate) use slug::{Conflict, SlugProblem};
pub(crate) use url::UrlProblem;

/// Why a request was refused or failed.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The caller may not do this.
    Access(AccessProblem),
    /// The body cannot be read.
    Body(BodyProblem),
    /// A field of the body is not acceptable.
    Field(FieldProblem),
    /// The link does not exist, or cannot be changed now.
    Link(LinkProblem),
    /// The path, the query or a header is not acceptable.
    Request(RequestProblem),
    /// The slug is not acceptable or not free.
    Slug(SlugProblem),
    /// A URL in the body is not acceptable.
    Url(UrlProblem),
    /// The store failed or took too long.
    Unavailable,
}

impl Problem {
    /// What the client sees.
    pub(crate) fn describe(&self) -> Description {
        match self {
            Self::Access(problem) => problem.describe(),
            Self::Body(problem) => problem.describe(),
            Self::Field(problem) => problem.describe(),
            Self::Link(problem) => problem.describe(),
            Self::Request(problem) => problem.describe(),
            Self::Slug(problem) => problem.describe(),
            Self::Url(problem) => problem.describe(),
            Self::Unavailable => Description::unavailable(
                "The request may or may not have been done. Send it again; with an Idempotency-Key no link is made \
                 twice.",
            ),
        }
    }

    /// What is wrong, in one stable word for programs and the log.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.describe().code
    }
}

impl From<AccessProblem> for Problem {
    fn from(problem: AccessProblem) -> Self {
        Self::Access(problem)
    }
}

impl From<BodyProblem> for Problem {
    fn from(problem: BodyProblem) -> Self {
        Self::Body(problem)
    }
}

impl From<FieldProblem> for Problem {
    fn from(problem: FieldProblem) -> Self {
        Self::Field(problem)
    }
}

impl From<LinkProblem> for Problem {
    fn from(problem: LinkProblem) -> Self {
        Self::Link(problem)
    }
}

impl From<RequestProblem> for Problem {
    fn from(problem: RequestProblem) -> Self {
        Self::Request(problem)
    }
}

impl From<SlugProblem> for Problem {
    fn from(problem: SlugProblem) -> Self {
        Self::Slug(problem)
    }
}

impl From<UrlProblem> for Problem {
    fn from(problem: UrlProblem) -> Self {
        Self::Url(problem)
    }
}

impl From<AliasError> for Problem {
    fn from(error: AliasError) -> Self {
        Self::Slug(SlugProblem::Alias(error))
    }
}

impl From<TargetError> for Problem {
    fn from(error: TargetError) -> Self {
        Self::Url(UrlProblem::Target(error))
    }
}
