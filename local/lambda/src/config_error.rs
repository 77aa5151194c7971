//! Why a configuration cannot be run.

use crate::gateway::RouteError;
use crate::logs::PatternError;

/// A configuration that no platform can run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A route key is malformed.
    #[error("invalid route")]
    Route(#[from] RouteError),
    /// A route leads to a function that is not configured.
    #[error("route {route:?} leads to function {function:?}, which is not configured")]
    UnknownFunction {
        /// The route key.
        route: String,
        /// The name it leads to.
        function: String,
    },
    /// The filter pattern of a subscription is not understood.
    #[error("subscription {0:?} cannot be served")]
    Pattern(String, #[source] PatternError),
    /// A subscription or an event source names a function or stream that is not configured.
    #[error("{from:?} names {name:?}, which is not configured")]
    Unknown {
        /// The subscription, or the event source's stream.
        from: String,
        /// The name of the function or stream.
        name: String,
    },
}
