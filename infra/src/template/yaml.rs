//! CloudFormation YAML to JSON: the short tags (`!Ref X`) become the long form (`{"Ref": "X"}`).

use anyhow::{Context as _, Result, bail};
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Parses one YAML document.
///
/// # Errors
/// Says where the YAML is malformed, or which construct has no JSON form.
pub fn parse(text: &str) -> Result<Value> {
    let documents = Yaml::load_from_str(text).context("malformed YAML")?;
    match documents.as_slice() {
        [document] => convert(document),
        other => bail!("expected one YAML document, found {}", other.len()),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value> {
    match node {
        Yaml::Value(scalar) => Ok(convert_scalar(scalar)),
        Yaml::Sequence(items) => items.iter().map(convert).collect::<Result<Vec<_>>>().map(Value::Array),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match convert(key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                object.insert(key, convert(value)?);
            }
            Ok(Value::Object(object))
        }
        Yaml::Tagged(tag, inner) => long_form(&tag.suffix, convert(inner)?),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            bail!("unsupported YAML construct: {node:?}")
        }
    }
}

fn convert_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => json!(value.into_inner()),
        Scalar::String(value) => json!(value),
    }
}

/// `!Ref` and `!Condition` keep their names, every other tag is a function in the `Fn::` namespace.
fn long_form(tag: &str, argument: Value) -> Result<Value> {
    let (name, argument) = match tag {
        "Ref" | "Condition" => (tag.to_owned(), argument),
        "GetAtt" => {
            let Some((resource, attribute)) = argument.as_str().and_then(|path| path.split_once('.')) else {
                bail!("!GetAtt takes Resource.Attribute, not {argument}");
            };
            ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
        }
        other => (format!("Fn::{other}"), argument),
    };
    Ok(Value::Object(Map::from_iter([(name, argument)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Value) {
        assert_eq!(parse(text).unwrap(), expected, "{text}");
    }

    #[test]
    fn short_tags_become_the_long_form() {
        check("a: !Ref Table", json!({"a": {"Ref": "Table"}}));
        check("a: !GetAtt Table.Arn", json!({"a": {"Fn::GetAtt": ["Table", "Arn"]}}));
        check("a: !Sub '${Table}-x'", json!({"a": {"Fn::Sub": "${Table}-x"}}));
        check("a: !If [C, 1, !Ref T]", json!({"a": {"Fn::If": ["C", 1, {"Ref": "T"}]}}));
        check("a: !Condition C", json!({"a": {"Condition": "C"}}));
        check("a: !Not [!Equals [!Ref P, '']]", json!({"a": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]}}));
    }

    #[test]
    fn quoted_scalars_stay_text() {
        check(
            "{a: '2012-10-17', b: 256, c: true, d: 'true'}",
            json!({"a": "2012-10-17", "b": 256, "c": true, "d": "true"}),
        );
    }

    #[test]
    fn malformed_documents_are_errors() {
        for text in ["a: [", "a: !GetAtt Arn", "---\na: 1\n---\nb: 2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
