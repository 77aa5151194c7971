//! The event, before it becomes a request.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// An event of an HTTP API in payload format 2.0.
///
/// API Gateway writes every claim of a token as a string. Other senders pass lists and numbers on; here they are strings of
/// JSON, so that such an event is a request like any other.
#[derive(Debug)]
pub struct Event(pub(crate) ApiGatewayV2httpRequest);

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Value::deserialize(deserializer)?;
        let claims = event.pointer_mut("/requestContext/authorizer/jwt/claims");
        if let Some(claims) = claims.and_then(Value::as_object_mut) {
            claims.retain(|_name, value| !value.is_null());
            for value in claims.values_mut().filter(|value| !value.is_string()) {
                *value = Value::String(value.to_string());
            }
        }
        serde_json::from_value(event).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_of_any_type_are_texts() {
        let mut event: Value = serde_json::from_str(include_str!("../../tests/events/browser.json")).unwrap();
        let claims = json!({ "sub": "ann", "scp": ["links.read", "x"], "iat": 7, "gone": null });
        event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        let Event(event) = serde_json::from_value(event).unwrap();
        let claims = event.request_context.authorizer.unwrap().jwt.unwrap().claims;
        let claim = |name: &str| claims.get(name).map(String::as_str);
        assert_eq!((claim("sub"), claim("iat"), claim("gone")), (Some("ann"), Some("7"), None));
        assert_eq!(claim("scp"), Some(r#"["links.read","x"]"#));
    }
}
