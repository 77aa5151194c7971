//! What a client reads of a problem: RFC 9457.

use function::with_causes;
use links::{AliasError, TargetError, TargetUrl};
use serde_json::{Map, Value, json};

use super::Problem;

/// What the client reads.
pub(crate) type Body<'a> = function::Problem<'a, Map<String, Value>>;

impl Problem {
    fn detail(&self) -> String {
        match self {
            Self::UnknownPath => "/api/v1/openapi.json describes the paths there are.".to_owned(),
            Self::MethodNotAllowed { allow } => format!("This path takes {allow}."),
            Self::Unauthenticated => "The request carries no identity.".to_owned(),
            Self::InvalidKey => "There is no such key, or it was revoked.".to_owned(),
            Self::KeysUnavailable => "The key could not be checked, so nothing was done.".to_owned(),
            Self::InsufficientScope { scope } => {
                format!("The caller lacks the scope \"{}\".", scope.name())
            }
            Self::NotOwner { slug } => format!("\"{slug}\" belongs to someone else."),
            Self::LinkBlocked { slug } => {
                format!("\"{slug}\" was closed by the operator, who alone can change it.")
            }
            Self::UnknownLink { slug } => format!("There is no link \"{slug}\"."),
            Self::LinkDeleted { slug } => {
                format!("\"{slug}\" is deleted. Restore it before changing it.")
            }
            Self::VersionMismatch { version } => {
                format!("The link is at version {version}, which If-Match does not name.")
            }
            Self::TooManyEditors { slug } => {
                format!("\"{slug}\" was changed by others each time. Send the request again.")
            }
            Self::MalformedLink { slug } => {
                format!("What is stored for \"{slug}\" cannot be read.")
            }
            Self::BodyTooLarge { limit } => format!("A body has at most {limit} bytes."),
            Self::UnsupportedMediaType { expected } => format!("Send {expected}."),
            Self::EmptyBody => "The body should hold the URL to shorten.".to_owned(),
            Self::MalformedBody => "The body is not the base 64 that it is announced as.".to_owned(),
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
            Self::OutOfRange { field, from, to } => {
                format!("The field \"{field}\" should be from {from} to {to}.")
            }
            Self::Length { field, min, max } => {
                format!("A text in \"{field}\" should have {min} to {max} characters.")
            }
            Self::TooMany { field, limit } => {
                format!("The list \"{field}\" has at most {limit} entries.")
            }
            Self::Exclusive { fields } => format!("Send only one of {fields}."),
            Self::NeverValid => "The link would end before it begins, or has ended already.".to_owned(),
            Self::InvalidParameter { parameter, expected } => {
                format!("The parameter \"{parameter}\" should be {expected}.")
            }
            Self::InvalidIdempotencyKey { limit } => {
                format!("An Idempotency-Key has 1 to {limit} visible ASCII characters.")
            }
            Self::IdempotencyMismatch => "Another request was sent with this Idempotency-Key before.".to_owned(),
            Self::NoQrCode => "The short URL has more characters than a QR code holds.".to_owned(),
            Self::ExpiredUrl(error) => {
                format!("This URL cannot be \"expired_url\": {}.", with_causes(error))
            }
            Self::NotText => "This URL cannot be shortened: it is not UTF-8.".to_owned(),
            Self::Target(error) => format!("This URL cannot be shortened: {}.", with_causes(error)),
            Self::Alias(error) => format!("This slug cannot be chosen: {error}."),
            Self::SlugTaken { slug } => format!("\"{slug}\" already leads somewhere else."),
            Self::NoSlugLeft => "Every slug derived from this URL is in use. Choose one yourself.".to_owned(),
            Self::Unavailable => {
                "The request may or may not have been done. Send it again; with an Idempotency-Key no \
                 link is made twice."
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
            Self::OutOfRange { field, from, to } => {
                json!({ "field": field, "minimum": from, "limit": to })
            }
            Self::Length { field, max, .. } => json!({ "field": field, "limit": max }),
            Self::TooMany { field, limit } => json!({ "field": field, "limit": limit }),
            Self::InsufficientScope { scope } => json!({ "scope": scope.name() }),
            Self::InvalidParameter { parameter, .. } => json!({ "parameter": parameter }),
            Self::InvalidIdempotencyKey { limit } => json!({ "limit": limit }),
            Self::VersionMismatch { version } => json!({ "version": version }),
            Self::NotText => json!({ "field": "url" }),
            Self::Target(error) => url_fields("url", error),
            Self::ExpiredUrl(error) => url_fields("expired_url", error),
            Self::Alias(AliasError::Reserved { slug }) => {
                json!({ "field": "slug", "slug": slug.as_str() })
            }
            Self::Alias(_) => json!({ "field": "slug" }),
            Self::SlugTaken { slug } => json!({ "field": "slug", "slug": slug }),
            Self::NotOwner { slug }
            | Self::LinkBlocked { slug }
            | Self::UnknownLink { slug }
            | Self::LinkDeleted { slug }
            | Self::TooManyEditors { slug }
            | Self::MalformedLink { slug } => json!({ "slug": slug }),
            _ => Value::Null,
        };
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// The body of the answer, as RFC 9457 describes it.
    pub(crate) fn body<'a>(&self, request_id: &'a str) -> Body<'a> {
        let (code, status, title) = self.kind();
        Body { code, title, status: status.as_u16(), detail: self.detail().into(), members: self.fields(), request_id }
    }
}

fn url_fields(field: &str, error: &TargetError) -> Value {
    match error {
        TargetError::TooLong { bytes } => {
            json!({ "field": field, "bytes": bytes, "limit": TargetUrl::MAX_BYTES })
        }
        TargetError::ControlCharacter { position } => {
            json!({ "field": field, "position": position })
        }
        _ => json!({ "field": field }),
    }
}
