//! The body of an error response: RFC 9457.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a program reads about an error.
#[derive(Debug, Serialize)]
pub struct Problem<'a, F> {
    /// What is wrong, in stable words for programs: the end of the problem's type.
    #[serde(rename = "type", serialize_with = "as_type")]
    pub code: &'a str,
    /// The same for people, without particulars.
    pub title: &'a str,
    /// The status of the response.
    pub status: u16,
    /// The particulars.
    pub detail: Cow<'a, str>,
    /// More members, besides the standard ones. Serializes to an object.
    #[serde(flatten)]
    pub members: F,
    /// The request, as the log names it.
    pub request_id: &'a str,
}

fn as_type<S: Serializer>(code: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("urn:kurz:problem:{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_beside_the_standard_ones() {
        #[derive(Serialize)]
        struct Members {
            slug: &'static str,
        }
        let problem = Problem {
            code: "not-found",
            title: "No such link",
            status: 404,
            detail: "There is none.".into(),
            members: Members { slug: "launch" },
            request_id: "r",
        };
        let expected = r#"{"type":"urn:kurz:problem:not-found","title":"No such link","status":404,"detail":"There is none.","slug":"launch","request_id":"r"}"#;
        assert_eq!(serde_json::to_string(&problem).unwrap(), expected);
    }
}
