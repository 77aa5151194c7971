//! Evaluation of the template's `Rules`: what CloudFormation refuses although each parameter is valid by itself.

use serde_json::Value;

use crate::evaluator::{Evaluator, MAX_DEPTH, Values, text};
use crate::{TemplateError, parameters};

/// The descriptions of the assertions that do not hold for `values`.
///
/// # Errors
/// If a rule uses something else than `Fn::Equals`, `Fn::Not`, `Fn::And`, `Fn::Or`, `Fn::Contains`, `Fn::EachMemberIn` and
/// parameters.
pub fn broken_rules(document: &Value, values: &Values) -> Result<Vec<String>, TemplateError> {
    let Some(rules) = document.get("Rules").and_then(Value::as_object) else {
        return Ok(Vec::new());
    };
    // A rule about a parameter without a value cannot be broken yet; CloudFormation refuses the missing value itself.
    let definitions = parameters::definitions(document)?;
    let open =
        definitions.iter().filter(|(name, definition)| definition.default.is_none() && !values.contains_key(*name));
    let mut values = values.clone();
    values.extend(open.map(|(name, _)| (name.clone(), String::new())).collect::<Vec<_>>());
    let evaluator = Evaluator::new(document, &values)?;
    let mut broken = Vec::new();
    for (name, rule) in rules {
        let applies = rule.get("RuleCondition").map_or(Ok(true), |condition| evaluator.rule(condition, 0))?;
        let assertions = rule.get("Assertions").and_then(Value::as_array).filter(|_| applies);
        for assertion in assertions.into_iter().flatten() {
            if !evaluator.rule(assertion.get("Assert").unwrap_or(&Value::Null), 0)? {
                broken.push(assertion.get("AssertDescription").map_or_else(|| format!("rule {name}"), text));
            }
        }
    }
    Ok(broken)
}

impl Evaluator<'_> {
    fn rule(&self, expression: &Value, depth: usize) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Intrinsic(format!("rule {expression}"));
        if depth > MAX_DEPTH {
            return Err(unknown());
        }
        let (name, argument) = expression.as_object().and_then(|map| map.iter().next()).ok_or_else(unknown)?;
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let all = |expected: bool| -> Result<bool, TemplateError> {
            for part in parts {
                if self.rule(part, depth + 1)? != expected {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        match (name.as_str(), parts) {
            ("Fn::Equals", [left, right]) => Ok(self.text_of(left, depth)? == self.text_of(right, depth)?),
            ("Fn::Not", [part]) => Ok(!self.rule(part, depth + 1)?),
            ("Fn::And", [_, ..]) => all(true),
            ("Fn::Or", [_, ..]) => Ok(!all(false)?),
            ("Fn::Contains", [list, value]) => Ok(self.texts(list)?.contains(&self.text_of(value, depth)?)),
            ("Fn::EachMemberIn", [members, list]) => {
                let list = self.texts(list)?;
                Ok(self.texts(members)?.iter().all(|member| list.contains(member)))
            }
            _ => Err(unknown()),
        }
    }

    fn texts(&self, list: &Value) -> Result<Vec<String>, TemplateError> {
        let evaluated = self.evaluate(list)?.unwrap_or_default();
        let items = evaluated.as_array().ok_or_else(|| TemplateError::Intrinsic(format!("list {list}")))?;
        Ok(items.iter().map(text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const TEMPLATE: &str = "
Parameters:
  Mode: {Type: String, Default: plain}
  Key: {Type: String}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
Rules:
  Fancy:
    RuleCondition: !Equals [!Ref Mode, fancy]
    Assertions:
      - {Assert: !Not [!Equals [!Ref Key, '']], AssertDescription: fancy needs a key}
      - {Assert: !Contains [[x, y], !Ref Key], AssertDescription: the key is x or y}
  Always:
    Assertions: [{Assert: !EachMemberIn [!Ref Names, [a, b, c]]}]
Resources: {}
";

    fn check(given: &[(&str, &str)], expected: &[&str]) {
        let values = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(broken_rules(&parse(TEMPLATE).unwrap(), &values).unwrap(), expected, "{given:?}");
    }

    #[test]
    fn broken_assertions_are_described() {
        check(&[], &[]);
        check(&[("Mode", "fancy")], &["fancy needs a key", "the key is x or y"]);
        check(&[("Mode", "fancy"), ("Key", "z")], &["the key is x or y"]);
        check(&[("Mode", "fancy"), ("Key", "y")], &[]);
        check(&[("Names", "a,d")], &["rule Always"]);
    }

    #[test]
    fn what_is_no_rule_is_an_error() {
        for assertion in ["a", "!Ref Mode", "!Not []", "!Condition C", "!Contains [a, a]"] {
            let text = format!(
                "{{Parameters: {{}}, Resources: {{}}, Rules: {{R: {{Assertions: [{{Assert: {assertion}}}]}}}}}}"
            );
            assert!(broken_rules(&parse(&text).unwrap(), &Values::new()).is_err(), "{assertion}");
        }
        assert_eq!(broken_rules(&parse("{Resources: {}}").unwrap(), &Values::new()).unwrap(), [""; 0]);
    }
}
