//! Why a template cannot be read.

/// A template that cannot be read or evaluated, or that needs something a local stack does not have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Not YAML.
    #[error("the template is not YAML")]
    Syntax(#[source] saphyr::ScanError),
    /// YAML with a construct that has no CloudFormation meaning.
    #[error("the template is not valid CloudFormation: {0}")]
    Construct(String),
    /// A top-level section is missing.
    #[error("the template has no {0}")]
    Missing(&'static str),
    /// A value is missing or has another type than CloudFormation requires.
    #[error("{resource}: {property} is {found}, expected {expected}")]
    Property {
        /// Logical id.
        resource: String,
        /// Name of the property.
        property: &'static str,
        /// The value in the template.
        found: String,
        /// The value or type that is required.
        expected: &'static str,
    },
    /// An intrinsic function or condition that cannot be evaluated without AWS.
    #[error("cannot evaluate {0}")]
    Intrinsic(String),
    /// A reference to a resource that does not exist or has the wrong type.
    #[error("{from} refers to {to:?}, which is not an {expected} of this template")]
    Reference {
        /// Logical id of the referring resource.
        from: String,
        /// The evaluated reference.
        to: String,
        /// The resource type that is required.
        expected: &'static str,
    },
    /// A route that a local gateway cannot serve faithfully.
    #[error("route {0:?}: {1}")]
    Route(String, String),
}
