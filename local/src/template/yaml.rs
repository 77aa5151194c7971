//! YAML with `CloudFormation`'s short tags, as JSON with the long names of the functions.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::TemplateError;

/// Parses a template: `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, and so on.
pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(TemplateError::Syntax)?;
    match documents.as_slice() {
        [document] => convert(document),
        _ => Err(TemplateError::NoResources),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    Ok(match node {
        Yaml::Value(scalar) => scalar_value(scalar),
        Yaml::Sequence(items) => Value::Array(items.iter().map(convert).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| Ok((key_text(key)?, convert(value)?)))
                .collect::<Result<Map<_, _>, TemplateError>>()?,
        ),
        Yaml::Tagged(tag, node) => long_form(&tag.suffix, convert(node)?),
        other => return Err(TemplateError::Intrinsic(format!("{other:?}"))),
    })
}

fn scalar_value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => json!(value.into_inner()),
        Scalar::String(value) => json!(value),
    }
}

fn key_text(key: &Yaml<'_>) -> Result<String, TemplateError> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        Yaml::Value(Scalar::Boolean(value)) => Ok(value.to_string()),
        other => Err(TemplateError::Intrinsic(format!("mapping key {other:?}"))),
    }
}

/// The long form of a short tag. `Ref` and `Condition` have no `Fn::` before them.
fn long_form(tag: &str, argument: Value) -> Value {
    match (tag, argument) {
        ("Ref" | "Condition", argument) => json!({ tag: argument }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (tag, argument) => json!({ format!("Fn::{tag}"): argument }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Value) {
        assert_eq!(&parse(text).unwrap(), expected, "{text}");
    }

    #[test]
    fn short_tags_take_their_long_form() {
        check("a: !Ref X", &json!({"a": {"Ref": "X"}}));
        check("a: !GetAtt X.Y.Z", &json!({"a": {"Fn::GetAtt": ["X", "Y.Z"]}}));
        check("a: !Sub '${X}/b'", &json!({"a": {"Fn::Sub": "${X}/b"}}));
        check("a: !If [C, !Ref X, 1]", &json!({"a": {"Fn::If": ["C", {"Ref": "X"}, 1]}}));
        check(
            "a: !And [!Condition X, !Not [!Equals [!Ref P, '']]]",
            &json!({"a": {"Fn::And": [
                {"Condition": "X"},
                {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]},
            ]}}),
        );
        check("a: {Fn::Sub: x}", &json!({"a": {"Fn::Sub": "x"}}));
        check("'2010-09-09': '2.0'", &json!({"2010-09-09": "2.0"}));
    }

    #[test]
    fn broken_yaml_is_an_error() {
        assert!(matches!(parse("a: [1"), Err(TemplateError::Syntax(_))));
        assert!(parse("").is_err());
    }
}
