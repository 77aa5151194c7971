//! Web pages of other origins that may use an API: what an API Gateway HTTP API does with its `CorsConfiguration`.
//!
//! Source: API Gateway developer guide, "Configure CORS for HTTP APIs".

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// Which web pages may use an API, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the properties of API Gateway's CorsConfiguration")]
pub struct Cors {
    /// The origins, `https://app.example`. `*` is any, `https://*` any with this scheme.
    pub allow_origins: Vec<String>,
    /// Methods a page may use besides those that need no permission.
    pub allow_methods: Vec<String>,
    /// Headers a page may send besides those that need no permission.
    pub allow_headers: Vec<String>,
    /// Headers of the response a page may read besides those that need no permission.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember the permission, in seconds.
    pub max_age: Option<u64>,
    /// Whether pages may have the browser add cookies.
    pub allow_credentials: bool,
}

impl Cors {
    /// Whether pages of this origin may use the API.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        let is_origin = origin.contains("://");
        self.allow_origins.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => is_origin && origin.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix)),
            None => origin.eq_ignore_ascii_case(allowed),
        })
    }

    /// The response to the question what a page of an allowed origin may do.
    pub(crate) fn preflight(&self, origin: &HeaderValue) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        self.admit(response.headers_mut(), origin);
        let headers = response.headers_mut();
        list(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods);
        list(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers);
        if let Some(seconds) = self.max_age {
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
        }
        response
    }

    /// Lets a page of an allowed origin read a response.
    pub(crate) fn admit(&self, headers: &mut HeaderMap, origin: &HeaderValue) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        list(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers);
        if self.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// Removes every CORS header of a service.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let is_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let names: Vec<HeaderName> = headers.keys().filter(is_cors).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

/// A header with a list, unless the list is empty.
fn list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if let Ok(value) = HeaderValue::try_from(values.join(","))
        && !values.is_empty()
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_whole_or_by_its_scheme() {
        for (allowed, origin, expected) in [
            ("https://app.example", "https://app.example", true),
            ("https://App.example", "https://app.example", true),
            ("https://app.example", "https://app.example:8443", false),
            ("https://app.example", "http://app.example", false),
            ("https://app.example", "https://app.example.evil.example", false),
            ("https://app.example", "null", false),
            ("https://*", "https://app.example", true),
            ("https://*", "http://app.example", false),
            ("*", "http://app.example", true),
            ("*", "null", false),
        ] {
            let cors = Cors { allow_origins: vec![allowed.to_owned()], ..Cors::default() };
            assert_eq!(cors.allows(origin), expected, "{origin} of {allowed}");
        }
        assert!(!Cors::default().allows("https://app.example"));
    }

    #[test]
    fn a_preflight_lists_what_is_configured() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let cors = Cors {
            allow_origins: texts(&["https://app.example"]),
            allow_methods: texts(&["GET", "POST"]),
            allow_headers: texts(&["authorization"]),
            expose_headers: texts(&[]),
            max_age: Some(600),
            allow_credentials: false,
        };
        let response = cors.preflight(&HeaderValue::from_static("https://app.example"));
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            headers,
            [
                ("access-control-allow-origin", "https://app.example"),
                ("access-control-allow-methods", "GET,POST"),
                ("access-control-allow-headers", "authorization"),
                ("access-control-max-age", "600"),
            ]
        );
    }

    #[test]
    fn a_service_has_no_say() {
        let mut headers = HeaderMap::new();
        for name in ["access-control-allow-origin", "access-control-allow-private-network", "content-type"] {
            headers.append(name, HeaderValue::from_static("*"));
            headers.append(name, HeaderValue::from_static("null"));
        }
        strip(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["content-type"]);
    }
}
