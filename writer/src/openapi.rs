//! The description of the API, for people and programs.

use http::{StatusCode, header};

use crate::answer::Answer;

/// The description: OpenAPI 3.1 as it is served.
const DESCRIPTION: &str = include_str!("../openapi.json");

/// How long a client may keep it, in seconds.
const MAX_AGE: u32 = 300;

pub(crate) fn answer() -> Answer {
    Answer::text(StatusCode::OK, "openapi", DESCRIPTION.to_owned())
        .with(header::CONTENT_TYPE, "application/json")
        .with(header::CACHE_CONTROL, format!("public, max-age={MAX_AGE}"))
}
