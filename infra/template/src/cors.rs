//! `CorsConfiguration` of an HTTP API.

use serde_json::Value;

use crate::TemplateError;

/// Which web pages of other origins may use an API, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the properties of CorsConfiguration")]
pub struct Cors {
    /// Origins, `https://app.example`.
    pub allow_origins: Vec<String>,
    /// Methods that a page may use.
    pub allow_methods: Vec<String>,
    /// Headers that a page may send.
    pub allow_headers: Vec<String>,
    /// Headers of the response that a page may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember this, in seconds.
    pub max_age: Option<u64>,
    /// Whether pages may have the browser add cookies.
    pub allow_credentials: bool,
}

impl Cors {
    /// Reads the evaluated property of the API with logical id `api`.
    pub(crate) fn read(api: &str, property: &Value) -> Result<Self, TemplateError> {
        let mismatch = |found: &Value, expected| TemplateError::Property {
            resource: api.to_owned(),
            property: "CorsConfiguration",
            found: found.to_string(),
            expected,
        };
        let mut cors = Self::default();
        for (name, value) in property.as_object().ok_or_else(|| mismatch(property, "an object"))? {
            let list = || strings(value).ok_or_else(|| mismatch(value, "a list of strings"));
            match name.as_str() {
                "AllowOrigins" => cors.allow_origins = list()?,
                "AllowMethods" => cors.allow_methods = list()?,
                "AllowHeaders" => cors.allow_headers = list()?,
                "ExposeHeaders" => cors.expose_headers = list()?,
                "MaxAge" => cors.max_age = Some(value.as_u64().ok_or_else(|| mismatch(value, "a whole number"))?),
                "AllowCredentials" => {
                    cors.allow_credentials = value.as_bool().ok_or_else(|| mismatch(value, "true or false"))?;
                }
                _ => return Err(mismatch(property, "properties that an HTTP API has")),
            }
        }
        Ok(cors)
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Api, DEPLOYED, Values};

    fn deployed(origins: &str) -> Option<Cors> {
        let values = [("AllowedOrigins", origins), ("AWS::Region", "eu-west-1"), ("WriterAuth", "NONE")];
        let values: Values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Api::read(DEPLOYED, &values).unwrap().cors
    }

    #[test]
    fn the_deployed_api_is_open_to_the_listed_origins_alone() {
        assert_eq!(deployed(""), None);
        let cors = deployed("https://app.example, http://localhost:5173").unwrap();
        assert_eq!(cors.allow_origins, ["https://app.example", "http://localhost:5173"]);
        for header in ["authorization", "content-type", "idempotency-key", "if-match"] {
            assert!(cors.allow_headers.iter().any(|allowed| allowed == header), "{header}");
        }
        for header in ["etag", "link", "location", "retry-after"] {
            assert!(cors.expose_headers.iter().any(|exposed| exposed == header), "{header}");
        }
        assert!(!cors.allow_credentials);
    }

    #[test]
    fn what_is_no_cors_configuration_is_refused() {
        for (text, expected) in [
            ("[]", "an object"),
            (r#"{"AllowOrigins": "https://app.example"}"#, "a list of strings"),
            (r#"{"MaxAge": "soon"}"#, "a whole number"),
            (r#"{"AllowCredentials": 1}"#, "true or false"),
            (r#"{"AllowOrigin": []}"#, "properties that an HTTP API has"),
        ] {
            let error = Cors::read("Api", &serde_json::from_str(text).unwrap()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
