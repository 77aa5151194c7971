//! The template's parameters: their definitions, and the check of a stage's values before anything is sent.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use template::Definitions;

/// Filled in by the tool on every deploy; a stage must not set them.
pub(crate) const RELEASE: [&str; 6] =
    ["ArtifactBucket", "RedirectorKey", "RedirectorSha256", "WriterKey", "WriterSha256", "ReleaseId"];

/// The parameters of the deployed template.
///
/// # Errors
/// Only if the template of this build is not valid.
pub(crate) fn definitions() -> Result<Definitions> {
    let document = template::parse(template::DEPLOYED).context("infra/template/template.yaml")?;
    Ok(template::definitions(&document)?)
}

/// The full set of values the stack will run with: the stage's own, and the defaults for the rest. Without [`RELEASE`].
///
/// # Errors
/// Lists every unknown name, reserved name and value out of range, in one error.
pub(crate) fn resolve(definitions: &Definitions, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut problems = Vec::new();
    for (name, value) in given {
        if RELEASE.contains(&name.as_str()) {
            problems.push(format!("{name} is filled in by the tool"));
        } else if let Some(definition) = definitions.get(name) {
            problems.extend(definition.problem(value).map(|problem| format!("{name} = {value:?}: {problem}")));
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
    problems.extend(contradictions(&resolved));
    if problems.is_empty() {
        return Ok(resolved);
    }
    bail!("the stage's parameters do not fit the template:\n  {}", problems.join("\n  "))
}

/// What the template's `Rules` would refuse, said before the call.
fn contradictions(values: &BTreeMap<String, String>) -> Vec<String> {
    let is = |name: &str, wanted: &str| values.get(name).is_some_and(|value| value == wanted);
    let unset = |name: &str| values.get(name).is_none_or(String::is_empty);
    let mut found = Vec::new();
    if is("WriterAuth", "JWT") && (unset("JwtIssuer") || unset("JwtAudience")) {
        found.push("WriterAuth = JWT needs JwtIssuer and JwtAudience".to_owned());
    }
    if !unset("DomainName") && unset("CertificateArn") {
        found.push("DomainName needs CertificateArn".to_owned());
    }
    if !unset("WebAclArn") && !is("Cdn", "true") {
        found.push("WebAclArn needs Cdn = true: an HTTP API takes no web ACL itself".to_owned());
    }
    found
}

/// ", did you mean X?" for a name that differs in case or by its ending only.
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn values_that_do_not_fit_are_refused_with_the_reason() {
        check_refused(&[("RedirectorMemroy", "512")], "RedirectorMemroy is not a parameter");
        check_refused(&[("daxmode", "tls")], "did you mean DaxMode?");
        check_refused(&[("RedirectorMemory", "64")], "at least 128");
        check_refused(&[("RedirectorMemory", "10241")], "at most 10240");
        check_refused(&[("RedirectorMemory", "much")], "must be a number");
        check_refused(&[("DaxMode", "ssl")], "one of tls, plain, none");
        check_refused(&[("ReleaseId", "x")], "filled in by the tool");
        check_refused(&[("WriterAuth", "JWT")], "JwtIssuer");
        check_refused(&[("DomainName", "s.example")], "CertificateArn");
        check_refused(&[("WebAclArn", "arn:x")], "Cdn = true");
    }

    #[test]
    fn all_problems_come_in_one_error() {
        let message = resolved(&[("A", "1"), ("DaxMode", "x"), ("WriterMemory", "1")]).unwrap_err().to_string();
        assert_eq!(message.lines().count(), 4, "{message}");
    }
}
