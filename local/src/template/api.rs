//! Routes, integrations and functions of an HTTP API.

use std::time::Duration;

use serde_json::Value;

use super::TemplateError;
use super::intrinsic::{Scope, referenced};

/// The longest an HTTP API waits for an integration, which is also the default.
///
/// Source: API Gateway developer guide, "Quotas for HTTP APIs".
const MAX_INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

const FUNCTION: &str = "AWS::Lambda::Function";
const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";

/// An HTTP API as its template defines it.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) routes: Vec<Route>,
    pub(crate) functions: Vec<Function>,
}

/// One `AWS::ApiGatewayV2::Route`.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// `GET /{id}`, `ANY /{proxy+}` or `$default`.
    pub(crate) key: String,
    pub(crate) integration: Integration,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Integration {
    /// Logical id of the function.
    pub(crate) function: String,
    pub(crate) timeout: Duration,
}

/// One `AWS::Lambda::Function`.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// Logical id.
    pub(crate) id: String,
    /// Limit of one invocation; 3 s where the template is silent, as on Lambda.
    pub(crate) timeout: Duration,
    /// Memory in MB; 128 where the template is silent, as on Lambda.
    pub(crate) memory_mb: u64,
    /// `Handler`, which a custom runtime only sees as `_HANDLER`.
    pub(crate) handler: String,
}

pub(super) fn read(scope: &Scope<'_>) -> Result<Api, TemplateError> {
    let mut functions = Vec::new();
    for (id, properties) in scope.resources(FUNCTION)? {
        functions.push(function(scope, id, properties)?);
    }
    let mut routes = Vec::new();
    for (id, properties) in scope.resources("AWS::ApiGatewayV2::Route")? {
        routes.push(route(scope, id, properties)?);
    }
    Ok(Api { routes, functions })
}

fn function(scope: &Scope<'_>, id: &str, properties: &Value) -> Result<Function, TemplateError> {
    let handler = match properties.get("Handler") {
        Some(_) => string(scope, id, properties, "Handler")?,
        None => "bootstrap".to_owned(),
    };
    Ok(Function {
        id: id.to_owned(),
        timeout: Duration::from_secs(number(scope, id, properties, "Timeout")?.unwrap_or(3)),
        memory_mb: number(scope, id, properties, "MemorySize")?.unwrap_or(128),
        handler,
    })
}

fn route(scope: &Scope<'_>, id: &str, properties: &Value) -> Result<Route, TemplateError> {
    let key = string(scope, id, properties, "RouteKey")?;
    let authorization = scope.property(properties, "AuthorizationType")?;
    match authorization.as_ref().and_then(Value::as_str) {
        None | Some("NONE") => {}
        Some(other) => {
            let reason = format!("authorization type {other} is not checked locally, only NONE is");
            return Err(TemplateError::Route(key, reason));
        }
    }
    let target = string(scope, id, properties, "Target")?;
    let missing = || TemplateError::Reference { from: id.to_owned(), to: target.clone(), wanted: INTEGRATION };
    let integration_id = referenced(&target).ok_or_else(missing)?;
    match scope.resource(integration_id)? {
        Some((INTEGRATION, properties)) => {
            Ok(Route { key, integration: integration(scope, integration_id, properties)? })
        }
        _ => Err(missing()),
    }
}

fn integration(scope: &Scope<'_>, id: &str, properties: &Value) -> Result<Integration, TemplateError> {
    for (property, supported) in [("IntegrationType", "AWS_PROXY"), ("PayloadFormatVersion", "2.0")] {
        let value = string(scope, id, properties, property)?;
        if value != supported {
            let (resource, expected) = (id.to_owned(), supported);
            return Err(TemplateError::Property { resource, property, found: value, expected });
        }
    }
    let uri = string(scope, id, properties, "IntegrationUri")?;
    let timeout =
        number(scope, id, properties, "TimeoutInMillis")?.map_or(MAX_INTEGRATION_TIMEOUT, Duration::from_millis);
    Ok(Integration { function: function_of(scope, id, &uri)?, timeout: timeout.min(MAX_INTEGRATION_TIMEOUT) })
}

/// Follows a function's alias or version to the function itself.
fn function_of(scope: &Scope<'_>, from: &str, text: &str) -> Result<String, TemplateError> {
    let missing = || TemplateError::Reference { from: from.to_owned(), to: text.to_owned(), wanted: FUNCTION };
    let id = referenced(text).ok_or_else(missing)?;
    match scope.resource(id)?.ok_or_else(missing)? {
        (FUNCTION, _) => Ok(id.to_owned()),
        ("AWS::Lambda::Alias" | "AWS::Lambda::Version", properties) => {
            let name = string(scope, id, properties, "FunctionName")?;
            match referenced(&name) {
                Some(target) if scope.resource(target)?.is_some_and(|(kind, _)| kind == FUNCTION) => {
                    Ok(target.to_owned())
                }
                _ => Err(missing()),
            }
        }
        _ => Err(missing()),
    }
}

fn string(
    scope: &Scope<'_>,
    resource: &str,
    properties: &Value,
    property: &'static str,
) -> Result<String, TemplateError> {
    match scope.property(properties, property)? {
        Some(Value::String(text)) => Ok(text),
        other => Err(mismatch(resource, property, other, "a string")),
    }
}

/// A whole number, which templates may also write as a string.
fn number(
    scope: &Scope<'_>,
    resource: &str,
    properties: &Value,
    property: &'static str,
) -> Result<Option<u64>, TemplateError> {
    let value = scope.property(properties, property)?;
    let number = match &value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
    };
    number.map(Some).ok_or_else(|| mismatch(resource, property, value, "a whole number"))
}

fn mismatch(resource: &str, property: &'static str, found: Option<Value>, expected: &'static str) -> TemplateError {
    TemplateError::Property {
        resource: resource.to_owned(),
        property,
        found: found.map_or_else(|| "absent".to_owned(), |value| value.to_string()),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::template;

    const PARTS: &str = "
Parameters:
  Memory: {Type: Number, Default: 512}
  Auth: {Type: String, Default: NONE}
Conditions:
  Jwt: !Equals [!Ref Auth, JWT]
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {MemorySize: !Ref Memory, Timeout: 5}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F}}
  I:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationType: AWS_PROXY, IntegrationUri: !Ref Live, PayloadFormatVersion: '2.0', TimeoutInMillis: 6000}
  Optional:
    Type: AWS::ApiGatewayV2::Route
    Condition: Jwt
    Properties: {RouteKey: GET /, Target: !Sub 'integrations/${I}'}
  R:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: 'GET /{id}', Target: !Sub 'integrations/${I}', AuthorizationType: !Ref Auth}
";

    fn read(text: &str) -> Result<Api, TemplateError> {
        template::read(text, &BTreeMap::new())
    }

    #[test]
    fn a_route_leads_through_the_alias_to_the_function() {
        let api = read(PARTS).unwrap();
        let [route] = api.routes.as_slice() else { panic!("{:?}", api.routes) };
        assert_eq!(route.key, "GET /{id}");
        assert_eq!(route.integration, Integration { function: "F".into(), timeout: Duration::from_secs(6) });
        let [function] = api.functions.as_slice() else { panic!("{:?}", api.functions) };
        assert_eq!((function.memory_mb, function.timeout), (512, Duration::from_secs(5)));
    }

    #[test]
    fn an_arn_leads_to_the_function_as_well() {
        for uri in [
            "!GetAtt F.Arn",
            "!Sub 'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'",
        ] {
            let text = PARTS.replace("!Ref Live", uri);
            assert_eq!(read(&text).unwrap().routes[0].integration.function, "F", "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        for (from, to, expected) in [
            ("PayloadFormatVersion: '2.0'", "PayloadFormatVersion: '1.0'", "expected 2.0"),
            ("integrations/${I}", "integrations/${F}", "is no AWS::ApiGatewayV2::Integration"),
            ("!Ref Live", "!Ref I", "is no AWS::Lambda::Function"),
            ("Default: NONE", "Default: AWS_IAM", "AWS_IAM is not checked locally"),
            ("Timeout: 5", "Timeout: soon", "expected a whole number"),
        ] {
            let text = PARTS.replace(from, to);
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
