//! The Runtime API's four calls.

use http::Method;

/// One call of the Runtime API.
#[derive(Debug, PartialEq)]
pub(super) enum Route {
    /// `GET /runtime/invocation/next`
    Next,
    /// `POST /runtime/invocation/{id}/response`
    Response(String),
    /// `POST /runtime/invocation/{id}/error`
    Error(String),
    /// `POST /runtime/init/error`
    InitError,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let call = path.strip_prefix("/2018-06-01/runtime/")?;
        let mut parts = call.split('/');
        let route = match (method.as_str(), parts.next()?, parts.next()?, parts.next()) {
            ("GET", "invocation", "next", None) => Self::Next,
            ("POST", "invocation", id, Some("response")) => Self::Response(id.to_owned()),
            ("POST", "invocation", id, Some("error")) => Self::Error(id.to_owned()),
            ("POST", "init", "error", None) => Self::InitError,
            _ => return None,
        };
        parts.next().is_none().then_some(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_route() {
        for (method, path, expected) in [
            ("GET", "invocation/next", Some(Route::Next)),
            ("POST", "invocation/7/response", Some(Route::Response("7".into()))),
            ("POST", "invocation/7/error", Some(Route::Error("7".into()))),
            ("POST", "init/error", Some(Route::InitError)),
            ("POST", "invocation/next", None),
            ("GET", "invocation/7/response", None),
            ("POST", "invocation/7/response/more", None),
            ("GET", "restore/next", None),
            ("POST", "restore/error", None),
            ("GET", "", None),
        ] {
            let path = format!("/2018-06-01/runtime/{path}");
            let method = method.parse().unwrap();
            assert_eq!(Route::of(&method, &path), expected, "{method} {path}");
        }
        for path in ["/2020-01-01/extension/register", "/2022-07-01/telemetry", "/"] {
            assert_eq!(Route::of(&Method::POST, path), None, "{path}");
        }
    }
}
