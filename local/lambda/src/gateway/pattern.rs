//! Route keys: what they match, and which one is more specific.

use std::cmp::Ordering;

use http::Method;

use crate::config::Route;

/// A route key that API Gateway would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("route {key:?}: {reason}")]
pub struct RouteError {
    key: String,
    reason: &'static str,
}

/// The parsed key of a route.
#[derive(Debug)]
pub(super) struct Pattern {
    /// `None` is `ANY`.
    method: Option<Method>,
    /// `None` is `$default`.
    segments: Option<Vec<Segment>>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

impl Pattern {
    /// # Errors
    /// [`RouteError`] for a key that is neither `$default` nor `METHOD /path`.
    pub(super) fn parse(route: &Route) -> Result<Self, RouteError> {
        let refused = |reason| RouteError { key: route.key.clone(), reason };
        if route.key == "$default" {
            return Ok(Self { method: None, segments: None });
        }
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
        Ok(Self { method, segments: Some(segments) })
    }

    /// Full matches come before greedy ones, and those before `$default`. With equal paths a named method comes before
    /// `ANY`.
    ///
    /// Source: API Gateway developer guide, "Routing API requests".
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
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

    /// The values of the path's variables if the pattern matches.
    pub(super) fn matches(&self, method: &Method, path: &str) -> Option<Vec<(&str, String)>> {
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let Some(segments) = &self.segments else {
            return Some(Vec::new());
        };
        // What the segments so far have left of the path; `None` once it is used up.
        let mut rest = Some(path.strip_prefix('/')?);
        let mut parameters = Vec::new();
        for segment in segments {
            let (value, tail) = segment.take(rest?)?;
            parameters.extend(segment.variable().map(|name| (name, value.to_owned())));
            rest = tail;
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

    /// Splits a path into what this segment matches and the rest after the next slash.
    fn take<'p>(&self, path: &'p str) -> Option<(&'p str, Option<&'p str>)> {
        let (head, tail) = match path.split_once('/') {
            Some((head, tail)) => (head, Some(tail)),
            None => (path, None),
        };
        match self {
            Self::Literal(text) => (text == head).then_some((head, tail)),
            Self::Variable(_) => (!head.is_empty()).then_some((head, tail)),
            Self::Greedy(_) => (!path.is_empty()).then_some((path, None)),
        }
    }

    /// The name of the variable, if the segment is one.
    fn variable(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Variable(name) | Self::Greedy(name) => Some(name),
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
