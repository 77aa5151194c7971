//! Placeholders of the expressions of one request.

use serde_json::{Map, Value};

use super::Dice;

/// Names that need a placeholder: not an identifier, or reserved, which no DAX client checks.
const NOT_PLAIN: [&str; 4] = ["status", "with.dot", "dotted.name", "b"];

#[derive(Debug, Default)]
pub(super) struct Terms {
    names: Map<String, Value>,
    values: Map<String, Value>,
}

impl Terms {
    /// The name itself, or a placeholder for it.
    pub(super) fn name(&mut self, dice: &mut Dice, name: &str) -> String {
        if !NOT_PLAIN.contains(&name) && dice.chance(70) {
            return name.to_owned();
        }
        let known = self.names.iter().find(|(_, known)| *known == name);
        if let Some((placeholder, _)) = known
            && dice.chance(80)
        {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.into());
        placeholder
    }

    /// A placeholder for the value.
    pub(super) fn value(&mut self, value: Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Adds the definitions to a request, or to a part of one.
    pub(super) fn define(self, request: &mut Map<String, Value>) {
        for (field, terms) in [("ExpressionAttributeNames", self.names), ("ExpressionAttributeValues", self.values)] {
            if !terms.is_empty() {
                request.insert(field.to_owned(), terms.into());
            }
        }
    }
}
