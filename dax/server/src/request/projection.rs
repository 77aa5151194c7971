//! Applies projections.
//!
//! An answer gives the value at each path of the projection under the path's position. So DynamoDB is asked for whole
//! attributes, and the paths are followed here: what DynamoDB returns for `tags[2]` no longer shows where it was.

use std::{collections::BTreeSet, fmt::Write as _};

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::{Element, Path};
use crate::{failure::Failure, wire::value::Attributes};

/// The value at a path, if the item has it.
pub(crate) fn follow<'a>(path: &Path, item: &'a Attributes) -> Option<&'a AttributeValue> {
    let (first, rest) = path.0.split_first()?;
    let Element::Name(attribute) = first else {
        return None;
    };
    rest.iter().try_fold(item.get(attribute)?, |value, element| match (element, value) {
        (Element::Name(name), AttributeValue::M(map)) => map.get(name),
        (Element::Index(index), AttributeValue::L(list)) => list.get(usize::try_from(*index).ok()?),
        _ => None,
    })
}

/// Top-level attributes that the paths start with.
pub(crate) fn attributes(paths: &[Path]) -> BTreeSet<&str> {
    paths.iter().filter_map(Path::attribute).collect()
}

/// Refuses what DynamoDB would refuse in a projection, since it never gets to see it.
///
/// # Errors
/// A validation failure if one path starts with another, or both go through the same place differently.
pub(crate) fn check(paths: &[Path]) -> Result<(), Failure> {
    if paths.iter().any(|path| path.attribute().is_none()) {
        return Err(Failure::validation("Invalid ProjectionExpression: a path does not start with a name"));
    }
    // In order, those that start alike stand together, so that looking at neighbours is enough for thousands of paths.
    let mut ordered: Vec<_> = paths.iter().enumerate().map(|(position, path)| (path, position)).collect();
    ordered.sort_unstable();
    let neighbours = ordered.windows(2).filter_map(|pair| match pair {
        [one, two] => Some((collision(one.0, two.0)?, one.1.min(two.1), one.1.max(two.1))),
        _ => None,
    });
    let Some((problem, first, second)) = neighbours.min_by_key(|(_, first, second)| (*second, *first)) else {
        return Ok(());
    };
    let show = |position| paths.get(position).map_or_else(String::new, show);
    Err(Failure::validation(format!(
        "Invalid ProjectionExpression: Two document paths {problem} with each other; must remove or rewrite one of these \
         paths; path one: {}, path two: {}",
        show(first),
        show(second)
    )))
}

fn collision(first: &Path, second: &Path) -> Option<&'static str> {
    for (one, two) in first.0.iter().zip(&second.0) {
        match (one, two) {
            (Element::Name(_), Element::Index(_)) | (Element::Index(_), Element::Name(_)) => {
                return Some("conflict");
            }
            (one, two) if one != two => return None,
            _ => {}
        }
    }
    Some("overlap")
}

/// A path as DynamoDB's messages show it: `[a, b, [2]]`.
fn show(path: &Path) -> String {
    let mut text = String::from("[");
    for (position, element) in path.0.iter().enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        match element {
            Element::Name(name) => text.push_str(name),
            // Writing to a string does not fail.
            Element::Index(index) => _ = write!(text, "[{index}]"),
        }
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        let element = |part: &str| match part.parse() {
            Ok(index) => Element::Index(index),
            Err(_) => Element::Name(part.to_owned()),
        };
        Path(text.split('.').map(element).collect())
    }

    #[test]
    fn paths_lead_into_maps_and_lists() {
        let number = |n: i32| AttributeValue::N(n.to_string());
        let inner = AttributeValue::M(Attributes::from([("x".into(), number(7))]));
        let item = Attributes::from([("l".into(), AttributeValue::L(vec![number(1), inner]))]);
        assert_eq!(follow(&path("l.0"), &item), Some(&number(1)));
        assert_eq!(follow(&path("l.1.x"), &item), Some(&number(7)));
        for missing in ["l.2", "l.x", "l.0.x", "m", "0"] {
            assert_eq!(follow(&path(missing), &item), None, "{missing}");
        }
    }

    #[test]
    fn many_paths_are_checked_in_no_time() {
        let mut paths: Vec<_> = (0..200_000).map(|n| path(&format!("a.x{n}"))).collect();
        assert!(check(&paths).is_ok());
        paths.push(path("a.x7.y"));
        assert!(check(&paths).unwrap_err().message().ends_with("path one: [a, x7], path two: [a, x7, y]"));
    }

    #[test]
    fn paths_must_not_collide() {
        let verdict = |paths: &[&str]| check(&paths.iter().map(|text| path(text)).collect::<Vec<_>>());
        assert!(verdict(&["a.b", "a.c", "a.d.0", "a.d.1", "b"]).is_ok());
        for bad in
            [&["a", "a"][..], &["a", "a.b"], &["a.b.0", "a.b"], &["a.b", "a.0"], &["a.b", "c", "a.0.d", "a.z"], &["0"]]
        {
            assert_eq!(verdict(bad).unwrap_err().code(), Some("ValidationException"), "{bad:?}");
        }
    }
}
