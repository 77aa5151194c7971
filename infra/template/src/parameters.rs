//! Definitions of a template's parameters.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use crate::TemplateError;
use crate::evaluator::text;

/// One entry of the template's `Parameters`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of a CloudFormation parameter that this workspace uses")]
pub struct Definition {
    /// Used if no value is given; `None` if one must be given.
    pub default: Option<String>,
    /// The allowed values; empty if any is allowed.
    pub allowed: Vec<String>,
    /// A regular expression that the whole value must match; of a list, each item.
    pub pattern: Option<String>,
    /// What the pattern means, for people.
    pub constraint: Option<String>,
    /// Whether the value must be a number.
    pub is_number: bool,
    /// Whether the value is a list, with commas between the items.
    pub is_list: bool,
    /// Smallest allowed number.
    pub min: Option<f64>,
    /// Largest allowed number.
    pub max: Option<f64>,
    /// Fewest characters.
    pub min_length: Option<u64>,
    /// Most characters.
    pub max_length: Option<u64>,
    /// One line for the reader.
    pub description: String,
}

/// All definitions by name.
pub type Definitions = BTreeMap<String, Definition>;

/// Reads `Parameters` of a template in JSON form.
///
/// # Errors
/// If the section is missing or not a mapping.
pub fn definitions(document: &Value) -> Result<Definitions, TemplateError> {
    let section = document.get("Parameters").and_then(Value::as_object).ok_or(TemplateError::Missing("Parameters"))?;
    Ok(section.iter().map(|(name, body)| (name.clone(), Definition::read(body))).collect())
}

impl Definition {
    fn read(body: &Value) -> Self {
        let number = |key| body.get(key).and_then(Value::as_f64);
        let count = |key| body.get(key).and_then(Value::as_u64);
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
        let allowed = body.get("AllowedValues").and_then(Value::as_array);
        Self {
            default: body.get("Default").map(text),
            allowed: allowed.into_iter().flatten().map(text).collect(),
            pattern: body.get("AllowedPattern").map(text),
            constraint: body.get("ConstraintDescription").map(text),
            is_number: kind == "Number",
            is_list: kind == "CommaDelimitedList" || kind.starts_with("List<"),
            min: number("MinValue"),
            max: number("MaxValue"),
            min_length: count("MinLength"),
            max_length: count("MaxLength"),
            description: body.get("Description").map(text).unwrap_or_default(),
        }
    }

    /// Why CloudFormation would refuse `value`; `None` if it fits.
    #[must_use]
    pub fn problem(&self, value: &str) -> Option<String> {
        let items = if self.is_list { value.split(',').map(str::trim).collect() } else { vec![value] };
        items.into_iter().find_map(|item| self.problem_of_item(item)).or_else(|| self.problem_of_length(value))
    }

    fn problem_of_item(&self, value: &str) -> Option<String> {
        if !self.allowed.is_empty() {
            let known = self.allowed.iter().any(|allowed| allowed == value);
            return (!known).then(|| format!("must be one of {}", self.allowed.join(", ")));
        }
        if self.is_number {
            return self.problem_of_number(value);
        }
        let pattern = self.pattern.as_deref()?;
        match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(regex) if regex.is_match(value) => None,
            Ok(_) => Some(self.constraint.clone().unwrap_or_else(|| format!("must match {pattern}"))),
            Err(error) => Some(format!("cannot be compared with the pattern {pattern}: {error}")),
        }
    }

    fn problem_of_number(&self, value: &str) -> Option<String> {
        let Ok(number) = value.parse::<f64>() else {
            return Some("must be a number".to_owned());
        };
        match (self.min, self.max) {
            (Some(min), _) if number < min => Some(format!("must be at least {min}")),
            (_, Some(max)) if number > max => Some(format!("must be at most {max}")),
            _ => None,
        }
    }

    fn problem_of_length(&self, value: &str) -> Option<String> {
        let length = value.chars().count() as u64;
        match (self.min_length, self.max_length) {
            (Some(min), _) if length < min => Some(format!("must have at least {min} characters")),
            (_, Some(max)) if length > max => Some(format!("must have at most {max} characters")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DEPLOYED, parse};

    #[test]
    fn values_are_checked_as_cloudformation_checks_them() {
        let document = parse(
            "Parameters:
               Mode: {Type: String, Default: tls, AllowedValues: [tls, plain]}
               Size: {Type: Number, MinValue: 1, MaxValue: 3}
               Id: {Type: String, Default: '', AllowedPattern: 'x|pl-[0-9a-f]+', MaxLength: 6}
               Zone: {Type: String, AllowedPattern: '^(Z[A-Z0-9]*)?$', ConstraintDescription: must be a zone, MinLength: 1}
               Names: {Type: CommaDelimitedList, AllowedPattern: '[a-z]*'}",
        );
        let definitions = definitions(&document.unwrap()).unwrap();
        for (name, value, problem) in [
            ("Mode", "tls", None),
            ("Mode", "ssl", Some("must be one of tls, plain")),
            ("Size", "2", None),
            ("Size", "0", Some("must be at least 1")),
            ("Size", "4", Some("must be at most 3")),
            ("Size", "much", Some("must be a number")),
            ("Id", "pl-0a", None),
            ("Id", "x", None),
            ("Id", "apl-0a", Some("must match x|pl-[0-9a-f]+")),
            ("Id", "pl-0a-", Some("must match x|pl-[0-9a-f]+")),
            ("Id", "pl-0a0a", Some("must have at most 6 characters")),
            ("Zone", "Z1", None),
            ("Zone", "z1", Some("must be a zone")),
            ("Zone", "", Some("must have at least 1 characters")),
            ("Names", "a, b,,c", None),
            ("Names", "a,B", Some("must match [a-z]*")),
        ] {
            assert_eq!(definitions[name].problem(value).as_deref(), problem, "{name} = {value}");
        }
        assert_eq!(definitions["Mode"].default.as_deref(), Some("tls"));
        assert_eq!(definitions["Size"].default, None);
    }

    #[test]
    fn every_default_of_the_deployed_template_fits() {
        for (name, definition) in definitions(&parse(DEPLOYED).unwrap()).unwrap() {
            let problem = definition.default.as_deref().and_then(|default| definition.problem(default));
            assert_eq!(problem, None, "{name}");
        }
    }

    #[test]
    fn a_template_without_parameters_has_no_definitions() {
        assert!(matches!(definitions(&Value::Null), Err(TemplateError::Missing("Parameters"))));
    }
}
