//! Problems with the path, the query and the headers.

use http::{StatusCode, header};

use super::description::{Description, shown};

/// The path, the query or a header is not acceptable.
#[derive(Debug)]
pub(crate) enum RequestProblem {
    /// No such path.
    UnknownPath,
    /// The path exists, but not with this method.
    MethodNotAllowed { allow: String },
    /// A parameter of the query that does not exist or makes no sense.
    InvalidParameter { parameter: String, expected: &'static str },
    /// An `Idempotency-Key` of the wrong length or with the wrong characters.
    InvalidIdempotencyKey { limit: usize },
    /// The `Idempotency-Key` was used for another request.
    IdempotencyMismatch,
    /// The writer has no table for lists of hosts.
    NoHostLists,
    /// The table has no index by owner.
    NoOwnerIndex,
    /// Clicks are not counted.
    NoClicks,
}

impl RequestProblem {
    pub(super) fn describe(&self) -> Description {
        match self {
            Self::UnknownPath => {
                let detail = "/api/v1/openapi.json describes all paths.";
                Description::new(StatusCode::NOT_FOUND, "unknown-path", "No such path", detail)
            }
            Self::MethodNotAllowed { allow } => method_not_allowed(allow),
            Self::InvalidParameter { parameter, expected } => {
                let parameter = shown(parameter);
                let detail = format!("The parameter \"{parameter}\" must be {expected}.");
                Description::new(StatusCode::BAD_REQUEST, "invalid-parameter", "Parameter not accepted", detail)
                    .with("parameter", parameter)
            }
            Self::InvalidIdempotencyKey { limit } => invalid_idempotency_key(*limit),
            Self::NoHostLists => Description::new(
                StatusCode::CONFLICT,
                "no-host-lists",
                "No lists of hosts",
                "This service was set up without KEYS_TABLE, where such lists are kept.",
            ),
            Self::NoOwnerIndex => Description::new(
                StatusCode::CONFLICT,
                "no-owner-index",
                "No lists by owner",
                "This service uses a table without the index by_owner, which its operator can add.",
            ),
            Self::NoClicks => Description::new(
                StatusCode::CONFLICT,
                "clicks-not-counted",
                "Clicks are not counted",
                "This service counts no clicks. Its operator can switch that on.",
            ),
            Self::IdempotencyMismatch => Description::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-mismatch",
                "Idempotency key already used",
                "This Idempotency-Key was used for another request.",
            ),
        }
    }
}

fn method_not_allowed(allow: &str) -> Description {
    let detail = format!("This path accepts {allow}.");
    Description::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
        .with_header(header::ALLOW, allow)
}

fn invalid_idempotency_key(limit: usize) -> Description {
    let detail = format!("An Idempotency-Key has 1 to {limit} visible ASCII characters.");
    Description::new(StatusCode::BAD_REQUEST, "invalid-idempotency-key", "Idempotency key not accepted", detail)
        .with("limit", limit)
}
