//! A small evaluator of the intrinsic functions the template uses. References to resources stay readable:
//! `!Ref Table` becomes `<Table>`, `!GetAtt Table.Arn` becomes `<Table.Arn>`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The template with parameters filled in and conditions decided.
pub(crate) struct Rendered {
    resources: BTreeMap<String, Value>,
}

impl Rendered {
    pub(crate) fn new(template: &Value, overrides: &[(&str, &str)]) -> Self {
        let scope = Scope::new(template, overrides);
        let mut resources = BTreeMap::new();
        for (name, resource) in template["Resources"].as_object().unwrap() {
            let wanted = resource.get("Condition").is_none_or(|name| scope.condition(name));
            if wanted {
                resources.insert(name.clone(), scope.value(resource).unwrap());
            }
        }
        Self { resources }
    }

    /// Resources of one type by logical id.
    pub(crate) fn of_type<'a>(&'a self, kind: &str) -> Vec<(&'a str, &'a Value)> {
        let of_type = self.resources.iter().filter(|(_, resource)| resource["Type"] == kind);
        of_type.map(|(name, resource)| (name.as_str(), resource)).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.resources.iter().map(|(name, resource)| (name.as_str(), resource))
    }

    /// The properties of one resource; null if the conditions leave it out.
    pub(crate) fn properties(&self, name: &str) -> &Value {
        self.resources.get(name).map_or(&Value::Null, |resource| &resource["Properties"])
    }
}

struct Scope<'a> {
    parameters: BTreeMap<String, Value>,
    conditions: &'a Value,
}

impl<'a> Scope<'a> {
    fn new(template: &'a Value, overrides: &[(&str, &str)]) -> Self {
        let mut parameters: BTreeMap<String, Value> = BTreeMap::new();
        for (name, definition) in template["Parameters"].as_object().unwrap() {
            let default = definition.get("Default").cloned();
            parameters.insert(name.clone(), default.unwrap_or_else(|| json!(format!("<{name}>"))));
        }
        for (name, value) in overrides {
            assert!(parameters.contains_key(*name), "{name} is no parameter");
            parameters.insert((*name).to_owned(), json!(value));
        }
        Self { parameters, conditions: &template["Conditions"] }
    }

    fn condition(&self, name: &Value) -> bool {
        let name = name.as_str().unwrap();
        self.test(self.conditions.get(name).unwrap_or_else(|| panic!("no condition {name}")))
    }

    fn test(&self, test: &Value) -> bool {
        let (function, argument) = call(test).unwrap_or_else(|| panic!("no test: {test}"));
        let tests = || argument.as_array().unwrap().iter().map(|test| self.test(test));
        match function {
            "Condition" => self.condition(argument),
            "Fn::Equals" => text(&self.value(&argument[0]).unwrap()) == text(&self.value(&argument[1]).unwrap()),
            "Fn::Not" => !self.test(&argument[0]),
            "Fn::And" => tests().all(|test| test),
            "Fn::Or" => tests().any(|test| test),
            other => panic!("no test: {other}"),
        }
    }

    /// `None` is `AWS::NoValue`.
    fn value(&self, value: &Value) -> Option<Value> {
        if let Some((function, argument)) = call(value) {
            return self.call(function, argument);
        }
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Value::Object(entries) => {
                let kept = entries.iter().filter_map(|(key, value)| Some((key.clone(), self.value(value)?)));
                Value::Object(kept.collect::<Map<_, _>>())
            }
            other => other.clone(),
        })
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        match function {
            "Ref" => self.reference(argument.as_str().unwrap()),
            "Fn::GetAtt" => Some(json!(format!("<{}.{}>", text(&argument[0]), text(&argument[1])))),
            "Fn::Sub" => Some(json!(self.substitute(argument.as_str().unwrap()))),
            "Fn::If" => self.value(&argument[if self.condition(&argument[0]) { 1 } else { 2 }]),
            // Addresses and zones; no check looks at them.
            "Fn::Select" | "Fn::Cidr" | "Fn::GetAZs" => Some(json!(format!("<{function}>"))),
            other => panic!("the evaluator does not know {other}"),
        }
    }

    fn reference(&self, name: &str) -> Option<Value> {
        match name {
            "AWS::NoValue" => None,
            "AWS::Partition" => Some(json!("aws")),
            "AWS::Region" => Some(json!("eu-west-1")),
            "AWS::AccountId" => Some(json!("111122223333")),
            "AWS::StackName" => Some(json!("kurz")),
            "AWS::URLSuffix" => Some(json!("amazonaws.com")),
            other => Some(self.parameters.get(other).cloned().unwrap_or_else(|| json!(format!("<{other}>")))),
        }
    }

    fn substitute(&self, pattern: &str) -> String {
        let mut parts = pattern.split("${");
        let mut result = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let value = if let Some((_, _)) = name.split_once('.') {
                json!(format!("<{name}>"))
            } else {
                self.reference(name).unwrap()
            };
            result.push_str(&text(&value));
            result.push_str(rest);
        }
        result
    }
}

/// A mapping with one entry that names an intrinsic function.
fn call(value: &Value) -> Option<(&str, &Value)> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (name, argument) = entries.iter().next()?;
    let is_function = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_function.then_some((name.as_str(), argument))
}

/// CloudFormation compares and inserts everything as text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
