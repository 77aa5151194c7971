//! Problems with the slug of a new link.

use http::StatusCode;
use links::AliasError;

use super::description::Description;

/// The slug is not acceptable or not free.
#[derive(Debug)]
pub(crate) enum SlugProblem {
    /// Callers may not choose this slug.
    Alias(AliasError),
    /// The chosen slug belongs to another link.
    Taken { slug: String },
    /// All slugs of a URL belong to other links.
    NoneLeft,
}

impl SlugProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::Alias(error) => not_accepted(error),
            Self::Taken { slug } => {
                let detail = format!("\"{slug}\" already leads somewhere else.");
                Description::new(StatusCode::CONFLICT, "slug-taken", "Slug already in use", detail)
                    .with("field", "slug")
                    .with("slug", slug.as_str())
            }
            Self::NoneLeft => {
                let detail = "Every slug derived from this URL is in use. Choose one yourself.";
                Description::new(StatusCode::SERVICE_UNAVAILABLE, "no-slug-left", "No slug left for this URL", detail)
                    .with_retry_after()
            }
        }
    }
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
