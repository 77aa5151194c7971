//! The whole template, evaluated. References to resources stay readable: `!Ref Table` becomes `<Table>`,
//! `!GetAtt Table.Arn` becomes `<Table.Arn>`.

use std::collections::BTreeMap;

use serde_json::Value;
use template::{Evaluator, Values};

/// Pseudo parameters of an invented account.
const PSEUDO: [(&str, &str); 3] =
    [("AWS::Region", "eu-west-1"), ("AWS::AccountId", "111122223333"), ("AWS::StackName", "kurz")];

/// The template with parameters filled in and conditions decided.
pub(crate) struct Rendered {
    resources: BTreeMap<String, Value>,
}

impl Rendered {
    /// Evaluates every resource with defaults and `overrides`; a parameter `P` without either evaluates to `<P>`.
    pub(crate) fn new(document: &Value, overrides: &[(&str, &str)]) -> Self {
        let definitions = template::definitions(document).unwrap();
        let mut values: Values = PSEUDO.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let open = definitions.iter().filter(|(_, definition)| definition.default.is_none());
        values.extend(open.map(|(name, _)| (name.clone(), format!("<{name}>"))));
        for (name, value) in overrides {
            assert!(definitions.contains_key(*name), "{name} is not a parameter");
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        let evaluator = Evaluator::new(document, &values).unwrap();
        let created = evaluator.resources().unwrap().into_iter();
        let evaluated = created.map(|(id, resource)| (id.to_owned(), evaluator.evaluate(resource).unwrap().unwrap()));
        Self { resources: evaluated.collect() }
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
