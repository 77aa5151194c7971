//! Routes, integrations and functions of an HTTP API.

use std::time::Duration;

use serde_json::Value;

use crate::TemplateError;
use crate::cors::Cors;
use crate::deliveries::Deliveries;
use crate::evaluator::{Evaluator, Values, referenced};
use crate::properties::{FUNCTION, function_of, number, string};
use crate::yaml::parse;

/// The longest an HTTP API waits for an integration, which is also the default.
///
/// Source: API Gateway developer guide, "Quotas for HTTP APIs".
const MAX_INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

const API: &str = "AWS::ApiGatewayV2::Api";
const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";

/// An HTTP API as its template defines it.
#[derive(Debug)]
pub struct Api {
    /// Its routes, by logical id.
    pub routes: Vec<Route>,
    /// Every function of the template, by logical id.
    pub functions: Vec<Function>,
    /// Which web pages of other origins may use it; `None` if none may.
    pub cors: Option<Cors>,
    /// What carries the functions' logs to functions.
    pub deliveries: Deliveries,
}

/// One `AWS::ApiGatewayV2::Route`.
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET /{id}`, `ANY /{proxy+}` or `$default`.
    pub key: String,
    /// The integration it leads to.
    pub integration: Integration,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// Logical id of the function.
    pub function: String,
    /// The longest the gateway waits for a response.
    pub timeout: Duration,
}

/// One `AWS::Lambda::Function`.
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical id.
    pub id: String,
    /// Limit of one invocation; 3 s where the template is silent, as on Lambda.
    pub timeout: Duration,
    /// Memory in MB; 128 where the template is silent, as on Lambda.
    pub memory_mb: u64,
    /// `Handler`, which a custom runtime only sees as `_HANDLER`.
    pub handler: String,
}

impl Api {
    /// Reads the API from the text of a template; [`Evaluator::new`] says how `values` are used.
    ///
    /// # Errors
    /// If the template cannot be read, or has a route or integration that a local gateway cannot serve.
    pub fn read(text: &str, values: &Values) -> Result<Self, TemplateError> {
        let document = parse(text)?;
        let stack = &Evaluator::new(&document, values)?;
        let functions = stack.of_type(FUNCTION)?.into_iter().map(|(id, properties)| function(stack, id, properties));
        let routes = stack.of_type(ROUTE)?.into_iter().map(|(id, properties)| route(stack, id, properties));
        let mut cors = None;
        for (id, properties) in stack.of_type(API)? {
            cors = stack.property(properties, "CorsConfiguration")?.map(|found| Cors::read(id, &found)).transpose()?;
        }
        let (routes, functions) = (routes.collect::<Result<_, _>>()?, functions.collect::<Result<_, _>>()?);
        Ok(Self { routes, functions, cors, deliveries: Deliveries::read(stack)? })
    }
}

fn function(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<Function, TemplateError> {
    let handler = match properties.get("Handler") {
        Some(_) => string(stack, id, properties, "Handler")?,
        None => "bootstrap".to_owned(),
    };
    Ok(Function {
        id: id.to_owned(),
        timeout: Duration::from_secs(number(stack, id, properties, "Timeout")?.unwrap_or(3)),
        memory_mb: number(stack, id, properties, "MemorySize")?.unwrap_or(128),
        handler,
    })
}

fn route(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<Route, TemplateError> {
    let key = string(stack, id, properties, "RouteKey")?;
    let authorization = stack.property(properties, "AuthorizationType")?;
    match authorization.as_ref().and_then(Value::as_str) {
        None | Some("NONE") => {}
        Some(other) => {
            let reason = format!("authorization type {other} is not checked locally, only NONE is");
            return Err(TemplateError::Route(key, reason));
        }
    }
    let target = string(stack, id, properties, "Target")?;
    let missing = || TemplateError::Reference { from: id.to_owned(), to: target.clone(), expected: INTEGRATION };
    let integration_id = referenced(&target).ok_or_else(missing)?;
    match stack.resource(integration_id)? {
        Some((INTEGRATION, properties)) => {
            Ok(Route { key, integration: integration(stack, integration_id, properties)? })
        }
        _ => Err(missing()),
    }
}

fn integration(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<Integration, TemplateError> {
    for (property, supported) in [("IntegrationType", "AWS_PROXY"), ("PayloadFormatVersion", "2.0")] {
        let value = string(stack, id, properties, property)?;
        if value != supported {
            let (resource, expected) = (id.to_owned(), supported);
            return Err(TemplateError::Property { resource, property, found: value, expected });
        }
    }
    let uri = string(stack, id, properties, "IntegrationUri")?;
    let timeout =
        number(stack, id, properties, "TimeoutInMillis")?.map_or(MAX_INTEGRATION_TIMEOUT, Duration::from_millis);
    Ok(Integration { function: function_of(stack, id, &uri)?, timeout: timeout.min(MAX_INTEGRATION_TIMEOUT) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        Api::read(text, &Values::from([("AWS::Region".into(), "eu-west-1".into())]))
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
            ("integrations/${I}", "integrations/${F}", "is not an AWS::ApiGatewayV2::Integration"),
            ("!Ref Live", "!Ref I", "is not an AWS::Lambda::Function"),
            ("Default: NONE", "Default: AWS_IAM", "AWS_IAM is not checked locally"),
            ("Timeout: 5", "Timeout: soon", "expected a whole number"),
        ] {
            let text = PARTS.replace(from, to);
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
