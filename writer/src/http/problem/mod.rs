//! What can be wrong with a request: one place that gives every mistake its status and its public words.

mod body;

use http::StatusCode;
use links::{AliasError, Scope, TargetError};

pub(crate) use body::Body;

/// Seconds after which a client may try again what failed for reasons of ours.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum Problem {
    /// No such path.
    UnknownPath,
    /// A path that has other methods.
    MethodNotAllowed { allow: String },
    /// The caller is not known.
    Unauthenticated,
    /// The caller's key does not exist, or no longer opens anything.
    InvalidKey,
    /// The caller's key could not be looked up.
    KeysUnavailable,
    /// The caller is known, and may not do that.
    InsufficientScope { scope: Scope },
    /// The link is another owner's.
    NotOwner { slug: String },
    /// The operator has closed the link.
    LinkBlocked { slug: String },
    /// No such link.
    UnknownLink { slug: String },
    /// A tombstone cannot be changed.
    LinkDeleted { slug: String },
    /// The link has another version than the request says.
    VersionMismatch { version: u64 },
    /// Others changed the link each time.
    TooManyEditors { slug: String },
    /// The stored item is not a link.
    MalformedLink { slug: String },
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
    WrongType { field: &'static str, expected: &'static str },
    /// A number outside its range.
    OutOfRange { field: &'static str, from: u64, to: u64 },
    /// A text with too few or too many characters.
    Length { field: &'static str, min: usize, max: usize },
    /// A list with too many entries.
    TooMany { field: &'static str, limit: usize },
    /// Fields of which only one may be given.
    Exclusive { fields: &'static str },
    /// A link that would end before it begins, or has ended already.
    NeverValid,
    /// A parameter of the query that makes no sense.
    InvalidParameter { parameter: String, expected: &'static str },
    /// A name for the request that cannot be one.
    InvalidIdempotencyKey { limit: usize },
    /// The name stands for another request.
    IdempotencyMismatch,
    /// The short URL is too long for a picture.
    NoQrCode,
    /// The target is not UTF-8.
    NotText,
    /// The target is none that a link may have.
    Target(TargetError),
    /// So is the URL for visitors who come too late.
    ExpiredUrl(TargetError),
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
    /// The end of its type, stable and made for programs; its status; its title.
    fn kind(&self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::UnknownPath => ("unknown-path", S::NOT_FOUND, "No such path"),
            Self::MethodNotAllowed { .. } => ("method-not-allowed", S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::Unauthenticated => ("unauthenticated", S::UNAUTHORIZED, "Not authenticated"),
            Self::InvalidKey => ("invalid-key", S::UNAUTHORIZED, "Key not valid"),
            Self::InsufficientScope { .. } => ("insufficient-scope", S::FORBIDDEN, "Not allowed"),
            Self::NotOwner { .. } => ("not-owner", S::FORBIDDEN, "Someone else's link"),
            Self::LinkBlocked { .. } => ("link-blocked", S::FORBIDDEN, "Link is blocked"),
            Self::UnknownLink { .. } => ("unknown-link", S::NOT_FOUND, "No such link"),
            Self::LinkDeleted { .. } => ("link-deleted", S::CONFLICT, "Link is deleted"),
            Self::VersionMismatch { .. } => ("version-mismatch", S::PRECONDITION_FAILED, "Link was changed meanwhile"),
            Self::TooManyEditors { .. } => {
                ("too-many-editors", S::SERVICE_UNAVAILABLE, "Link is being changed by others")
            }
            Self::MalformedLink { .. } => ("malformed-link", S::INTERNAL_SERVER_ERROR, "Link is damaged"),
            Self::BodyTooLarge { .. } => ("body-too-large", S::PAYLOAD_TOO_LARGE, "Body too large"),
            Self::UnsupportedMediaType { .. } => {
                ("unsupported-media-type", S::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type")
            }
            Self::EmptyBody => ("empty-body", S::BAD_REQUEST, "Empty body"),
            Self::MalformedBody => ("malformed-body", S::BAD_REQUEST, "Malformed body"),
            Self::MalformedJson { .. } => ("malformed-json", S::BAD_REQUEST, "Malformed JSON"),
            Self::InvalidParameter { .. } => ("invalid-parameter", S::BAD_REQUEST, "Parameter not accepted"),
            Self::InvalidIdempotencyKey { .. } => {
                ("invalid-idempotency-key", S::BAD_REQUEST, "Idempotency key not accepted")
            }
            Self::UnknownField { .. } => ("unknown-field", S::UNPROCESSABLE_ENTITY, "Unknown field"),
            Self::MissingField { .. } => ("missing-field", S::UNPROCESSABLE_ENTITY, "Missing field"),
            Self::WrongType { .. } => ("wrong-type", S::UNPROCESSABLE_ENTITY, "Wrong type"),
            Self::OutOfRange { .. } => ("out-of-range", S::UNPROCESSABLE_ENTITY, "Out of range"),
            Self::Length { .. } => ("wrong-length", S::UNPROCESSABLE_ENTITY, "Too short or too long"),
            Self::TooMany { .. } => ("too-many", S::UNPROCESSABLE_ENTITY, "Too many entries"),
            Self::Exclusive { .. } => ("exclusive-fields", S::UNPROCESSABLE_ENTITY, "Fields exclude each other"),
            Self::NeverValid => ("never-valid", S::UNPROCESSABLE_ENTITY, "Never to be followed"),
            Self::IdempotencyMismatch => {
                ("idempotency-mismatch", S::UNPROCESSABLE_ENTITY, "Idempotency key already used")
            }
            Self::NoQrCode => ("no-qr-code", S::UNPROCESSABLE_ENTITY, "Too long for a QR code"),
            Self::NotText => ("invalid-url", S::UNPROCESSABLE_ENTITY, "URL not accepted"),
            Self::Target(error) | Self::ExpiredUrl(error) => {
                (url_code(error), S::UNPROCESSABLE_ENTITY, "URL not accepted")
            }
            Self::Alias(AliasError::Reserved { .. }) => ("reserved-slug", S::UNPROCESSABLE_ENTITY, "Slug not accepted"),
            Self::Alias(_) => ("invalid-slug", S::UNPROCESSABLE_ENTITY, "Slug not accepted"),
            Self::SlugTaken { .. } => ("slug-taken", S::CONFLICT, "Slug already in use"),
            Self::NoSlugLeft => ("no-slug-left", S::SERVICE_UNAVAILABLE, "No slug left for this URL"),
            Self::KeysUnavailable | Self::Unavailable => {
                ("unavailable", S::SERVICE_UNAVAILABLE, "Temporarily unavailable")
            }
        }
    }

    /// The end of its type: stable, made for programs.
    pub(crate) fn code(&self) -> &'static str {
        self.kind().0
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind().1
    }

    /// A header that the status asks for.
    pub(crate) fn header(&self) -> Option<(http::HeaderName, String)> {
        match self {
            Self::MethodNotAllowed { allow } => Some((http::header::ALLOW, allow.clone())),
            Self::Unauthenticated => Some((http::header::WWW_AUTHENTICATE, "Bearer".to_owned())),
            Self::InvalidKey => Some((http::header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"".to_owned())),
            Self::InsufficientScope { scope } => Some((
                http::header::WWW_AUTHENTICATE,
                format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scope.name()),
            )),
            Self::NoSlugLeft | Self::TooManyEditors { .. } | Self::KeysUnavailable | Self::Unavailable => {
                Some((http::header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()))
            }
            _ => None,
        }
    }
}

fn url_code(error: &TargetError) -> &'static str {
    match error {
        TargetError::TooLong { .. } => "url-too-long",
        TargetError::SelfLoop => "self-loop",
        TargetError::Private => "private-target",
        _ => "invalid-url",
    }
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A problem of each kind.
    pub(crate) fn one_of_each() -> Vec<Problem> {
        let slug = || "abc".to_owned();
        let reserved = "api".parse::<links::Alias>().unwrap_err();
        let invalid = "a".parse::<links::Alias>().unwrap_err();
        vec![
            Problem::UnknownPath,
            Problem::MethodNotAllowed { allow: "GET".into() },
            Problem::Unauthenticated,
            Problem::InvalidKey,
            Problem::InsufficientScope { scope: Scope::Admin },
            Problem::NotOwner { slug: slug() },
            Problem::LinkBlocked { slug: slug() },
            Problem::UnknownLink { slug: slug() },
            Problem::LinkDeleted { slug: slug() },
            Problem::VersionMismatch { version: 1 },
            Problem::TooManyEditors { slug: slug() },
            Problem::MalformedLink { slug: slug() },
            Problem::BodyTooLarge { limit: 1 },
            Problem::UnsupportedMediaType { expected: "text" },
            Problem::EmptyBody,
            Problem::MalformedBody,
            Problem::MalformedJson { line: 1, column: 1 },
            Problem::UnknownField { field: "f".into() },
            Problem::MissingField { field: "f" },
            Problem::WrongType { field: "f", expected: "a string" },
            Problem::OutOfRange { field: "f", from: 1, to: 2 },
            Problem::Length { field: "f", min: 1, max: 2 },
            Problem::TooMany { field: "f", limit: 1 },
            Problem::Exclusive { fields: "a and b" },
            Problem::NeverValid,
            Problem::InvalidParameter { parameter: "p".into(), expected: "a number" },
            Problem::InvalidIdempotencyKey { limit: 1 },
            Problem::IdempotencyMismatch,
            Problem::NoQrCode,
            Problem::NotText,
            Problem::Target(TargetError::TooLong { bytes: 9_000 }),
            Problem::Target(TargetError::ControlCharacter { position: 1 }),
            Problem::Target(TargetError::SelfLoop),
            Problem::ExpiredUrl(TargetError::Private),
            Problem::Alias(reserved),
            Problem::Alias(invalid),
            Problem::SlugTaken { slug: slug() },
            Problem::NoSlugLeft,
            Problem::Unavailable,
        ]
    }

    #[test]
    fn a_problem_has_words_for_people_and_a_code_for_programs() {
        for problem in one_of_each() {
            let code = problem.code();
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            let body = serde_json::to_value(problem.body("r")).unwrap();
            assert_eq!(body["type"], format!("urn:kurz:problem:{code}"));
            assert_eq!(body["status"], problem.status().as_u16());
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.ends_with('.'), "{detail}");
        }
    }
}
