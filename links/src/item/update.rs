//! A change of a link as an update expression: only the attributes that differ, under the condition that nobody else
//! changed the link in between.
//!
//! Attributes that this release does not know stay as they are, but for `ttl`: what somebody has just changed must not
//! expire out of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{EXISTS, TTL_ATTRIBUTE, VERSION, from_link};
use crate::Link;

/// An update expression with its condition and what both refer to.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) expression: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Update {
    /// Replaces `before` with `after`, two versions of one link.
    pub(crate) fn between(before: &Link, after: &Link) -> Self {
        let old = from_link(before);
        let new = from_link(after);
        let mut attributes: Vec<&String> = old.keys().chain(new.keys()).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let mut names = HashMap::from([("#version".to_owned(), VERSION.to_owned())]);
        let mut values = HashMap::from([(":version".to_owned(), AttributeValue::N(before.version.to_string()))]);
        names.insert("#ttl".to_owned(), TTL_ATTRIBUTE.to_owned());
        let (mut set, mut remove) = (Vec::new(), vec!["#ttl".to_owned()]);
        let differing = attributes.into_iter().filter(|name| old.get(*name) != new.get(*name));
        for (position, attribute) in differing.enumerate() {
            let name = format!("#a{position}");
            names.insert(name.clone(), attribute.clone());
            match new.get(attribute) {
                Some(value) => {
                    let placeholder = format!(":a{position}");
                    set.push(format!("{name} = {placeholder}"));
                    values.insert(placeholder, value.clone());
                }
                None => remove.push(name),
            }
        }
        let condition = match before.version {
            // Links of the AWS sample have no version.
            1 => format!("{EXISTS} AND (attribute_not_exists(#version) OR #version = :version)"),
            _ => "#version = :version".to_owned(),
        };
        let clause = |verb: &str, parts: Vec<String>| {
            if parts.is_empty() { String::new() } else { format!("{verb} {}", parts.join(", ")) }
        };
        Self {
            expression: [clause("SET", set), clause("REMOVE", remove)].join(" ").trim().to_owned(),
            condition,
            names,
            values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StoredTarget, TargetRules, TargetUrl, Timestamp};

    fn link() -> Link {
        let target = TargetUrl::parse("https://example.com/", &TargetRules::default()).unwrap();
        let now = Timestamp::from_unix_seconds(100);
        let mut link = Link::new("abc".parse().unwrap(), &target, "ann", now);
        link.note = Some("n".into());
        link
    }

    #[test]
    fn only_what_differs_is_written() {
        let before = link();
        let mut after = before.clone().changed(Timestamp::from_unix_seconds(200));
        after.target = StoredTarget::from_table("https://example.org/".into());
        after.note = None;
        let update = Update::between(&before, &after);
        assert_eq!(update.expression, "SET #a1 = :a1, #a2 = :a2, #a3 = :a3 REMOVE #ttl, #a0");
        let name = |placeholder: &str| update.names.get(placeholder).map(String::as_str);
        assert_eq!(["#a0", "#a1", "#a2", "#a3"].map(name), ["note", "target", "updated_at", "version"].map(Some));
        assert_eq!(update.values.get(":a3"), Some(&AttributeValue::N("2".into())));
        assert_eq!(update.values.get(":version"), Some(&AttributeValue::N("1".into())));
    }

    #[test]
    fn a_link_without_a_version_counts_as_its_first() {
        let first = link();
        let second = first.clone().changed(Timestamp::from_unix_seconds(200));
        let third = second.clone().changed(Timestamp::from_unix_seconds(300));
        assert!(Update::between(&first, &second).condition.contains("attribute_not_exists(#version)"));
        assert_eq!(Update::between(&second, &third).condition, "#version = :version");
    }

    #[test]
    fn whatever_changes_no_longer_expires_out_of_the_table() {
        let before = link();
        let dead = before.clone().deleted(Timestamp::from_unix_seconds(200));
        let back = dead.clone().restored(Timestamp::from_unix_seconds(300));
        for (before, after) in [(&before, &dead), (&dead, &back)] {
            let update = Update::between(before, after);
            let (set, removed) = update.expression.split_once("REMOVE").unwrap();
            assert!(removed.contains("#ttl") && !set.contains("#ttl"), "{}", update.expression);
            assert_eq!(update.names.get("#ttl").map(String::as_str), Some("ttl"));
        }
        assert_eq!((back.state, back.version), (before.state, 3));
    }
}
