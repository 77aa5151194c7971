//! Definitions of a template's parameters.

use std::collections::BTreeMap;

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
    /// Whether the value must be a number.
    pub is_number: bool,
    /// Smallest allowed number.
    pub min: Option<f64>,
    /// Largest allowed number.
    pub max: Option<f64>,
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
        let allowed = body.get("AllowedValues").and_then(Value::as_array);
        Self {
            default: body.get("Default").map(text),
            allowed: allowed.into_iter().flatten().map(text).collect(),
            is_number: body.get("Type").and_then(Value::as_str) == Some("Number"),
            min: number("MinValue"),
            max: number("MaxValue"),
            description: body.get("Description").map(text).unwrap_or_default(),
        }
    }

    /// Why CloudFormation would refuse `value`; `None` if it fits.
    #[must_use]
    pub fn problem(&self, value: &str) -> Option<String> {
        if !self.allowed.is_empty() {
            let known = self.allowed.iter().any(|allowed| allowed == value);
            return (!known).then(|| format!("must be one of {}", self.allowed.join(", ")));
        }
        if !self.is_number {
            return None;
        }
        let Ok(number) = value.parse::<f64>() else {
            return Some("must be a number".to_owned());
        };
        match (self.min, self.max) {
            (Some(min), _) if number < min => Some(format!("must be at least {min}")),
            (_, Some(max)) if number > max => Some(format!("must be at most {max}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn values_are_checked_as_cloudformation_checks_them() {
        let document = parse(
            "Parameters:
               Mode: {Type: String, Default: tls, AllowedValues: [tls, plain]}
               Size: {Type: Number, MinValue: 1, MaxValue: 3}",
        );
        let definitions = definitions(&document.unwrap()).unwrap();
        for (name, value, problem) in [
            ("Mode", "tls", None),
            ("Mode", "ssl", Some("must be one of tls, plain")),
            ("Size", "2", None),
            ("Size", "0", Some("must be at least 1")),
            ("Size", "4", Some("must be at most 3")),
            ("Size", "much", Some("must be a number")),
        ] {
            assert_eq!(definitions[name].problem(value).as_deref(), problem, "{name} = {value}");
        }
        assert_eq!(definitions["Mode"].default.as_deref(), Some("tls"));
        assert_eq!(definitions["Size"].default, None);
    }

    #[test]
    fn a_template_without_parameters_has_no_definitions() {
        assert!(matches!(definitions(&Value::Null), Err(TemplateError::Missing("Parameters"))));
    }
}
