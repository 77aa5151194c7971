//! Problems with the link that a request names.

use http::StatusCode;

use super::description::Description;

/// The link does not exist, or cannot be changed now.
#[derive(Debug)]
pub(crate) enum LinkProblem {
    /// No such link.
    Unknown { slug: String },
    /// The link is deleted; a tombstone cannot be changed.
    Deleted { slug: String },
    /// The link has another version than `If-Match` names.
    VersionMismatch { version: u64 },
    /// Every attempt to change the link lost against another change.
    TooManyEditors { slug: String },
    /// The stored item is not a link.
    Malformed { slug: String },
    /// The short URL is too long for a QR code.
    NoQrCode,
}

impl LinkProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::Unknown { slug } => {
                let detail = format!("There is no link \"{slug}\".");
                about(slug, StatusCode::NOT_FOUND, "unknown-link", "No such link", detail)
            }
            Self::Deleted { slug } => {
                let detail = format!("\"{slug}\" is deleted. Restore it before changing it.");
                about(slug, StatusCode::CONFLICT, "link-deleted", "Link is deleted", detail)
            }
            Self::VersionMismatch { version } => version_mismatch(*version),
            Self::TooManyEditors { slug } => {
                let title = "Link is being changed by others";
                let detail = format!("\"{slug}\" was changed by others each time. Send the request again.");
                about(slug, StatusCode::SERVICE_UNAVAILABLE, "too-many-editors", title, detail).with_retry_after()
            }
            Self::Malformed { slug } => {
                let detail = format!("The stored link \"{slug}\" cannot be read.");
                about(slug, StatusCode::INTERNAL_SERVER_ERROR, "malformed-link", "Link is damaged", detail)
            }
            Self::NoQrCode => {
                let detail = "The short URL has more characters than a QR code holds.";
                Description::new(StatusCode::UNPROCESSABLE_ENTITY, "no-qr-code", "Too long for a QR code", detail)
            }
        }
    }
}

fn about(slug: &str, status: StatusCode, code: &'static str, title: &'static str, detail: String) -> Description {
    Description::new(status, code, title, detail).with("slug", slug)
}

fn version_mismatch(version: u64) -> Description {
    let detail = format!("The link is at version {version}, which If-Match does not name.");
    Description::new(StatusCode::PRECONDITION_FAILED, "version-mismatch", "Link was changed meanwhile", detail)
        .with("version", version)
}
