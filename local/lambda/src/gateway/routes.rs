//! Which route of the API a request takes.

use http::Method;
use percent_encoding::percent_decode;

use super::pattern::{Pattern, RouteError};
use crate::config::Route;

/// The routes of an API, most specific first.
#[derive(Debug)]
pub(super) struct Router {
    routes: Vec<(Pattern, Route)>,
}

/// A route that a request takes.
#[derive(Debug)]
pub(super) struct Match<'a> {
    pub(super) target: &'a Route,
    /// Decoded values of the path's variables, in path order.
    pub(super) parameters: Vec<(&'a str, String)>,
}

impl Router {
    pub(super) fn new(routes: &[Route]) -> Result<Self, RouteError> {
        let parse = |route: &Route| Ok((Pattern::parse(route)?, route.clone()));
        let mut routes = routes.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        routes.sort_by(|(left, _), (right, _)| left.precedence(right));
        Ok(Self { routes })
    }

    /// Finds the route of a request. `path` is decoded, see [`decode_path`].
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Match<'_>> {
        self.routes.iter().find_map(|(pattern, target)| {
            let parameters = pattern.matches(method, path)?;
            Some(Match { target, parameters })
        })
    }
}

/// The path as an HTTP API passes it on: percent-decoded except for `%25`, cut at a decoded `?`.
///
/// Sources: fastify/aws-lambda-fastify#169, honojs/hono#2156, middleapi/standard-server#93.
pub(super) fn decode_path(raw: &str) -> String {
    let kept = raw.replace("%25", "%2525");
    let decoded = percent_decode(kept.as_bytes()).decode_utf8_lossy().into_owned();
    match decoded.split_once('?') {
        Some((path, _)) => path.to_owned(),
        None => decoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(keys: &[&str]) -> Router {
        let routes: Vec<Route> = keys.iter().map(|key| Route::new(*key, "f")).collect();
        Router::new(&routes).unwrap()
    }

    fn check(keys: &[&str], request: &str, expected: Option<(&str, &[(&str, &str)])>) {
        let router = router(keys);
        let (method, path) = request.split_once(' ').unwrap();
        let found = router.find(&method.parse().unwrap(), &decode_path(path));
        let found = found.map(|found| (found.target.key.as_str(), found.parameters));
        let expected = expected.map(|(key, parameters)| {
            let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned()));
            (key, parameters.collect())
        });
        assert_eq!(found, expected, "{request}");
    }

    #[test]
    fn the_most_specific_route_wins() {
        let keys = [
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
            "ANY /pets/dog/1",
        ];
        check(&keys, "GET /pets/dog/1", Some(("GET /pets/dog/1", &[])));
        check(&keys, "PUT /pets/dog/1", Some(("ANY /pets/dog/1", &[])));
        check(&keys, "GET /pets/dog/2", Some(("GET /pets/dog/{id}", &[("id", "2")])));
        check(&keys, "GET /pets/cat/1", Some(("GET /pets/{proxy+}", &[("proxy", "cat/1")])));
        check(&keys, "POST /pets/5", Some(("ANY /{proxy+}", &[("proxy", "pets/5")])));
        check(&keys, "GET /", Some(("$default", &[])));
    }

    #[test]
    fn only_requests_with_a_route_are_answered() {
        let keys = ["GET /{id}", "POST /"];
        check(&keys, "GET /a", Some(("GET /{id}", &[("id", "a")])));
        check(&keys, "GET /a+b", Some(("GET /{id}", &[("id", "a+b")])));
        check(&keys, "POST /", Some(("POST /", &[])));
        for request in ["HEAD /a", "GET /", "POST /a", "GET /a/b", "GET /a%2Fb", "GET /a/", "GET *"] {
            check(&keys, request, None);
        }
    }

    #[test]
    fn a_greedy_variable_takes_the_whole_rest() {
        let keys = ["GET /{id+}"];
        check(&keys, "GET /a/b", Some(("GET /{id+}", &[("id", "a/b")])));
        check(&keys, "GET /a/", Some(("GET /{id+}", &[("id", "a/")])));
        check(&keys, "GET /a%2Fb", Some(("GET /{id+}", &[("id", "a/b")])));
        check(&keys, "GET /", None);
    }

    #[test]
    fn paths_are_decoded_once_and_cut_at_a_decoded_question_mark() {
        for (raw, expected) in [
            ("/a%2Fb", "/a/b"),
            ("/a%2541", "/a%2541"),
            ("/a%25", "/a%25"),
            ("/a%3Fb", "/a"),
            ("/%C3%A9", "/é"),
            ("/%FF", "/\u{fffd}"),
            ("/a+b", "/a+b"),
            ("/a%2Bb", "/a+b"),
            ("/a%", "/a%"),
        ] {
            assert_eq!(decode_path(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_malformed_route_key_is_refused() {
        for key in ["GET", "GET a", "GET /{a+}/b", "G@T /"] {
            assert!(Router::new(&[Route::new(key, "f")]).is_err(), "{key}");
        }
    }
}
