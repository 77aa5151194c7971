//! The parameters of a release: the stage's, those of the command line, and what a stack is built on and keeps.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Args;

use super::Sources;
use crate::stack::{Session, Stack};
use crate::{parameters, preflight, regions};

/// Parameters that a stack keeps unless the stage sets them: without its tables it would be empty, with another secret the
/// same URL would get another slug, and in other zones its network would be rebuilt.
const KEPT: [&str; 4] = ["AvailabilityZones", "ExistingKeysTable", "ExistingLinksTable", "SlugSecretArn"];

/// What the stack takes over instead of creating it. The stack keeps it from then on.
#[derive(Args, Debug, Clone)]
pub(crate) struct Takeover {
    /// Use this table of links, such as one that an earlier stack or the AWS sample left
    #[arg(long, value_name = "NAME")]
    links_table: Option<String>,
    /// Use this table of keys
    #[arg(long, value_name = "NAME")]
    keys_table: Option<String>,
    /// Use this secret for slugs, so that the same URL keeps its slug
    #[arg(long, value_name = "ARN")]
    slug_secret_arn: Option<String>,
}

impl Takeover {
    fn given(&self) -> impl Iterator<Item = (String, String)> {
        let given = [
            ("ExistingLinksTable", &self.links_table),
            ("ExistingKeysTable", &self.keys_table),
            ("SlugSecretArn", &self.slug_secret_arn),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
    }
}

/// Every parameter but those that the release sets. `stack` is the stage's, if it was ever completed.
///
/// # Errors
/// If the values do not fit the template, each other, or the region.
pub(super) async fn values(
    session: &Session,
    options: &Sources,
    stack: Option<&Stack>,
) -> Result<BTreeMap<String, String>> {
    let mut given = session.stage.parameters.clone();
    given.extend(options.overrides.iter().cloned());
    given.extend(options.takeover.given());
    if let Some(stack) = stack {
        keep(&mut given, &stack.parameters);
    }
    let mut values = parameters::resolve(&parameters::definitions()?, &given)?;
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let (dax_mode, node_type, region) = (text("DaxMode"), text("DaxNodeType"), session.aws.region.as_str());
    let problem = regions::problem(dax_mode, node_type, text("Cdn") == "true", region);
    let problems: Vec<_> = problem.into_iter().chain(parameters::misplaced(&values, region)).collect();
    if !problems.is_empty() {
        bail!("the stage does not fit the region {region}:\n  {}", problems.join("\n  "));
    }
    if stack.is_none() && values.contains_key("AvailabilityZones") {
        let zones = preflight::zones(session, &values).await?;
        values.insert("AvailabilityZones".to_owned(), zones);
    }
    Ok(values)
}

/// Adds what the stack is built on, unless the stage says something else.
fn keep(given: &mut BTreeMap<String, String>, deployed: &BTreeMap<String, String>) {
    for name in KEPT {
        if let Some(value) = deployed.get(name).filter(|_| !given.contains_key(name)) {
            given.insert(name.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_keeps_what_it_is_built_on() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let deployed = map(&[("ExistingLinksTable", "old"), ("SlugSecretArn", "arn"), ("DaxMode", "tls")]);
        let mut given = map(&[("SlugSecretArn", ""), ("Page", "0")]);
        keep(&mut given, &deployed);
        assert_eq!(given, map(&[("ExistingLinksTable", "old"), ("SlugSecretArn", ""), ("Page", "0")]));
    }

    #[test]
    fn what_is_taken_over_becomes_parameters() {
        let takeover = Takeover {
            links_table: Some("links".to_owned()),
            keys_table: None,
            slug_secret_arn: Some("arn".to_owned()),
        };
        let given: Vec<_> = takeover.given().collect();
        assert_eq!(
            given.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["ExistingLinksTable", "SlugSecretArn"]
        );
    }
}
