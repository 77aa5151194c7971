//! The names and values that a request's expressions refer to.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{EMPTY_NAME, ExpressionError, ExpressionKind, Result};
use crate::codec::Attributes;

/// `ExpressionAttributeNames` and `ExpressionAttributeValues` of one request, and which of them its expressions used.
///
/// Parse all expressions of the request with it, then call [`finish`](Self::finish).
#[derive(Debug)]
pub struct Placeholders<'a> {
    names: Option<&'a HashMap<String, String>>,
    values: Option<&'a Attributes>,
    used_names: Vec<&'a str>,
    used_values: Vec<&'a str>,
    pub(super) expressions: usize,
}

impl<'a> Placeholders<'a> {
    /// Placeholders of a request that has some.
    ///
    /// # Errors
    /// If a placeholder is not written as one.
    pub fn new(names: Option<&'a HashMap<String, String>>, values: Option<&'a Attributes>) -> Result<Self> {
        let empty =
            [("Names", names.is_some_and(HashMap::is_empty)), ("Values", values.is_some_and(HashMap::is_empty))];
        if let Some((which, _)) = empty.iter().find(|(_, is_empty)| *is_empty) {
            return Err(ExpressionError::new(format!("ExpressionAttribute{which} must not be empty")));
        }
        check_keys("ExpressionAttributeNames", '#', names.into_iter().flat_map(HashMap::keys))?;
        if let Some((key, _)) = names.into_iter().flatten().filter(|(_, name)| name.is_empty()).min() {
            let what = format!("ExpressionAttributeNames contains invalid value: {EMPTY_NAME} for key {key}");
            return Err(ExpressionError::new(what));
        }
        check_keys("ExpressionAttributeValues", ':', values.into_iter().flat_map(HashMap::keys))?;
        Ok(Self { names, values, used_names: Vec::new(), used_values: Vec::new(), expressions: 0 })
    }

    /// Checks that every placeholder was used.
    ///
    /// # Errors
    /// If one was not.
    pub fn finish(&self) -> Result<()> {
        let names = self.names.into_iter().flat_map(HashMap::keys);
        check_used("ExpressionAttributeNames", names, &self.used_names, self.expressions)?;
        let values = self.values.into_iter().flat_map(HashMap::keys);
        check_used("ExpressionAttributeValues", values, &self.used_values, self.expressions)
    }

    /// The attribute that `#name` stands for.
    pub(super) fn name(&mut self, kind: ExpressionKind, placeholder: &'a str) -> Result<&'a str> {
        let name = self.names.and_then(|names| names.get(placeholder)).ok_or_else(|| {
            let what = "An expression attribute name used in the document path is not defined";
            ExpressionError::invalid(kind, format_args!("{what}; attribute name: {placeholder}"))
        })?;
        if !self.used_names.contains(&placeholder) {
            self.used_names.push(placeholder);
        }
        Ok(name)
    }

    /// The value that `:value` stands for.
    pub(super) fn value(&mut self, kind: ExpressionKind, placeholder: &'a str) -> Result<&'a AttributeValue> {
        let value = self.values.and_then(|values| values.get(placeholder)).ok_or_else(|| {
            let what = "An expression attribute value used in expression is not defined";
            ExpressionError::invalid(kind, format_args!("{what}; attribute value: {placeholder}"))
        })?;
        if !self.used_values.contains(&placeholder) {
            self.used_values.push(placeholder);
        }
        Ok(value)
    }
}

fn check_keys<'a>(parameter: &str, mark: char, keys: impl Iterator<Item = &'a String>) -> Result<()> {
    for key in keys {
        let body = key.strip_prefix(mark).unwrap_or_default();
        if body.is_empty() || !body.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(ExpressionError::new(format!(
                "{parameter} contains invalid key: Syntax error; key: \"{key}\""
            )));
        }
    }
    Ok(())
}

fn check_used<'a>(
    parameter: &str,
    keys: impl Iterator<Item = &'a String>,
    used: &[&str],
    expressions: usize,
) -> Result<()> {
    let mut unused: Vec<&str> = keys.map(String::as_str).filter(|key| !used.contains(key)).collect();
    if unused.is_empty() {
        return Ok(());
    }
    if expressions == 0 {
        return Err(ExpressionError::new(format!("{parameter} can only be specified when using expressions")));
    }
    unused.sort_unstable();
    let keys = unused.join(", ");
    Err(ExpressionError::new(format!("Value provided in {parameter} unused in expressions: keys: {{{keys}}}")))
}
