//! Checks a stage's parameters against the template before anything is sent.

mod contradictions;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use template::{Definition, Definitions};

pub(crate) use contradictions::misplaced;

/// Parameters that the tool sets on every deploy; a stage must not set them.
pub(crate) const RELEASE: [&str; 9] = [
    "ArtifactBucket",
    "RedirectorKey",
    "RedirectorSha256",
    "WriterKey",
    "WriterSha256",
    "ClicksKey",
    "ClicksSha256",
    "ReleaseId",
    "FirstDeploy",
];

/// The parameters of the deployed template.
///
/// # Errors
/// Only if the template of this build is not valid.
pub(crate) fn definitions() -> Result<Definitions> {
    let document = template::parse(template::DEPLOYED).context("infra/template/template.yaml")?;
    Ok(template::definitions(&document)?)
}

/// Every value the stack will run with, except [`RELEASE`]: the given ones, and the defaults for the rest.
///
/// # Errors
/// One error that lists every unknown name, reserved name and invalid value.
pub(crate) fn resolve(definitions: &Definitions, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut problems = Vec::new();
    for (name, value) in given {
        if RELEASE.contains(&name.as_str()) {
            problems.push(format!("{name} is set by the tool"));
        } else if let Some(definition) = definitions.get(name) {
            let problem = definition.problem(value).or_else(|| fraction(definition, value));
            problems.extend(problem.map(|problem| format!("{name} = {value:?}: {problem}")));
        } else {
            problems.push(format!("{name} is not a parameter{}", similar(definitions, name)));
        }
    }
    let mut resolved = BTreeMap::new();
    for (name, definition) in definitions.iter().filter(|(name, _)| !RELEASE.contains(&name.as_str())) {
        match given.get(name).or(definition.default.as_ref()) {
            Some(value) => drop(resolved.insert(name.clone(), value.clone())),
            None => problems.push(format!("{name} has no value")),
        }
    }
    problems.extend(contradictions::found(&resolved)?);
    if problems.is_empty() {
        return Ok(resolved);
    }
    bail!("the stage's parameters do not fit the template:\n  {}", problems.join("\n  "))
}

/// CloudFormation takes fractions for a number, but each number of this template counts something.
fn fraction(definition: &Definition, value: &str) -> Option<String> {
    let is_whole = !definition.is_number || value.parse::<u64>().is_ok();
    (!is_whole).then(|| "must be a whole number".to_owned())
}

/// `, did you mean X?` for a name that differs only in case or in its ending.
fn similar(definitions: &Definitions, name: &str) -> String {
    let folded = name.to_lowercase();
    definitions
        .keys()
        .find(|known| {
            let known = known.to_lowercase();
            known == folded || known.starts_with(&folded) || folded.starts_with(&known)
        })
        .map(|known| format!(", did you mean {known}?"))
        .unwrap_or_default()
}

/// Parses `NAME=VALUE` of the command line.
///
/// # Errors
/// If there is no `=`.
pub(crate) fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_split_at_the_first_equals_sign() {
        assert_eq!(assignment("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(assignment("A="), Ok(("A".to_owned(), String::new())));
        assert!(assignment("A").is_err());
    }

    fn resolved(given: &[(&str, &str)]) -> Result<BTreeMap<String, String>> {
        let definitions = definitions().unwrap();
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        resolve(&definitions, &given)
    }

    fn check_refused(given: &[(&str, &str)], expected: &str) {
        let message = resolved(given).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn defaults_fill_what_the_stage_leaves_out() {
        let values = resolved(&[("RedirectorMemory", "512")]).unwrap();
        assert_eq!(values["RedirectorMemory"], "512");
        assert_eq!(values["WriterMemory"], "256");
        assert_eq!(values["DaxMode"], "tls");
        assert!(!values.contains_key("ReleaseId"));
    }

    #[test]
    fn invalid_values_are_refused_with_the_reason() {
        check_refused(&[("RedirectorMemroy", "512")], "RedirectorMemroy is not a parameter");
        check_refused(&[("daxmode", "tls")], "did you mean DaxMode?");
        check_refused(&[("RedirectorMemory", "64")], "at least 128");
        check_refused(&[("RedirectorMemory", "10241")], "at most 10240");
        check_refused(&[("RedirectorMemory", "much")], "must be a number");
        check_refused(&[("RedirectorMemory", "256.5")], "whole number");
        check_refused(&[("VpcCidr", "10.0.0.0/8")], "VpcCidr");
        check_refused(&[("DaxMode", "ssl")], "one of tls, plain, none");
        check_refused(&[("ReleaseId", "x")], "set by the tool");
        check_refused(&[("FirstDeploy", "true")], "set by the tool");
    }

    #[test]
    fn all_problems_come_in_one_error() {
        let message = resolved(&[("A", "1"), ("DaxMode", "x"), ("WriterMemory", "1")]).unwrap_err().to_string();
        assert_eq!(message.lines().count(), 4, "{message}");
    }
}
