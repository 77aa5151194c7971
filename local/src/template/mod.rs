//! The part of a `CloudFormation` template that a local API needs: routes, integrations, functions.
//!
//! The deployed template is read, so a route that is missing there is missing here too.

mod api;
mod intrinsic;
mod yaml;

pub(crate) use api::{Api, Function, Integration, Route};

use std::collections::BTreeMap;

/// A template that cannot be read, or that needs something this stack does not have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Not YAML.
    #[error("the template is not YAML")]
    Syntax(#[source] saphyr::ScanError),
    /// Not one YAML mapping with `Resources`.
    #[error("the template has no Resources")]
    NoResources,
    /// A value is missing or has another type than `CloudFormation` asks for.
    #[error("{resource}: {property} is {found}, expected {expected}")]
    Property {
        /// Logical id.
        resource: String,
        /// Name of the property.
        property: &'static str,
        /// What the template holds.
        found: String,
        /// What was needed.
        expected: &'static str,
    },
    /// An intrinsic function that cannot be evaluated locally.
    #[error("cannot evaluate {0}")]
    Intrinsic(String),
    /// A reference to a resource that does not exist or has the wrong type.
    #[error("{from} refers to {to:?}, which is no {wanted} of this template")]
    Reference {
        /// Logical id of the referring resource.
        from: String,
        /// What it refers to, evaluated.
        to: String,
        /// Resource type looked for.
        wanted: &'static str,
    },
    /// A route that the gateway cannot serve faithfully.
    #[error("route {0:?}: {1}")]
    Route(String, String),
}

/// Reads the API out of the text of a template.
///
/// `parameters` override the defaults of the template's parameters; names that the template does not
/// have are ignored, so that one set of overrides fits several versions of a template.
pub(crate) fn read(text: &str, parameters: &BTreeMap<String, String>) -> Result<Api, TemplateError> {
    let document = yaml::parse(text)?;
    let scope = intrinsic::Scope::new(&document, parameters)?;
    api::read(&scope)
}
