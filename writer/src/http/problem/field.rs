//! Problems with single fields of the body.

use http::StatusCode;

use links::HiddenCharacter;

use super::description::{Description, shown};

/// A field of the body is not acceptable.
#[derive(Debug)]
pub(crate) enum FieldProblem {
    /// The request has no such field.
    Unknown { field: String, origin: Origin },
    /// A field is there twice.
    Twice { field: String, origin: Origin },
    /// A text contains a character that it must not contain.
    Character { field: &'static str, found: HiddenCharacter },
    /// A required field is absent.
    Missing { field: &'static str },
    /// The value has another type.
    WrongType { field: &'static str, expected: &'static str },
    /// A number outside its range.
    OutOfRange { field: &'static str, from: u32, to: u32 },
    /// A text with too few or too many characters.
    Length { field: &'static str, min: usize, max: usize },
    /// A list with too many entries.
    TooMany { field: &'static str, limit: usize },
    /// Fields of which only one may be set.
    Exclusive { fields: &'static str },
    /// The link would end before it begins, or has ended already.
    NeverValid,
}

/// How a request gives its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// As JSON.
    Json,
    /// As a form.
    Form,
    /// As a form with a URL, which may have been cut at its first `&`.
    FormWithUrl,
}

impl FieldProblem {
    pub(super) fn describe(&self) -> Description {
        match *self {
            Self::Unknown { ref field, origin } => {
                let field = shown(field);
                let detail = format!("There is no field \"{field}\". Names of your own fields begin with x_.");
                unknown(field, detail, origin)
            }
            Self::Twice { ref field, origin } => {
                let field = shown(field);
                let detail = format!("The field \"{field}\" is there twice.");
                unknown(field, detail, origin)
            }
            Self::Character { field, found } => {
                let detail = format!("A text in \"{field}\" contains {found}, which is not taken.");
                unprocessable("unfit-character", "Character not accepted", detail)
                    .with("field", field)
                    .with("position", found.position)
            }
            Self::Missing { field } => {
                unprocessable("missing-field", "Missing field", format!("The field \"{field}\" is required."))
                    .with("field", field)
            }
            Self::WrongType { field, expected } => {
                unprocessable("wrong-type", "Wrong type", format!("The field \"{field}\" must be {expected}."))
                    .with("field", field)
            }
            Self::OutOfRange { field, from, to } => out_of_range(field, from, to),
            Self::Length { field, min, max } => {
                let detail = format!("A text in \"{field}\" must have {min} to {max} characters.");
                limited("wrong-length", "Too short or too long", detail, field, max)
            }
            Self::TooMany { field, limit } => {
                let detail = format!("The list \"{field}\" has at most {limit} entries.");
                limited("too-many", "Too many entries", detail, field, limit)
            }
            Self::Exclusive { fields } => {
                unprocessable("exclusive-fields", "Fields exclude each other", format!("Send only one of {fields}."))
            }
            Self::NeverValid => unprocessable(
                "never-valid",
                "Never valid",
                "The link would end before it begins, or has ended already.",
            ),
        }
    }
}

/// One code for both: the request has more fields of that name than it may have.
fn unknown(field: String, mut detail: String, origin: Origin) -> Description {
    if origin == Origin::FormWithUrl {
        detail
            .push_str(" If it belongs to the URL, encode the URL (curl --data-urlencode \"url=…\") or send it alone.");
    }
    unprocessable("unknown-field", "Unknown field", detail).with("field", field)
}

fn out_of_range(field: &str, from: u32, to: u32) -> Description {
    let detail = format!("The field \"{field}\" must be from {from} to {to}.");
    unprocessable("out-of-range", "Out of range", detail).with("field", field).with("minimum", from).with("limit", to)
}

fn limited(code: &'static str, title: &'static str, detail: String, field: &str, limit: usize) -> Description {
    unprocessable(code, title, detail).with("field", field).with("limit", limit)
}

fn unprocessable(code: &'static str, title: &'static str, detail: impl Into<String>) -> Description {
    Description::new(StatusCode::UNPROCESSABLE_ENTITY, code, title, detail)
}
