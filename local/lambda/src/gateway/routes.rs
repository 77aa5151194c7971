//! Which route of the API a request takes.

use std::cmp::Ordering;

use http::Method;
use percent_encoding::percent_decode;

use crate::config::Route;

/// The routes of an API, most specific first.
#[derive(Debug)]
pub(crate) struct Router {
    routes: Vec<Pattern>,
}

/// A route key that API Gateway would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("route {key:?}: {reason}")]
pub struct RouteError {
    key: String,
    reason: &'static str,
}

/// A route that a request takes.
#[derive(Debug)]
pub(crate) struct Match<'a> {
    pub(crate) target: &'a Route,
    /// Decoded values of the path's variables, in path order.
    pub(crate) parameters: Vec<(&'a str, String)>,
}

#[derive(Debug)]
struct Pattern {
    target: Route,
    /// `None` is `ANY`.
    method: Option<Method>,
    /// `None` is `$default`.
    segments: Option<Vec<Segment>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // In order of precedence.
    Literal(String),
    Variable(String),
    Greedy(String),
}

impl Router {
    pub(crate) fn new(routes: &[Route]) -> Result<Self, RouteError> {
        let mut routes = routes.iter().map(Pattern::parse).collect::<Result<Vec<_>, _>>()?;
        routes.sort_by(Pattern::precedence);
        Ok(Self { routes })
    }

    /// Finds the route of a request. `path` is decoded, see [`decode_path`].
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<Match<'_>> {
        self.routes.iter().find_map(|pattern| {
            let parameters = pattern.matches(method, path)?;
            Some(Match { target: &pattern.target, parameters })
        })
    }
}

impl Pattern {
    fn parse(route: &Route) -> Result<Self, RouteError> {
        let refused = |reason| RouteError { key: route.key.clone(), reason };
        let (method, segments) = if route.key == "$default" {
            (None, None)
        } else {
            let (method, path) = route.key.split_once(' ').ok_or_else(|| refused("no path"))?;
            let path = path.strip_prefix('/').ok_or_else(|| refused("path without /"))?;
            let segments: Vec<Segment> = path.split('/').map(Segment::parse).collect();
            let greedy = segments.iter().position(|part| matches!(part, Segment::Greedy(_)));
            if greedy.is_some_and(|at| at + 1 != segments.len()) {
                return Err(refused("a greedy variable must be the last segment"));
            }
            let method = match method {
                "ANY" => None,
                method => Some(method.parse().map_err(|_invalid| refused("unknown method"))?),
            };
            (method, Some(segments))
        };
        Ok(Self { target: route.clone(), method, segments })
    }

    /// A full match goes before a greedy one, that before `$default`; with equal paths a named method
    /// goes before `ANY`.
    ///
    /// Source: API Gateway developer guide, "Routing API requests".
    fn precedence(&self, other: &Self) -> Ordering {
        let paths = match (&self.segments, &other.segments) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(mine), Some(theirs)) => {
                let ranks = |path: &[Segment]| path.iter().map(Segment::rank).collect::<Vec<_>>();
                ranks(mine).cmp(&ranks(theirs)).then_with(|| theirs.len().cmp(&mine.len()))
            }
        };
        paths.then_with(|| self.method.is_none().cmp(&other.method.is_none()))
    }

    fn matches(&self, method: &Method, path: &str) -> Option<Vec<(&str, String)>> {
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let Some(segments) = &self.segments else {
            return Some(Vec::new());
        };
        let mut rest = Some(path.strip_prefix('/')?);
        let mut parameters = Vec::new();
        for segment in segments {
            let remaining = rest?;
            let (head, tail) = match remaining.split_once('/') {
                Some((head, tail)) => (head, Some(tail)),
                None => (remaining, None),
            };
            match segment {
                Segment::Literal(text) if text == head => rest = tail,
                Segment::Variable(name) if !head.is_empty() => {
                    parameters.push((name.as_str(), head.to_owned()));
                    rest = tail;
                }
                Segment::Greedy(name) if !remaining.is_empty() => {
                    parameters.push((name.as_str(), remaining.to_owned()));
                    rest = None;
                }
                _ => return None,
            }
        }
        rest.is_none().then_some(parameters)
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        let variable = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        match variable.map(|name| (name, name.strip_suffix('+'))) {
            Some((_, Some(name))) => Self::Greedy(name.to_owned()),
            Some((name, None)) => Self::Variable(name.to_owned()),
            None => Self::Literal(text.to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Variable(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

/// The path as an HTTP API hands it on: percent-decoded except for `%25`, cut at a decoded `?`.
///
/// Sources: fastify/aws-lambda-fastify#169, honojs/hono#2156, middleapi/standard-server#93.
pub(crate) fn decode_path(raw: &str) -> String {
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
