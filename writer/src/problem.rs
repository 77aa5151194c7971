//! What can be wrong with a request: one place that gives every mistake its status and its public words.

use http::StatusCode;
use links::{AliasError, TargetError, with_causes};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Seconds after which a client may try again what failed for reasons of ours.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum Problem {
    /// No such path.
    UnknownPath,
    /// A path that has other methods.
    MethodNotAllowed { allow: &'static str },
    /// The caller is not known.
    Unauthenticated,
    /// More than a body may have.
    BodyTooLarge { limit: usize },
    /// A media type that is not taken here.
    UnsupportedMediaType { expected: &'static str },
    /// Nothing but white space.
    EmptyBody,
    /// Announced as base 64, and not.
    MalformedBody,
    /// Not JSON, or not an object.
    MalformedJson { line: usize, column: usize },
    /// A field that no request has.
    UnknownField { field: String },
    /// A field that must be there.
    MissingField { field: &'static str },
    /// A field of another type.
    WrongType {
        field: &'static str,
        expected: &'static str,
    },
    /// The target is not UTF-8.
    NotText,
    /// The target is none that a link may have.
    Target(TargetError),
    /// The alias is none that a caller may choose.
    Alias(AliasError),
    /// The alias belongs to another link.
    SlugTaken { slug: String },
    /// All slugs of a URL are taken by others.
    NoSlugLeft,
    /// The store failed or took too long.
    Unavailable,
}

impl Problem {
    /// The end of its type: stable, made for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown-path",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::Unauthenticated => "unauthenticated",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::UnsupportedMediaType { .. } => "unsupported-media-type",
            Self::EmptyBody => "empty-body",
            Self::MalformedBody => "malformed-body",
            Self::MalformedJson { .. } => "malformed-json",
            Self::UnknownField { .. } => "unknown-field",
            Self::MissingField { .. } => "missing-field",
            Self::WrongType { .. } => "wrong-type",
            Self::NotText => "invalid-url",
            Self::Target(error) => match error {
                TargetError::TooLong { .. } => "url-too-long",
                TargetError::SelfLoop => "self-loop",
                TargetError::Private => "private-target",
                _ => "invalid-url",
            },
            Self::Alias(AliasError::Reserved { .. }) => "reserved-slug",
            Self::Alias(_) => "invalid-slug",
            Self::SlugTaken { .. } => "slug-taken",
            Self::NoSlugLeft => "no-slug-left",
            Self::Unavailable => "unavailable",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::EmptyBody | Self::MalformedBody | Self::MalformedJson { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::UnknownField { .. }
            | Self::MissingField { .. }
            | Self::WrongType { .. }
            | Self::NotText
            | Self::Target(_)
            | Self::Alias(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SlugTaken { .. } => StatusCode::CONFLICT,
            Self::NoSlugLeft | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::UnknownPath => "No such path",
            Self::MethodNotAllowed { .. } => "Method not allowed",
            Self::Unauthenticated => "Not authenticated",
            Self::BodyTooLarge { .. } => "Body too large",
            Self::UnsupportedMediaType { .. } => "Unsupported media type",
            Self::EmptyBody => "Empty body",
            Self::MalformedBody => "Malformed body",
            Self::MalformedJson { .. } => "Malformed JSON",
            Self::UnknownField { .. } => "Unknown field",
            Self::MissingField { .. } => "Missing field",
            Self::WrongType { .. } => "Wrong type",
            Self::NotText | Self::Target(_) => "URL not accepted",
            Self::Alias(_) => "Slug not accepted",
            Self::SlugTaken { .. } => "Slug already in use",
            Self::NoSlugLeft => "No slug left for this URL",
            Self::Unavailable => "Temporarily unavailable",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::UnknownPath => "POST / and POST /api/v1/links make links.".to_owned(),
            Self::MethodNotAllowed { allow } => format!("This path takes {allow}."),
            Self::Unauthenticated => "The request carries no identity.".to_owned(),
            Self::BodyTooLarge { limit } => format!("A body has at most {limit} bytes."),
            Self::UnsupportedMediaType { expected } => format!("Send {expected}."),
            Self::EmptyBody => "The body should hold the URL to shorten.".to_owned(),
            Self::MalformedBody => {
                "The body is not the base 64 that it is announced as.".to_owned()
            }
            Self::MalformedJson { line, column } => {
                format!("The body stops being a JSON object at line {line}, column {column}.")
            }
            Self::UnknownField { field } => {
                format!("There is no field \"{field}\". Names of your own begin with x_.")
            }
            Self::MissingField { field } => format!("The field \"{field}\" is required."),
            Self::WrongType { field, expected } => {
                format!("The field \"{field}\" should be {expected}.")
            }
            Self::NotText => "This URL cannot be shortened: it is not UTF-8.".to_owned(),
            Self::Target(error) => format!("This URL cannot be shortened: {}.", with_causes(error)),
            Self::Alias(error) => format!("This slug cannot be chosen: {error}."),
            Self::SlugTaken { slug } => format!("\"{slug}\" already leads somewhere else."),
            Self::NoSlugLeft => {
                "Every slug derived from this URL is in use. Choose one yourself.".to_owned()
            }
            Self::Unavailable => {
                "The link may or may not have been stored. Repeating the request is safe."
                    .to_owned()
            }
        }
    }

    /// Fields that help a program beside the text.
    fn fields(&self) -> Map<String, Value> {
        let fields = match self {
            Self::BodyTooLarge { limit } => json!({ "limit": limit }),
            Self::MalformedJson { line, column } => {
                json!({ "position": { "line": line, "column": column } })
            }
            Self::UnknownField { field } => json!({ "field": field }),
            Self::MissingField { field } | Self::WrongType { field, .. } => {
                json!({ "field": field })
            }
            Self::Target(TargetError::TooLong { bytes }) => {
                json!({ "bytes": bytes, "limit": 8_192 })
            }
            Self::Target(TargetError::ControlCharacter { position }) => {
                json!({ "position": position })
            }
            Self::Alias(AliasError::Reserved { slug }) => json!({ "slug": slug.as_str() }),
            Self::SlugTaken { slug } => json!({ "slug": slug }),
            _ => Value::Null,
        };
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// The body of the answer, as RFC 9457 describes it.
    pub(crate) fn body<'a>(&self, request_id: &'a str) -> Body<'a> {
        Body {
            kind: format!("urn:kurz:problem:{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            fields: self.fields(),
            request_id,
        }
    }

    /// A header that the status asks for.
    pub(crate) fn header(&self) -> Option<(http::HeaderName, String)> {
        match self {
            Self::MethodNotAllowed { allow } => Some((http::header::ALLOW, (*allow).to_owned())),
            Self::Unauthenticated => Some((http::header::WWW_AUTHENTICATE, "Bearer".to_owned())),
            Self::NoSlugLeft | Self::Unavailable => {
                Some((http::header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()))
            }
            _ => None,
        }
    }
}

/// What the client reads.
#[derive(Debug, Serialize)]
pub(crate) struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
    request_id: &'a str,
}

impl From<TargetError> for Problem {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

impl From<AliasError> for Problem {
    fn from(error: AliasError) -> Self {
        Self::Alias(error)
    }
}
