//! Problems with the body as a whole.

use http::StatusCode;
use serde_json::json;

use super::description::Description;

/// The body cannot be read.
#[derive(Debug)]
pub(crate) enum BodyProblem {
    /// Longer than a body may be.
    TooLarge { limit: usize },
    /// Not a media type that this call accepts.
    UnsupportedMediaType { expected: &'static str },
    /// A body in another encoding than its own.
    Encoded,
    /// Nothing but white space.
    Empty,
    /// Marked as base64, but not base64.
    Malformed,
    /// Not JSON, or not an object.
    MalformedJson { line: usize, column: usize },
}

impl BodyProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::TooLarge { limit } => {
                let detail = format!("A body has at most {limit} bytes.");
                Description::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large", detail)
                    .with("limit", *limit)
            }
            Self::UnsupportedMediaType { expected } => Description::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
                format!("Send {expected}."),
            ),
            Self::Encoded => Description::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
                "Send the body without Content-Encoding.",
            ),
            Self::Empty => bad_request("empty-body", "Empty body", "The body must contain the URL to shorten."),
            Self::Malformed => {
                bad_request("malformed-body", "Malformed body", "The body is marked as base64, but is not base64.")
            }
            Self::MalformedJson { line, column } => {
                let detail = format!("The body stops being a JSON object at line {line}, column {column}.");
                bad_request("malformed-json", "Malformed JSON", detail)
                    .with("position", json!({ "line": line, "column": column }))
            }
        }
    }
}

fn bad_request(code: &'static str, title: &'static str, detail: impl Into<String>) -> Description {
    Description::new(StatusCode::BAD_REQUEST, code, title, detail)
}
