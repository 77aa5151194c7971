//! A link that a caller asks for.

use links::{Link, TargetRules, Timestamp};

use crate::http::{
    body::Body,
    fields::Fields,
    problem::{FieldProblem, Problem},
};

use super::changes::Changes;

/// A link that a caller asks for.
#[derive(Debug)]
pub(crate) struct NewLink {
    /// The URL as written.
    pub(crate) url: String,
    /// The slug that the caller chooses, as written.
    pub(crate) slug: Option<String>,
    /// Whether an existing link will do. Unset, it will if there are no options.
    pub(crate) reuse: Option<bool>,
    /// Everything else.
    pub(crate) options: Changes,
    /// The request as a string: equal strings, equal requests.
    pub(crate) canonical: String,
}

impl NewLink {
    /// The link that the body of `POST /` asks for.
    pub(crate) fn from_body(body: Body) -> Result<Self, Problem> {
        match body {
            Body::Url(url) => Ok(Self::plain(url)),
            Body::Object(fields) => Self::from_fields(fields),
        }
    }

    /// A link without options.
    fn plain(url: String) -> Self {
        let canonical = format!("url={url}\n");
        Self { url, slug: None, reuse: None, options: Changes::default(), canonical }
    }

    /// The link that a JSON object describes.
    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, Problem> {
        let canonical = fields.canonical();
        let url = fields.text("url")?.flatten();
        let new_link = Self {
            url: url.ok_or(FieldProblem::Missing { field: "url" })?,
            slug: fields.text("slug")?.flatten(),
            reuse: fields.flag("reuse")?.flatten(),
            options: Changes::options(&mut fields)?,
            canonical,
        };
        fields.finish()?;
        Ok(new_link)
    }

    /// Applies the options to a link without any.
    pub(crate) fn with_options(&self, plain: Link, rules: &TargetRules, now: Timestamp) -> Result<Link, Problem> {
        let link = self.options.apply(plain, rules, now)?;
        if link.is_expired(now) { Err(FieldProblem::NeverValid.into()) } else { Ok(link) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::{object, request_with};

    #[test]
    fn json_is_strict() {
        let check = |body: &str, expected: Result<(&str, Option<&str>), &str>| {
            let request = request_with(Some("application/json"), body.as_bytes());
            let actual = object(&request).and_then(NewLink::from_fields);
            let actual = actual.as_ref().map(|new| (new.url.as_str(), new.slug.as_deref())).map_err(Problem::code);
            assert_eq!(actual, expected, "{body}");
        };
        check(r#"{"url":"u","slug":"s","x_mine":[1]}"#, Ok(("u", Some("s"))));
        check(r#"{"url":"u","slug":null,"note":null}"#, Ok(("u", None)));
        check(r#"{"slug":"s"}"#, Err("missing-field"));
        check(r#"{"url":1}"#, Err("wrong-type"));
        check(r#"{"url":"u","slgu":"s"}"#, Err("unknown-field"));
        check(r#"{"url":"u","state":"disabled"}"#, Err("unknown-field"));
        check(r#"{"url":"u""#, Err("malformed-json"));
        check(r#"["u"]"#, Err("malformed-json"));
        check("{\"url\":\"u\"} x", Err("malformed-json"));
    }
}
