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

    /// The link that a JSON object or a form describes.
    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, Problem> {
        let canonical = fields.canonical();
        let url = fields.text("url")?.flatten();
        let slug = fields.text("slug")?.flatten();
        let reuse = fields.flag("reuse")?.flatten();
        let options = Changes::options(&mut fields)?;
        // An unknown field comes before a missing one: it may be the same one, misspelt.
        fields.finish()?;
        let url = url.ok_or(FieldProblem::Missing { field: "url" })?;
        Ok(Self { url, slug, reuse, options, canonical })
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
    use crate::http::{
        body::{object, request_with},
        form,
    };

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
        check(r#"{"URL":"u"}"#, Err("unknown-field"));
        check(r#"{"url":"u","url":"u"}"#, Err("unknown-field"));
        check(r#"{"url":1}"#, Err("wrong-type"));
        check(r#"{"url":"u","slgu":"s"}"#, Err("unknown-field"));
        check(r#"{"url":"u","state":"disabled"}"#, Err("unknown-field"));
        check(r#"{"url":"u""#, Err("malformed-json"));
        check(r#"["u"]"#, Err("malformed-json"));
        check("{\"url\":\"u\"} x", Err("malformed-json"));
    }

    #[test]
    fn a_form_is_as_strict_as_json() {
        let time = form::fields("url=u&expires_at=2030-01-31T12:00:00%2B01:00").unwrap();
        assert!(NewLink::from_fields(time).is_ok());
        let empty = form::fields("url=u&slug=&tags=&note=&ttl_seconds=").unwrap();
        assert!(NewLink::from_fields(empty).is_ok_and(|new| new.slug.is_none() && new.options.are_defaults()));
    }

    #[test]
    fn what_is_not_a_field_of_the_request_is_refused() {
        let check = |form: &str, expected: &str, has_hint: bool| {
            let problem = form::fields(form).and_then(NewLink::from_fields).unwrap_err();
            assert_eq!(problem.code(), expected, "{form}");
            let body = serde_json::to_value(problem.describe().into_body("r")).unwrap();
            assert_eq!(body["detail"].as_str().unwrap().contains("--data-urlencode"), has_hint, "{form}");
        };
        check("url=https://e.com/?a=1&size=XL&color=red", "unknown-field", true);
        check("url=https://e.com/?a=1&flag", "unknown-field", true);
        check("url=https://e.com/?a=1&", "unknown-field", true);
        check("url=https://a.example/&url=https://b.example/", "unknown-field", true);
        check("url=u&slug=a&slug=a", "unknown-field", true);
        check("uri=https://e.com/", "unknown-field", false);
        check("url=", "missing-field", false);
        check("slug=abc", "missing-field", false);
        check("url=u&redirect=x", "wrong-type", false);
        check("url=u&redirect=-1", "wrong-type", false);
        check("url=u&permanent=yes", "wrong-type", false);
        check("url=u&ttl_seconds=1", "out-of-range", false);
        check("url=u&tags=a,,b", "wrong-length", false);
        check("url=https://e.com/%FF", "invalid-url", false);
    }
}
