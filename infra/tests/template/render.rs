//! The whole template, evaluated. References to resources stay readable: `!Ref Table` becomes `<Table>`,
//! `!GetAtt Table.Arn` becomes `<Table.Arn>`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use template::{Evaluator, Values};

/// Pseudo parameters of an invented account.
const PSEUDO: [(&str, &str); 4] = [
    ("AWS::Region", "eu-west-1"),
    ("AWS::AccountId", "111122223333"),
    ("AWS::StackName", "kurz"),
    ("AWS::StackId", "arn:aws:cloudformation:eu-west-1:111122223333:stack/kurz/51af3dc0"),
];

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

    /// For each resource, those that CloudFormation makes before it and deletes after it: those that it depends on or refers
    /// to, directly or through others.
    pub(crate) fn before(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let needs: BTreeMap<&str, Vec<&str>> = self.all().map(|(name, body)| (name, self.needs(name, body))).collect();
        let of = |name: &str| needs.get(name).into_iter().flatten().copied();
        let before = |name| {
            let (mut found, mut open) = (BTreeSet::new(), Vec::from_iter(of(name)));
            while let Some(next) = open.pop() {
                if found.insert(next) {
                    open.extend(of(next));
                }
            }
            (name, found)
        };
        needs.keys().copied().map(before).collect()
    }

    fn needs(&self, name: &str, resource: &Value) -> Vec<&str> {
        let depends_on = depends_on(resource);
        // A reference in the metadata counts as well.
        let body = [&resource["Properties"], &resource["Metadata"]].map(Value::to_string).concat();
        let is_needed = |other: &&String| {
            depends_on.contains(&other.as_str())
                || [format!("<{other}>"), format!("<{other}.")].iter().any(|reference| body.contains(reference))
        };
        self.resources.keys().filter(|other| *other != name).filter(is_needed).map(String::as_str).collect()
    }

    /// The properties of one resource; null if the conditions leave it out.
    pub(crate) fn properties(&self, name: &str) -> &Value {
        self.resources.get(name).map_or(&Value::Null, |resource| &resource["Properties"])
    }
}

/// The values of `DependsOn`.
pub(crate) fn depends_on(resource: &Value) -> Vec<&str> {
    match &resource["DependsOn"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}
