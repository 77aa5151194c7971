//! Problems with the URLs of a link.

use function::with_causes;
use http::StatusCode;
use links::{TargetError, TargetUrl};

use super::description::{Description, shown};

/// A URL in the body is not acceptable.
#[derive(Debug)]
pub(crate) enum UrlProblem {
    /// The target is not UTF-8.
    NotText,
    /// JSON that is not declared as such.
    UndeclaredJson,
    /// The target is not acceptable.
    Target(TargetError),
    /// `expired_url` is not acceptable.
    ExpiredUrl(TargetError),
}

impl UrlProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::NotText => not_accepted("invalid-url", "This URL cannot be shortened: it is not UTF-8.".to_owned())
                .with("field", "url"),
            Self::UndeclaredJson => {
                let detail = "This looks like JSON. Send it with the header \"Content-Type: application/json\".";
                not_accepted("invalid-url", detail.to_owned()).with("field", "url")
            }
            Self::Target(error) => {
                let detail = format!("This URL cannot be shortened: {}.", shown(&with_causes(error)));
                with_particulars(not_accepted(code(error), detail).with("field", "url"), error)
            }
            Self::ExpiredUrl(error) => {
                let detail = format!("This URL cannot be \"expired_url\": {}.", shown(&with_causes(error)));
                with_particulars(not_accepted(code(error), detail).with("field", "expired_url"), error)
            }
        }
    }
}

fn not_accepted(code: &'static str, detail: String) -> Description {
    Description::new(StatusCode::UNPROCESSABLE_ENTITY, code, "URL not accepted", detail)
}

fn code(error: &TargetError) -> &'static str {
    match error {
        TargetError::TooLong { .. } => "url-too-long",
        TargetError::SelfLoop => "self-loop",
        TargetError::Private { .. } => "private-target",
        TargetError::ForbiddenHost { .. } => "forbidden-host",
        _ => "invalid-url",
    }
}

fn with_particulars(description: Description, error: &TargetError) -> Description {
    match error {
        TargetError::TooLong { bytes } => description.with("bytes", *bytes).with("limit", TargetUrl::MAX_BYTES),
        TargetError::Hidden(hidden) => description.with("position", hidden.position),
        TargetError::SecondUrl { position } | TargetError::TextBefore { position } => {
            description.with("position", *position)
        }
        TargetError::ForbiddenHost { host } => description.with("host", host.as_str()),
        _ => description,
    }
}
