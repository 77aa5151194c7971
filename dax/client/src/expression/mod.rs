//! Expression strings to the trees that are sent.
//!
//! DAX servers know no expression text: the client parses it, replaces placeholders and sends a tree with the values
//! that it refers to. What DynamoDB would say about a wrong expression is therefore said here, in its words.
//!
//! ```text
//! condition   operand cmp operand | operand IN ( operand, … ) | operand BETWEEN operand AND operand
//!             | function | ( condition ) | NOT condition | condition AND condition | condition OR condition
//! operand     path | :value | size ( operand ) | ( operand )
//! update      { SET path = value, … | REMOVE path, … | ADD path :value, … | DELETE path :value, … }
//! projection  path, …
//! path        name { . name | [ index ] }
//! ```

mod condition;
mod depth;
mod legacy;
mod lexer;
mod parser;
mod placeholders;
mod projection;
mod reserved;
mod tree;
mod update;

pub(crate) use legacy::{Legacy, check_joined_by, refuse_mixture};
pub use placeholders::Placeholders;
pub use projection::Projection;

/// Longest expression, in bytes; DynamoDB's limit. All that is legal outside of names is ASCII.
const MAX_LENGTH: usize = 4096;
/// Most operators and functions in an expression; DynamoDB's limit.
const MAX_OPERATORS: usize = 300;
/// Deepest nesting of parentheses, `NOT` and functions: each operator in parentheses, which may not be doubled. Bounds
/// the parser's recursion.
const MAX_DEPTH: usize = 2 * MAX_OPERATORS;
/// What DynamoDB says about an attribute without a name.
const EMPTY_NAME: &str = "Empty attribute name";
/// Most elements of a document path; DynamoDB's limit.
const MAX_PATH: usize = 32;

/// What an expression is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpressionKind {
    /// Whether a write takes place.
    Condition,
    /// Which items a query reads.
    KeyCondition,
    /// Which of the items read are returned.
    Filter,
    /// What an update does.
    Update,
    /// Which attributes are returned.
    Projection,
}

impl ExpressionKind {
    /// Name of the request parameter.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Condition => "ConditionExpression",
            Self::KeyCondition => "KeyConditionExpression",
            Self::Filter => "FilterExpression",
            Self::Update => "UpdateExpression",
            Self::Projection => "ProjectionExpression",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Condition => "a condition expression",
            Self::KeyCondition => "a key condition expression",
            Self::Filter => "a filter expression",
            Self::Update => "an update expression",
            Self::Projection => "a projection expression",
        }
    }
}

/// Why an expression, or what it refers to, is wrong. The wording is DynamoDB's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    message: String,
}

impl ExpressionError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    fn invalid(kind: ExpressionKind, what: impl std::fmt::Display) -> Self {
        Self { message: format!("Invalid {}: {what}", kind.parameter()) }
    }
}

type Result<T> = std::result::Result<T, ExpressionError>;
