//! Evaluation of intrinsic functions with the parameters' values and without any cloud.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::TemplateError;

/// Marks a reference to a resource inside an evaluated string, since `!Ref` and `!Sub` yield names and
/// ARNs that exist only in a deployed stack.
const REFERENCE: (char, char) = ('\u{2}', '\u{3}');

/// Functions and conditions nest at most this deep; the templates in use stay below ten.
const MAX_DEPTH: usize = 64;

/// A template together with the values of its parameters.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    parameters: BTreeMap<String, Value>,
    conditions: Option<&'a Map<String, Value>>,
    resources: &'a Map<String, Value>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(document: &'a Value, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let section = |name: &str| document.get(name).and_then(Value::as_object);
        let parameters = section("Parameters")
            .into_iter()
            .flatten()
            .filter_map(|(name, definition)| {
                let value = match overrides.get(name) {
                    Some(value) => json!(value),
                    None => definition.get("Default")?.clone(),
                };
                Some((name.clone(), value))
            })
            .collect();
        Ok(Self {
            parameters,
            conditions: section("Conditions"),
            resources: section("Resources").ok_or(TemplateError::NoResources)?,
        })
    }

    /// Resources of one type whose condition holds, with their logical ids.
    pub(super) fn resources(&self, kind: &str) -> Result<Vec<(&'a str, &'a Value)>, TemplateError> {
        let mut found = Vec::new();
        for (id, resource) in self.resources {
            if resource.get("Type").and_then(Value::as_str) == Some(kind) && self.is_created(resource)? {
                found.push((id.as_str(), resource.get("Properties").unwrap_or(&Value::Null)));
            }
        }
        Ok(found)
    }

    /// Type and properties of a resource, if it exists and its condition holds.
    pub(super) fn resource(&self, id: &str) -> Result<Option<(&'a str, &'a Value)>, TemplateError> {
        let Some(resource) = self.resources.get(id) else {
            return Ok(None);
        };
        if !self.is_created(resource)? {
            return Ok(None);
        }
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        Ok(Some((kind, resource.get("Properties").unwrap_or(&Value::Null))))
    }

    fn is_created(&self, resource: &Value) -> Result<bool, TemplateError> {
        match resource.get("Condition").and_then(Value::as_str) {
            Some(condition) => self.condition(condition, 0),
            None => Ok(true),
        }
    }

    /// Evaluates a property; `None` for an absent one and for `AWS::NoValue`.
    pub(super) fn property(&self, properties: &Value, name: &str) -> Result<Option<Value>, TemplateError> {
        match properties.get(name) {
            Some(value) => self.evaluate(value, 0),
            None => Ok(None),
        }
    }

    fn evaluate(&self, value: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::Intrinsic("functions nested too deep".into()));
        }
        match value {
            Value::Object(map) if map.len() == 1 => {
                for (name, argument) in map {
                    if name == "Ref" || name.starts_with("Fn::") {
                        return self.call(name, argument, depth);
                    }
                }
                self.evaluate_members(map, depth)
            }
            Value::Object(map) => self.evaluate_members(map, depth),
            Value::Array(items) => {
                let mut evaluated = Vec::with_capacity(items.len());
                for item in items {
                    evaluated.extend(self.evaluate(item, depth + 1)?);
                }
                Ok(Some(Value::Array(evaluated)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn evaluate_members(&self, map: &Map<String, Value>, depth: usize) -> Result<Option<Value>, TemplateError> {
        let mut evaluated = Map::new();
        for (name, value) in map {
            if let Some(value) = self.evaluate(value, depth + 1)? {
                evaluated.insert(name.clone(), value);
            }
        }
        Ok(Some(Value::Object(evaluated)))
    }

    fn call(&self, name: &str, argument: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        let unknown = || TemplateError::Intrinsic(format!("{name} of {argument}"));
        match (name, argument) {
            ("Ref", Value::String(target)) if target == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(target)) => self.reference(target).map(Some),
            ("Fn::GetAtt", Value::Array(path)) => match path.first().and_then(Value::as_str) {
                Some(resource) => self.reference(resource).map(Some),
                None => Err(unknown()),
            },
            ("Fn::Sub", Value::String(text)) => self.substitute(text, None, depth).map(Some),
            ("Fn::Sub", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(text), Value::Object(variables)] => {
                    self.substitute(text, Some(variables), depth).map(Some)
                }
                _ => Err(unknown()),
            },
            ("Fn::Join", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(separator), list] => {
                    let list = self.evaluate(list, depth + 1)?.unwrap_or_default();
                    let items = list.as_array().ok_or_else(unknown)?;
                    let texts: Vec<String> = items.iter().map(text_of).collect();
                    Ok(Some(json!(texts.join(separator))))
                }
                _ => Err(unknown()),
            },
            ("Fn::If", Value::Array(arguments)) => match arguments.as_slice() {
                [Value::String(condition), yes, no] => {
                    let chosen = if self.condition(condition, depth + 1)? { yes } else { no };
                    self.evaluate(chosen, depth + 1)
                }
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    fn reference(&self, target: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if self.resources.contains_key(target) {
            return Ok(json!(format!("{}{target}{}", REFERENCE.0, REFERENCE.1)));
        }
        let pseudo = match target {
            "AWS::AccountId" => crate::function::ACCOUNT_ID,
            "AWS::Region" => crate::function::REGION,
            "AWS::Partition" => "aws",
            "AWS::StackName" => "local",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => return Err(TemplateError::Intrinsic(format!("Ref of {target}"))),
        };
        Ok(json!(pseudo))
    }

    fn substitute(
        &self,
        text: &str,
        variables: Option<&Map<String, Value>>,
        depth: usize,
    ) -> Result<Value, TemplateError> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, after) =
                after.split_once('}').ok_or_else(|| TemplateError::Intrinsic(format!("Fn::Sub of {text:?}")))?;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
            } else if let Some(value) = variables.and_then(|map| map.get(name)) {
                let value = self.evaluate(value, depth + 1)?.unwrap_or_default();
                out.push_str(&text_of(&value));
            } else {
                let target = name.split_once('.').map_or(name, |(resource, _)| resource);
                out.push_str(&text_of(&self.reference(target)?));
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(json!(out))
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool, TemplateError> {
        let definition = self
            .conditions
            .and_then(|conditions| conditions.get(name))
            .ok_or_else(|| TemplateError::Intrinsic(format!("condition {name}")))?;
        self.truth(definition, depth + 1)
    }

    fn truth(&self, expression: &Value, depth: usize) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::Intrinsic(format!("condition {expression}"));
        if depth > MAX_DEPTH {
            return Err(unknown());
        }
        let (name, argument) = expression.as_object().and_then(|map| map.iter().next()).ok_or_else(unknown)?;
        match (name.as_str(), argument) {
            ("Condition", Value::String(name)) => self.condition(name, depth),
            ("Fn::Equals", Value::Array(sides)) => match sides.as_slice() {
                [left, right] => {
                    let left = self.evaluate(left, depth + 1)?.unwrap_or_default();
                    let right = self.evaluate(right, depth + 1)?.unwrap_or_default();
                    Ok(text_of(&left) == text_of(&right))
                }
                _ => Err(unknown()),
            },
            ("Fn::Not", Value::Array(parts)) => match parts.as_slice() {
                [part] => Ok(!self.truth(part, depth + 1)?),
                _ => Err(unknown()),
            },
            ("Fn::And", Value::Array(parts)) => self.all(parts, true, depth),
            ("Fn::Or", Value::Array(parts)) => self.all(parts, false, depth).map(|none| !none),
            _ => Err(unknown()),
        }
    }

    /// Whether every part has the given truth value.
    fn all(&self, parts: &[Value], wanted: bool, depth: usize) -> Result<bool, TemplateError> {
        for part in parts {
            if self.truth(part, depth + 1)? != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The logical id of the first resource that an evaluated string refers to.
pub(super) fn referenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(REFERENCE.0)?;
    let (id, _) = rest.split_once(REFERENCE.1)?;
    Some(id)
}

/// A scalar as `CloudFormation` puts it into a string.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::yaml;

    const TEMPLATE: &str = "
Parameters:
  Size: {Type: Number, Default: 256}
  Mode: {Type: String, Default: plain}
  Bucket: {Type: String}
Conditions:
  Plain: !Equals [!Ref Mode, plain]
  Fancy: !Not [!Condition Plain]
  Either: !Or [!Condition Plain, !Condition Fancy]
  Both: !And [!Condition Plain, !Condition Fancy]
Resources:
  A: {Type: T}
  B: {Type: T, Condition: Fancy}
";

    fn check(expression: &str, expected: Option<Value>) {
        let document = yaml::parse(TEMPLATE).unwrap();
        let scope = Scope::new(&document, &BTreeMap::new()).unwrap();
        let properties = yaml::parse(&format!("P: {expression}")).unwrap();
        assert_eq!(scope.property(&properties, "P").unwrap(), expected, "{expression}");
    }

    #[test]
    fn functions_evaluate() {
        check("!Ref Size", Some(json!(256)));
        check("!Sub 'x/${Size}/${!y}'", Some(json!("x/256/${y}")));
        check("!Sub ['${V}-${Mode}', {V: !Ref Size}]", Some(json!("256-plain")));
        check("!Join ['-', [a, !Ref Size]]", Some(json!("a-256")));
        check("!If [Plain, 1, 2]", Some(json!(1)));
        check("!If [Either, 1, 2]", Some(json!(1)));
        check("!If [Both, 1, 2]", Some(json!(2)));
        check("!Sub '${AWS::Partition}'", Some(json!("aws")));
    }

    #[test]
    fn a_reference_keeps_its_resource() {
        let document = yaml::parse(TEMPLATE).unwrap();
        let scope = Scope::new(&document, &BTreeMap::new()).unwrap();
        for expression in ["!Ref A", "!GetAtt A.Arn", "!Sub 'integrations/${A}'", "!Sub '${A.Arn}:x'"] {
            let properties = yaml::parse(&format!("P: {expression}")).unwrap();
            let value = scope.property(&properties, "P").unwrap().unwrap();
            assert_eq!(referenced(value.as_str().unwrap()), Some("A"), "{expression}");
        }
    }

    #[test]
    fn conditions_choose_resources() {
        let document = yaml::parse(TEMPLATE).unwrap();
        let ids = |overrides: &BTreeMap<String, String>| {
            let scope = Scope::new(&document, overrides).unwrap();
            let found = scope.resources("T").unwrap();
            found.into_iter().map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&BTreeMap::new()), ["A"]);
        assert_eq!(ids(&BTreeMap::from([("Mode".into(), "fancy".into())])), ["A", "B"]);
    }

    #[test]
    fn what_cannot_be_evaluated_is_an_error() {
        let document = yaml::parse(TEMPLATE).unwrap();
        let scope = Scope::new(&document, &BTreeMap::new()).unwrap();
        for expression in ["!Ref Bucket", "!ImportValue x", "!If [Missing, 1, 2]", "!Sub '${'"] {
            let properties = yaml::parse(&format!("P: {expression}")).unwrap();
            assert!(scope.property(&properties, "P").is_err(), "{expression}");
        }
    }
}
