//! The two templates, compiled into the tool, and what can be read from them without AWS.

pub mod parameters;
pub mod yaml;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The stack.
pub const STACK: &str = include_str!("../../template.yaml");
/// The mini stack with the bucket that holds the zips.
pub const BOOTSTRAP: &str = include_str!("../../bootstrap.yaml");

/// CloudFormation's limit on a template sent in the call itself, in bytes.
pub const BODY_LIMIT_BYTES: usize = 51_200;

/// The stack's template as JSON in the long form.
///
/// # Errors
/// Only if the template of this build is not valid YAML.
pub fn stack() -> Result<Value> {
    yaml::parse(STACK).context("infra/template.yaml")
}

/// Resources whose replacement or removal loses data, a warm cache, or every connection: by type, with what is lost.
#[must_use]
pub fn stateful(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        "AWS::DynamoDB::Table" => Some("the new table is empty; the old one stays, outside the stack"),
        "AWS::DAX::Cluster" => Some("a new, cold cluster is built, then the old one goes; both cost"),
        "AWS::EC2::VPC" => Some("everything inside the network is rebuilt with it"),
        "AWS::SecretsManager::Secret" => Some("the same URL gets a new slug from now on; old links keep working"),
        "AWS::ApiGatewayV2::Api" => Some("the API gets a new address; short links under the old one die"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_fits_into_the_call() {
        assert!(STACK.len() < BODY_LIMIT_BYTES, "{} bytes", STACK.len());
        assert!(stack().unwrap()["Resources"].as_object().unwrap().len() > 50);
    }
}
