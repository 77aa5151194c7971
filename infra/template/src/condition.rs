//! Evaluation of the template's `Conditions`.

use serde_json::Value;

use crate::TemplateError;
use crate::evaluator::{Evaluator, MAX_DEPTH, text};

impl Evaluator<'_> {
    /// Whether the condition of that name holds.
    pub(crate) fn condition(&self, name: &str, depth: usize) -> Result<bool, TemplateError> {
        let known = self.known_conditions.lock().ok().and_then(|known| known.get(name).copied());
        if let Some(holds) = known {
            return Ok(holds);
        }
        let definition = self.conditions.and_then(|conditions| conditions.get(name));
        let definition = definition.ok_or_else(|| TemplateError::Intrinsic(format!("condition {name}")))?;
        let holds = self.holds(definition, depth + 1)?;
        if let Ok(mut known) = self.known_conditions.lock() {
            known.insert(name.to_owned(), holds);
        }
        Ok(holds)
    }

    fn holds(&self, expression: &Value, depth: usize) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Intrinsic(format!("condition {expression}"));
        if depth > MAX_DEPTH {
            return Err(unknown());
        }
        let (name, argument) = expression.as_object().and_then(|map| map.iter().next()).ok_or_else(unknown)?;
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name.as_str(), parts) {
            ("Condition", _) => self.condition(argument.as_str().ok_or_else(unknown)?, depth),
            ("Fn::Equals", [left, right]) => Ok(self.text_of(left, depth)? == self.text_of(right, depth)?),
            ("Fn::Not", [part]) => Ok(!self.holds(part, depth + 1)?),
            ("Fn::And", [_, ..]) => self.all(parts, true, depth + 1),
            ("Fn::Or", [_, ..]) => Ok(!self.all(parts, false, depth + 1)?),
            _ => Err(unknown()),
        }
    }

    pub(crate) fn text_of(&self, value: &Value, depth: usize) -> Result<String, TemplateError> {
        Ok(text(&self.value(value, depth + 1)?.unwrap_or_default()))
    }

    /// Whether every part has the given truth value.
    fn all(&self, parts: &[Value], expected: bool, depth: usize) -> Result<bool, TemplateError> {
        for part in parts {
            if self.holds(part, depth)? != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Values, parse};

    fn holds(condition: &str) -> Result<bool, TemplateError> {
        let text = format!("{{Resources: {{}}, Conditions: {{Holds: !Equals [a, a], C: {condition}}}}}");
        let document = parse(&text).unwrap();
        Evaluator::new(&document, &Values::new()).unwrap().condition("C", 0)
    }

    #[test]
    fn conditions_combine() {
        for (condition, expected) in [
            ("!Equals [1, '1']", true),
            ("!Equals [a, b]", false),
            ("!Not [!Condition Holds]", false),
            ("!And [!Condition Holds, !Equals [a, b]]", false),
            ("!Or [!Condition Holds, !Equals [a, b]]", true),
            ("!Or [!Equals [a, b], !Equals [a, c]]", false),
        ] {
            assert_eq!(holds(condition).unwrap(), expected, "{condition}");
        }
    }

    #[test]
    fn conditions_that_name_one_another_are_evaluated_once() {
        let chain = (1..25).map(|n| format!("C{n}: !And [!Condition C{}, !Condition C{}]", n - 1, n - 1));
        let text = format!(
            "{{Resources: {{}}, Conditions: {{C0: !Equals [a, a], {}}}}}",
            chain.collect::<Vec<_>>().join(", ")
        );
        let document = parse(&text).unwrap();
        assert!(Evaluator::new(&document, &Values::new()).unwrap().condition("C24", 0).unwrap());
    }

    #[test]
    fn what_is_not_a_condition_is_an_error() {
        for condition in ["a", "!Ref a", "!Not []", "!Equals [a]", "!Condition Missing", "!Condition C"] {
            assert!(holds(condition).is_err(), "{condition}");
        }
    }
}
