//! The CloudFormation template that is deployed, and the only reader of it.
//!
//! [`parse`] turns YAML with CloudFormation's short tags into JSON, [`Definitions`] describe the parameters, [`Evaluator`]
//! resolves conditions and intrinsic functions without AWS, [`broken_rules`] checks values against the `Rules`, and [`Api`]
//! is the HTTP API with its functions and what carries their logs. `infra` deploys the template and checks it; `local`
//! serves its API and delivers its logs.
//!
//! The code knows CloudFormation, not this template: which resources and parameters there are, and what they mean, is
//! up to the users of this crate.

mod api;
mod condition;
mod cors;
mod deliveries;
mod error;
mod evaluator;
mod parameters;
mod properties;
mod rules;
mod yaml;

pub use api::{Api, Function, Integration, Route};
pub use cors::Cors;
pub use deliveries::{Deliveries, Destination, EventSource, Stream, Subscription};
pub use error::TemplateError;
pub use evaluator::{Evaluator, Values, text};
pub use parameters::{Definition, Definitions, definitions};
pub use rules::broken_rules;
pub use yaml::parse;

/// The template that `infra` deploys and `local` serves, as YAML.
///
/// It is compiled in, so that programs need no path to the sources, and cargo rebuilds them when the template changes.
pub const DEPLOYED: &str = include_str!("../template.yaml");
