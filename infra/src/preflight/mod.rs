//! What an account must allow before a deploy begins, so that it does not fail halfway: quotas, zones, tables to take over.

mod concurrency;
mod network;
mod takeover;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::stack::{Session, Stack};

pub(crate) use network::zones;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing stands in the way.
    Good(String),
    /// Works, or could not be checked, but the reader should know this.
    Note(String),
    /// A deploy would fail.
    Bad(String),
}

/// Every check of the account, with its name. `stack` is the stage's, if it exists.
pub(crate) async fn findings(
    session: &Session,
    values: &BTreeMap<String, String>,
    stack: Option<&Stack>,
) -> Vec<(&'static str, Finding)> {
    let mut found = vec![("concurrency", concurrency::check(&session.aws, values, stack).await)];
    if stack.is_none() {
        found.push(("vpcs", network::vpcs(&session.aws).await));
    }
    found.extend(uncounted(values).map(|finding| ("clicks", finding)));
    found.extend(takeover::check(session, values).await.into_iter().map(|finding| ("takeover", finding)));
    found
}

/// What CloudFront answers itself is only counted by way of the stream.
fn uncounted(values: &BTreeMap<String, String>) -> Option<Finding> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|given| given == value);
    (is("Cdn", "true") && is("Clicks", "direct")).then(|| {
        Finding::Note(
            "CloudFront answers redirects that its cache may keep, and with Clicks = direct these are not counted: set \
             Clicks = stream, or leave `cache_seconds` and `permanent` of the links alone"
                .to_owned(),
        )
    })
}

/// Refuses a deploy that would fail, and prints what the operator should know.
///
/// # Errors
/// With every bad finding.
pub(crate) async fn check(session: &Session, values: &BTreeMap<String, String>, stack: Option<&Stack>) -> Result<()> {
    let mut bad = Vec::new();
    for (what, finding) in findings(session, values, stack).await {
        match finding {
            Finding::Good(_) => {}
            Finding::Note(text) => session.terminal.note(format_args!("{what}: {text}")),
            Finding::Bad(text) => bad.push(format!("{what}: {text}")),
        }
    }
    if bad.is_empty() {
        return Ok(());
    }
    bail!("the deploy would fail:\n  {}", bad.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_that_nobody_counts_are_mentioned() {
        for (cdn, clicks, expected) in
            [("true", "direct", true), ("true", "stream", false), ("true", "none", false), ("false", "direct", false)]
        {
            let values = [("Cdn", cdn), ("Clicks", clicks)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(uncounted(&values.into()).is_some(), expected, "{cdn} {clicks}");
        }
    }
}
