//! `infra.toml`: the stages, each with the settings of one stack.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    stage: BTreeMap<String, Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    stack: Option<String>,
    region: Option<String>,
    profile: Option<String>,
    #[serde(default)]
    termination_protection: bool,
    #[serde(default)]
    parameters: BTreeMap<String, toml::Value>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The settings of one stack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stage {
    /// Name in `infra.toml`.
    pub(crate) name: String,
    /// Name of the CloudFormation stack.
    pub(crate) stack: String,
    /// Overrides the region of the environment.
    pub(crate) region: Option<String>,
    /// AWS profile.
    pub(crate) profile: Option<String>,
    /// Whether CloudFormation refuses to delete the stack.
    pub(crate) termination_protection: bool,
    /// Template parameters that differ from their defaults.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation copies to its resources.
    pub(crate) tags: BTreeMap<String, String>,
}

impl Stage {
    /// A stage that says nothing.
    pub(crate) fn unnamed(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            stack: format!("kurz-{name}"),
            region: None,
            profile: None,
            termination_protection: false,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Reads one stage of a file.
    ///
    /// # Errors
    /// If the file cannot be read or parsed, or has no such stage; then the error lists the stages it has.
    pub(crate) fn load(path: &Path, name: &str) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, name).with_context(|| path.display().to_string())
    }

    /// Reads one stage of the text of such a file.
    ///
    /// # Errors
    /// As [`Stage::load`].
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self> {
        let mut file: File = toml::from_str(text)?;
        let Some(entry) = file.stage.remove(name) else {
            let known: Vec<_> = file.stage.keys().map(String::as_str).collect();
            bail!("there is no stage {name:?}; the stages are: {}", known.join(", "));
        };
        let stack = entry.stack.unwrap_or_else(|| format!("kurz-{name}"));
        if !is_stack_name(&stack) {
            bail!(
                "{stack:?} is not a valid stack name: a lower-case letter, then lower-case letters, digits and single \
                 hyphens, none at the end, at most 100 characters"
            );
        }
        let mut parameters = BTreeMap::new();
        for (key, value) in entry.parameters {
            parameters.insert(key.clone(), parameter(value).with_context(|| format!("parameter {key}"))?);
        }
        Ok(Self {
            name: name.to_owned(),
            stack,
            region: entry.region,
            profile: entry.profile,
            termination_protection: entry.termination_protection,
            parameters,
            tags: entry.tags,
        })
    }
}

/// CloudFormation allows 128 characters, but the DAX parameter group and the dashboard append to the name. DAX's names are
/// lower case, without two hyphens in a row or one at the end.
fn is_stack_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.contains("--")
        && !name.ends_with('-')
}

/// CloudFormation takes every parameter as text; TOML may have a string, number, boolean or array.
fn parameter(value: toml::Value) -> Result<String> {
    Ok(match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(items) => items.into_iter().map(parameter).collect::<Result<Vec<_>>>()?.join(","),
        other => bail!("a parameter cannot be a TOML {}", other.type_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters;

    fn check_refused(text: &str, stage: &str, expected: &str) {
        let message = format!("{:#}", Stage::parse(text, stage).unwrap_err());
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn values_of_every_kind_become_text() {
        let stage = Stage::parse(
            "[stage.x.parameters]\nA = 1\nB = true\nC = 'text'\nD = ['p', 'q']\n[stage.x.tags]\nteam = 'links'",
            "x",
        )
        .unwrap();
        assert_eq!(stage.stack, "kurz-x");
        let values: Vec<_> = stage.parameters.values().map(String::as_str).collect();
        assert_eq!(values, ["1", "true", "text", "p,q"]);
        assert_eq!(stage.tags["team"], "links");
    }

    #[test]
    fn mistakes_are_named() {
        check_refused("[stage.a]\n[stage.b]", "c", "the stages are: a, b");
        check_refused("[stage.a]\nparamaters = {}", "a", "unknown field");
        for name in ["1x", "Kurz", "kurz--prod", "kurz-", "k_z", ""] {
            check_refused(&format!("[stage.a]\nstack = '{name}'"), "a", "not a valid stack name");
        }
        check_refused("[stage.a.parameters]\nP = {q = 1}", "a", "cannot be a TOML");
        check_refused("[stage.a", "a", "TOML");
    }

    #[test]
    fn the_shipped_stages_fit_the_template() {
        let text = include_str!("../infra.toml");
        let definitions = parameters::definitions().unwrap();
        for name in ["demo", "production"] {
            let stage = Stage::parse(text, name).unwrap();
            parameters::resolve(&definitions, &stage.parameters).unwrap();
        }
    }
}
