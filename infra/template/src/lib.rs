//! The CloudFormation template that is deployed, and the only reader of it.
//!
//! [`parse`] turns YAML with CloudFormation's short tags into JSON, [`Definitions`] describe the parameters, [`Evaluator`]
//! resolves conditions and intrinsic functions without AWS, [`broken_rules`] checks values against the `Rules`, and [`Api`] is the HTTP API with its functions. `infra`
//! deploys the template and checks it; `local` serves its API.
//!
//! The code knows CloudFormation, not this template: which resources and parameters there are, and what they mean, is
//! up to the users of this crate.

mod api;
mod condition;
mod cors;
mod error;
mod evaluator;
mod parameters;
mod rules;
mod yaml;

pub use api::{Api, Function, Integration, Route};
pub use cors::Cors;
pub use error::TemplateError;
pub use evaluator::{Evaluator, Values, text};
pub use parameters::{Definition, Definitions, definitions};
pub use rules::broken_rules;
pub use yaml::parse;

/// The template that `infra` deploys and `local` serves, as YAML.
///
/// It is compiled in, so that programs need no path to the sources, and cargo rebuilds them when the template changes.
pub const DEPLOYED: &str = include_str!("../template.yaml");
