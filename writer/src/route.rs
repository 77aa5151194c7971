//! Which call a request is.

use http::Method;

use crate::problem::Problem;

/// A call of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /`: make a link of a URL in any of several forms.
    Shorten,
    /// `POST /api/v1/links`: make a link.
    CreateLink,
}

impl Route {
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, Problem> {
        match (path, method) {
            ("/", &Method::POST) => Ok(Self::Shorten),
            ("/api/v1/links", &Method::POST) => Ok(Self::CreateLink),
            ("/" | "/api/v1/links", _) => Err(Problem::MethodNotAllowed { allow: "POST" }),
            _ => Err(Problem::UnknownPath),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_make_the_call() {
        assert!(matches!(Route::of(&Method::POST, "/"), Ok(Route::Shorten)));
        assert!(matches!(
            Route::of(&Method::POST, "/api/v1/links"),
            Ok(Route::CreateLink)
        ));
        assert!(matches!(
            Route::of(&Method::PUT, "/"),
            Err(Problem::MethodNotAllowed { allow: "POST" })
        ));
        assert!(matches!(
            Route::of(&Method::POST, "/api/v1"),
            Err(Problem::UnknownPath)
        ));
        assert!(matches!(
            Route::of(&Method::POST, "/api/v1/links/"),
            Err(Problem::UnknownPath)
        ));
    }
}
