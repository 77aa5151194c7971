//! Evaluation of intrinsic functions, with values for the parameters and without AWS.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use crate::TemplateError;

/// Functions and conditions nest at most this deep; the templates in use stay below ten.
pub(crate) const MAX_DEPTH: usize = 64;

/// Values of parameters and pseudo parameters (`AWS::Region`) by name.
pub type Values = BTreeMap<String, String>;

/// A template together with the values of its parameters.
///
/// What exists only in a deployed stack stays readable: `!Ref Table` evaluates to `<Table>`, `!GetAtt Table.Arn` to
/// `<Table.Arn>`, and `!GetAZs` to `<Fn::GetAZs>`.
#[derive(Debug)]
pub struct Evaluator<'a> {
    parameters: BTreeMap<String, Value>,
    pub(crate) conditions: Option<&'a Map<String, Value>>,
    /// Conditions that were evaluated already: each may be named many times, also by others.
    pub(crate) known_conditions: Mutex<BTreeMap<String, bool>>,
    resources: &'a Map<String, Value>,
}

impl<'a> Evaluator<'a> {
    /// Takes a template in JSON form. `values` override the defaults of its parameters and define pseudo parameters;
    /// names that the template does not have are ignored, so that one set fits several versions of a template.
    ///
    /// # Errors
    /// If the template has no `Resources`.
    pub fn new(document: &'a Value, values: &Values) -> Result<Self, TemplateError> {
        let section = |name: &str| document.get(name).and_then(Value::as_object);
        let is_list = |name: &str| {
            let definition = section("Parameters").and_then(|definitions| definitions.get(name));
            definition.is_some_and(|definition| definition.get("Type") == Some(&json!("CommaDelimitedList")))
        };
        let typed = |name: &str, value: Value| if is_list(name) { items(&text(&value)) } else { value };
        let mut parameters = BTreeMap::from([
            ("AWS::Partition".to_owned(), json!("aws")),
            ("AWS::URLSuffix".to_owned(), json!("amazonaws.com")),
        ]);
        for (name, definition) in section("Parameters").into_iter().flatten() {
            parameters.extend(definition.get("Default").map(|value| (name.clone(), typed(name, value.clone()))));
        }
        parameters.extend(values.iter().map(|(name, value)| (name.clone(), typed(name, json!(value)))));
        let resources = section("Resources").ok_or(TemplateError::Missing("Resources"))?;
        Ok(Self { parameters, conditions: section("Conditions"), known_conditions: Mutex::default(), resources })
    }

    /// Every resource whose condition holds, by logical id and unevaluated.
    ///
    /// # Errors
    /// If a condition cannot be evaluated.
    pub fn resources(&self) -> Result<Vec<(&'a str, &'a Value)>, TemplateError> {
        let mut found = Vec::new();
        for (id, resource) in self.resources {
            if self.is_created(resource)? {
                found.push((id.as_str(), resource));
            }
        }
        Ok(found)
    }

    /// Logical ids and properties of the resources of one type whose condition holds.
    pub(crate) fn of_type(&self, kind: &str) -> Result<Vec<(&'a str, &'a Value)>, TemplateError> {
        let all = self.resources()?.into_iter();
        let of_type = all.filter(|(_, resource)| kind_of(resource) == kind);
        Ok(of_type.map(|(id, resource)| (id, properties_of(resource))).collect())
    }

    /// Type and properties of a resource, if it exists and its condition holds.
    pub(crate) fn resource(&self, id: &str) -> Result<Option<(&'a str, &'a Value)>, TemplateError> {
        match self.resources.get(id) {
            Some(resource) if self.is_created(resource)? => Ok(Some((kind_of(resource), properties_of(resource)))),
            _ => Ok(None),
        }
    }

    fn is_created(&self, resource: &Value) -> Result<bool, TemplateError> {
        match resource.get("Condition").and_then(Value::as_str) {
            Some(condition) => self.condition(condition, 0),
            None => Ok(true),
        }
    }

    /// Evaluates one property; `None` if it is absent or `AWS::NoValue`.
    pub(crate) fn property(&self, properties: &Value, name: &str) -> Result<Option<Value>, TemplateError> {
        properties.get(name).map_or(Ok(None), |value| self.evaluate(value))
    }

    /// Evaluates a value with everything inside it; `None` for `AWS::NoValue`.
    ///
    /// # Errors
    /// If it uses an unknown function, or a parameter without a value.
    pub fn evaluate(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        self.value(value, 0)
    }

    pub(crate) fn value(&self, value: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::Intrinsic("functions nested too deep".into()));
        }
        if let Some((name, argument)) = function(value) {
            return self.call(name, argument, depth + 1);
        }
        match value {
            Value::Object(map) => {
                let mut evaluated = Map::new();
                for (name, value) in map {
                    evaluated.extend(self.value(value, depth + 1)?.map(|value| (name.clone(), value)));
                }
                Ok(Some(Value::Object(evaluated)))
            }
            Value::Array(items) => {
                let mut evaluated = Vec::with_capacity(items.len());
                for item in items {
                    evaluated.extend(self.value(item, depth + 1)?);
                }
                Ok(Some(Value::Array(evaluated)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, argument, arguments) {
            ("Ref", Value::String(target), _) if target == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(target), _) => self.reference(target).map(Some),
            ("Fn::GetAtt", _, [Value::String(resource), Value::String(attribute)]) => {
                self.attribute(resource, attribute).map(Some)
            }
            ("Fn::Sub", Value::String(pattern), _) => self.substitute(pattern, &Map::new(), depth).map(Some),
            ("Fn::Sub", _, [Value::String(pattern), Value::Object(variables)]) => {
                self.substitute(pattern, variables, depth).map(Some)
            }
            ("Fn::If", _, [Value::String(condition), yes, no]) => {
                let chosen = if self.condition(condition, depth)? { yes } else { no };
                self.value(chosen, depth)
            }
            ("Fn::Join", _, [Value::String(separator), items]) => self.join(separator, items, depth).map(Some),
            ("Fn::Split", _, [Value::String(separator), source]) => self.split(separator, source, depth).map(Some),
            ("Fn::Select", _, [index, items]) => self.select(index, items, depth),
            ("Fn::Cidr" | "Fn::GetAZs", ..) => Ok(Some(placeholder(name))),
            _ => Err(TemplateError::Intrinsic(format!("{name} of {argument}"))),
        }
    }

    fn reference(&self, target: &str) -> Result<Value, TemplateError> {
        match self.parameters.get(target) {
            Some(value) => Ok(value.clone()),
            None if self.resources.contains_key(target) => Ok(placeholder(target)),
            None => Err(TemplateError::Intrinsic(format!("Ref of {target}"))),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, TemplateError> {
        if !self.resources.contains_key(resource) {
            return Err(TemplateError::Intrinsic(format!("Fn::GetAtt of {resource}.{attribute}")));
        }
        Ok(placeholder(&format!("{resource}.{attribute}")))
    }

    fn substitute(&self, pattern: &str, variables: &Map<String, Value>, depth: usize) -> Result<Value, TemplateError> {
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let unclosed = || TemplateError::Intrinsic(format!("Fn::Sub of {pattern:?}"));
            let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
            out.push_str(before);
            out.push_str(&self.variable(name, variables, depth)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(json!(out))
    }

    /// The text of `${name}`; `${!name}` is an escape for `${name}` itself.
    fn variable(&self, name: &str, variables: &Map<String, Value>, depth: usize) -> Result<String, TemplateError> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        let value = match (variables.get(name), name.split_once('.')) {
            (Some(value), _) => self.value(value, depth)?.unwrap_or_default(),
            (None, Some((resource, attribute))) => self.attribute(resource, attribute)?,
            (None, None) => self.reference(name)?,
        };
        Ok(text(&value))
    }

    fn join(&self, separator: &str, items: &Value, depth: usize) -> Result<Value, TemplateError> {
        let evaluated = self.value(items, depth)?.unwrap_or_default();
        let items = evaluated.as_array().ok_or_else(|| TemplateError::Intrinsic(format!("Fn::Join of {items}")))?;
        Ok(json!(items.iter().map(text).collect::<Vec<_>>().join(separator)))
    }

    fn split(&self, separator: &str, source: &Value, depth: usize) -> Result<Value, TemplateError> {
        let source = text(&self.value(source, depth)?.unwrap_or_default());
        Ok(source.split(separator).map(|part| json!(part)).collect())
    }

    /// One item of a list; a placeholder if only AWS knows the list.
    fn select(&self, index: &Value, items: &Value, depth: usize) -> Result<Option<Value>, TemplateError> {
        match self.value(items, depth)?.unwrap_or_default() {
            Value::Array(mut evaluated) => match text(index).parse() {
                Ok(index) if index < evaluated.len() => Ok(Some(evaluated.swap_remove(index))),
                _ => Err(TemplateError::Intrinsic(format!("Fn::Select of {index} in {items}"))),
            },
            _ => Ok(Some(placeholder("Fn::Select"))),
        }
    }
}

/// Name and argument of an intrinsic function: a mapping with a single entry of such a name.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (name, argument) = entries.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

fn kind_of(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

fn properties_of(resource: &Value) -> &Value {
    resource.get("Properties").unwrap_or(&Value::Null)
}

/// Stands for a value that exists only in a deployed stack.
fn placeholder(what: &str) -> Value {
    json!(format!("<{what}>"))
}

/// The logical id of the first resource that an evaluated string refers to.
pub(crate) fn referenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('<')?;
    let (reference, _) = rest.split_once('>')?;
    Some(reference.split_once('.').map_or(reference, |(resource, _)| resource))
}

/// A scalar as CloudFormation compares it and inserts it into a string.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The items of a `CommaDelimitedList`.
fn items(text: &str) -> Value {
    text.split(',').map(|item| json!(item.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

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

    fn evaluate(expression: &str) -> Result<Option<Value>, TemplateError> {
        let document = parse(TEMPLATE).unwrap();
        let values = Values::from([("AWS::Region".into(), "eu-west-1".into())]);
        let evaluator = Evaluator::new(&document, &values).unwrap();
        let properties = parse(&format!("P: {expression}")).unwrap();
        evaluator.property(&properties, "P")
    }

    fn check(expression: &str, expected: Value) {
        assert_eq!(evaluate(expression).unwrap(), Some(expected), "{expression}");
    }

    #[test]
    fn functions_evaluate() {
        check("!Ref Size", json!(256));
        check("!Sub 'x/${Size}/${!y}'", json!("x/256/${y}"));
        check("!Sub ['${V}-${Mode}', {V: !Ref Size}]", json!("256-plain"));
        check("!Join ['-', [a, !Ref Size]]", json!("a-256"));
        check("!Select [1, [a, !Ref Size]]", json!(256));
        check("!Split ['-', a-b]", json!(["a", "b"]));
        check("!Select [1, !Split ['-', !Ref AWS::Region]]", json!("west"));
        check("!If [Plain, 1, 2]", json!(1));
        check("!If [Either, 1, 2]", json!(1));
        check("!If [Both, 1, 2]", json!(2));
        check("!Sub '${AWS::Partition}-${AWS::Region}'", json!("aws-eu-west-1"));
        check("[a, !Ref AWS::NoValue, {b: !Ref AWS::NoValue}]", json!(["a", {}]));
        assert_eq!(evaluate("!If [Fancy, 1, !Ref AWS::NoValue]").unwrap(), None);
    }

    #[test]
    fn values_of_a_deployed_stack_stay_readable() {
        check("!Ref A", json!("<A>"));
        check("!GetAtt A.Arn", json!("<A.Arn>"));
        check("!Sub '${A.Arn}/x'", json!("<A.Arn>/x"));
        check("!GetAZs ''", json!("<Fn::GetAZs>"));
        check("!Select [0, !GetAZs '']", json!("<Fn::Select>"));
    }

    #[test]
    fn a_reference_keeps_its_resource() {
        for expression in ["!Ref A", "!GetAtt A.Arn", "!Sub 'integrations/${A}'", "!Sub '${A.Arn}:x'"] {
            let value = evaluate(expression).unwrap().unwrap();
            assert_eq!(referenced(value.as_str().unwrap()), Some("A"), "{expression}");
        }
    }

    #[test]
    fn conditions_choose_resources() {
        let document = parse(TEMPLATE).unwrap();
        let ids = |overrides: &Values| {
            let evaluator = Evaluator::new(&document, overrides).unwrap();
            let found = evaluator.of_type("T").unwrap();
            found.into_iter().map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&Values::new()), ["A"]);
        assert_eq!(ids(&Values::from([("Mode".into(), "fancy".into())])), ["A", "B"]);
    }

    #[test]
    fn what_cannot_be_evaluated_is_an_error() {
        for expression in [
            "!Ref Bucket",
            "!Ref AWS::StackName",
            "!GetAtt Missing.Arn",
            "!GetAtt Size.Arn",
            "!ImportValue x",
            "!If [Missing, 1, 2]",
            "!Sub '${'",
            "!Select [2, [a, b]]",
        ] {
            assert!(evaluate(expression).is_err(), "{expression}");
        }
    }
}
