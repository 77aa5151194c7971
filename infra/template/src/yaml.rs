//! YAML with CloudFormation's short tags, as JSON with the long names of the functions.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::TemplateError;

/// Parses one YAML document: `!Ref X` becomes `{"Ref": "X"}`, `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`.
///
/// Mapping keys must be strings, integers or booleans, and become strings. An alias is replaced by its anchor's value.
///
/// # Errors
/// [`TemplateError::Syntax`] for malformed YAML, [`TemplateError::Construct`] for YAML without a CloudFormation meaning.
pub fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(TemplateError::Syntax)?;
    match documents.as_slice() {
        [document] => convert(document),
        other => Err(TemplateError::Construct(format!("expected one YAML document, found {}", other.len()))),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(convert_scalar(scalar)),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key_text(key)?, convert(value)?)));
            Ok(Value::Object(entries.collect::<Result<Map<_, _>, TemplateError>>()?))
        }
        Yaml::Tagged(tag, inner) => long_form(&tag.suffix, convert(inner)?),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            Err(TemplateError::Construct(format!("unsupported YAML {node:?}")))
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

fn key_text(key: &Yaml<'_>) -> Result<String, TemplateError> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        Yaml::Value(Scalar::Boolean(value)) => Ok(value.to_string()),
        other => Err(TemplateError::Construct(format!("mapping key {other:?}"))),
    }
}

/// `!Ref` and `!Condition` keep their names; every other tag is a function in the `Fn::` namespace.
fn long_form(tag: &str, argument: Value) -> Result<Value, TemplateError> {
    match tag {
        "Ref" | "Condition" => Ok(json!({ tag: argument })),
        "GetAtt" => match argument.as_str().and_then(|path| path.split_once('.')) {
            Some((resource, attribute)) => Ok(json!({ "Fn::GetAtt": [resource, attribute] })),
            None => Err(TemplateError::Construct(format!("!GetAtt takes Resource.Attribute, not {argument}"))),
        },
        tag => Ok(json!({ format!("Fn::{tag}"): argument })),
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
        check("a: !Condition C", &json!({"a": {"Condition": "C"}}));
        check(
            "a: !And [!Condition X, !Not [!Equals [!Ref P, '']]]",
            &json!({"a": {"Fn::And": [
                {"Condition": "X"},
                {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]},
            ]}}),
        );
        check("a: {Fn::Sub: x}", &json!({"a": {"Fn::Sub": "x"}}));
    }

    #[test]
    fn quoted_scalars_stay_text() {
        check(
            "{a: '2012-10-17', b: 256, c: true, d: 'true'}",
            &json!({"a": "2012-10-17", "b": 256, "c": true, "d": "true"}),
        );
    }

    #[test]
    fn aliases_are_resolved() {
        check("{a: &x [1], b: *x}", &json!({"a": [1], "b": [1]}));
    }

    #[test]
    fn keys_become_text() {
        check("{'2010-09-09': '2.0', 1: a, true: b}", &json!({"2010-09-09": "2.0", "1": "a", "true": "b"}));
    }

    #[test]
    fn malformed_yaml_is_an_error() {
        for text in ["a: [1", "a: [", "a: *x"] {
            assert!(matches!(parse(text), Err(TemplateError::Syntax(_))), "{text}");
        }
    }

    #[test]
    fn yaml_without_a_meaning_for_cloudformation_is_an_error() {
        for text in ["", "a: !GetAtt Arn", "a: !GetAtt [A, Arn]", "---\na: 1\n---\nb: 2", "[a]: b", "1.5: b"] {
            assert!(matches!(parse(text), Err(TemplateError::Construct(_))), "{text}");
        }
    }
}
