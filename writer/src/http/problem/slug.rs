//! Problems with the slug of a new link.

use http::StatusCode;
use links::{AliasError, Timestamp};

use super::description::Description;

/// The slug is not acceptable or not free.
#[derive(Debug)]
pub(crate) enum SlugProblem {
    /// Callers may not choose this slug.
    Alias(AliasError),
    /// The chosen slug is in use. All that a stranger learns.
    Taken { slug: String },
    /// The chosen slug is that of the caller's own link, which is not the one that the request asks for.
    Own { slug: String, conflict: Conflict },
    /// All slugs of a URL belong to other links.
    NoneLeft,
}

/// Why the caller's own link is not the one that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The operator has blocked it.
    Blocked,
    /// It is deleted, and can be restored.
    Deleted,
    /// It has expired.
    Expired { at: Option<Timestamp> },
    /// It leads elsewhere.
    OtherTarget,
    /// It is paused.
    Disabled,
    /// It begins later.
    Early { at: Option<Timestamp> },
    /// The request asks for a new link.
    NoReuse,
    /// It has other options than these, which the request gives.
    OtherOptions { fields: Vec<&'static str> },
}

impl SlugProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::Alias(error) => not_accepted(error),
            Self::Taken { slug } => {
                let detail = format!("\"{slug}\" is taken. Choose another slug.");
                conflict("slug-taken", "Slug already in use", slug, detail)
            }
            Self::Own { slug, conflict } => conflict.describe(slug),
            Self::NoneLeft => {
                let detail = "Every slug derived from this URL is in use. Choose one yourself.";
                Description::new(StatusCode::SERVICE_UNAVAILABLE, "no-slug-left", "No slug left for this URL", detail)
                    .with_retry_after()
            }
        }
    }
}

impl Conflict {
    /// What is the matter, and the way out.
    fn describe(&self, slug: &str) -> Description {
        let (code, title, what, way_out) = match self {
            Self::Blocked => (
                "link-blocked",
                "Link is blocked",
                "is blocked by the operator".to_owned(),
                "Only the operator can change it",
            ),
            Self::Deleted => {
                ("link-deleted", "Link is deleted", "is deleted and keeps its slug".to_owned(), "Restore it")
            }
            Self::Expired { at } => {
                ("link-expired", "Link has expired", format!("expired{}", time(*at)), "Change its expires_at")
            }
            Self::OtherTarget => {
                ("slug-taken", "Slug already in use", "leads to another URL".to_owned(), "Change its url")
            }
            Self::Disabled => {
                ("link-disabled", "Link is paused", "is paused".to_owned(), "Resume it with \"state\": \"active\"")
            }
            Self::Early { at } => {
                ("link-early", "Link is not valid yet", format!("begins{}", time(*at)), "Change its valid_from")
            }
            Self::NoReuse => {
                let what = "leads to this URL already".to_owned();
                ("slug-taken", "Slug already in use", what, "Leave out \"reuse\": false to get it")
            }
            Self::OtherOptions { fields } => {
                let what = format!("leads to this URL with other options ({})", fields.join(", "));
                ("options-differ", "Link has other options", what, "Change it")
            }
        };
        let detail = format!("Your link \"{slug}\" {what}. {way_out}, or choose another slug.");
        let description = conflict(code, title, slug, detail);
        match self {
            Self::OtherOptions { fields } => description.with("fields", fields.clone()),
            _ => description,
        }
    }
}

fn time(at: Option<Timestamp>) -> String {
    at.and_then(Timestamp::rfc3339).map(|at| format!(" at {at}")).unwrap_or_default()
}

fn conflict(code: &'static str, title: &'static str, slug: &str, detail: String) -> Description {
    Description::new(StatusCode::CONFLICT, code, title, detail).with("field", "slug").with("slug", slug)
}

fn not_accepted(error: &AliasError) -> Description {
    let (code, reserved) = match error {
        AliasError::Reserved { slug } => ("reserved-slug", Some(slug)),
        _ => ("invalid-slug", None),
    };
    let detail = format!("This slug cannot be chosen: {error}.");
    let description =
        Description::new(StatusCode::UNPROCESSABLE_ENTITY, code, "Slug not accepted", detail).with("field", "slug");
    match reserved {
        Some(slug) => description.with("slug", slug.as_str()),
        None => description,
    }
}
