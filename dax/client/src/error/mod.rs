//! What can go wrong, and what to do about it.

mod sdk;
mod server;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use dax_protocol::{Access, Exception, Method};

pub(crate) use server::RawReason;
pub use server::ServerError;
pub(crate) use text::with_causes;
use text::{Rounded, Step};

use crate::EndpointError;

/// Why a call failed.
///
/// The text of an error never repeats that of its [source](std::error::Error::source):
/// [`with_causes`](Self::with_causes) shows the whole chain.
///
/// `?` turns what else goes wrong before a call into it: [`BuildError`] of an input's builder, [`EndpointError`] of
/// [`Config::new`](crate::Config::new).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is wrong, or holds what DAX cannot carry. Nothing was sent.
    #[error("{method}: {message}")]
    #[non_exhaustive]
    Validation {
        /// The call.
        method: Method,
        /// What is wrong, and where; worded as DynamoDB does where it knows the case.
        message: String,
    },
    /// An input, or a part of one, lacks what its builder demands. Nothing was sent.
    #[error("cannot build the input")]
    #[non_exhaustive]
    Build {
        /// What is missing.
        #[from]
        source: BuildError,
    },
    /// The server answered with an error.
    #[error(transparent)]
    Server(Box<ServerError>),
    /// The peer broke the protocol. The connection is closed.
    #[error("{}: answer not understood at byte {at}: {what}", Step(*method, *lookup))]
    #[non_exhaustive]
    Malformed {
        /// The call.
        method: Method,
        /// The question that the call had to ask first, if that is what was answered.
        lookup: Option<Method>,
        /// Offset in the answer, or in an item embedded in it.
        at: usize,
        /// What was wrong there.
        what: &'static str,
    },
    /// An answer needs more lookups, round after round, than any honest one could.
    #[error("{method}: still {missing} lookups missing after {rounds} rounds")]
    #[non_exhaustive]
    TooManyLookups {
        /// The call.
        method: Method,
        /// Rounds of lookups that were made.
        rounds: usize,
        /// Lookups that the next round would make.
        missing: usize,
    },
    /// No connection to a node could be opened.
    #[error("cannot connect to {endpoint}")]
    #[non_exhaustive]
    Connect {
        /// The node.
        endpoint: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The node's TLS identity was not accepted, or the TLS handshake failed.
    #[error("no TLS session with {endpoint} as {server_name}")]
    #[non_exhaustive]
    Tls {
        /// The node.
        endpoint: SocketAddr,
        /// The name that its certificate has to bear.
        server_name: String,
        /// What the TLS stack said.
        source: io::Error,
    },
    /// A host name did not resolve.
    #[error("cannot resolve {host}")]
    #[non_exhaustive]
    Dns {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// A connection broke during a call.
    #[error("{}: connection to {endpoint} broke", Step(*method, *lookup))]
    #[non_exhaustive]
    Broken {
        /// The call.
        method: Method,
        /// The question that the call had to ask first, if that was under way.
        lookup: Option<Method>,
        /// The node.
        endpoint: SocketAddr,
        /// Whether any part of the request may have reached the node.
        sent: bool,
        /// What the system said; end of stream is [`io::ErrorKind::UnexpectedEof`].
        source: io::Error,
    },
    /// A call took too long.
    #[error("{}: no answer within {}", Step(*method, *lookup), Rounded(*after))]
    #[non_exhaustive]
    Timeout {
        /// The call.
        method: Method,
        /// The question that the call had to ask first, if that was not answered.
        lookup: Option<Method>,
        /// The time that was allowed.
        after: Duration,
        /// Whether any part of the request may have reached a node.
        sent: bool,
    },
    /// No node can take the call.
    #[error("{}: no usable node: {reason}", Step(*method, None))]
    #[non_exhaustive]
    NoRoute {
        /// The call.
        method: Method,
        /// What is known about why.
        reason: String,
        /// The last failure to learn about nodes.
        source: Option<Arc<Self>>,
    },
    /// DynamoDB, asked in place of the cluster, gave no answer either; see [`Config::fallback`](crate::Config::fallback).
    #[error("{method}: no answer from DynamoDB, asked in place of the cluster")]
    #[non_exhaustive]
    Fallback {
        /// The call.
        method: Method,
        /// How the cluster had failed; `None` if it was not asked, because the circuit was open.
        cluster: Option<Box<Self>>,
        /// Whether any part of the request may have reached DynamoDB.
        sent: bool,
        /// What the SDK's client said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Credentials could not be had.
    #[error("no credentials to authorise the connection with")]
    #[non_exhaustive]
    Credentials {
        /// What the provider said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Text that is not an endpoint.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A setting that cannot work.
    #[error("configuration: {message}")]
    #[non_exhaustive]
    Config {
        /// What, and why it cannot work.
        message: String,
    },
    /// A [`Batch`](crate::Batch) gave up on what the server left unprocessed again and again.
    #[error("{method}: {left} still unprocessed after {tries} requests in a row got none of them done")]
    #[non_exhaustive]
    Unprocessed {
        /// The call.
        method: Method,
        /// Keys or writes that are left.
        left: usize,
        /// Requests in a row that got nothing done.
        tries: u32,
    },
    /// A page ended where it began, so that further pages would go round in circles.
    #[error("{method}: a page ended where it began")]
    #[non_exhaustive]
    NoProgress {
        /// The call.
        method: Method,
    },
    /// A [`DynamoDb`](crate::DynamoDb) other than [`Client`](crate::Client) that lacks this operation.
    #[error("{method}: not implemented by this stand-in for a client")]
    #[non_exhaustive]
    Unsupported {
        /// The call.
        method: Method,
    },
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        Self::Server(Box::new(error))
    }
}

/// Whether a resolver's answer was that a name does not exist. Systems tell it apart from a resolver out of reach in the
/// text only.
fn says_no_such_name(error: &io::Error) -> bool {
    let text = error.to_string();
    let final_answers = ["not known", "No such host", "No address associated", "not provided"];
    error.kind() == io::ErrorKind::NotFound || final_answers.iter().any(|answer| text.contains(answer))
}

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// Do not repeat it.
    Never,
    /// Repeat it at once, on another node if there is one.
    Now,
    /// Repeat it after a pause that grows.
    AfterWait,
    /// Fetch the list of the cluster's nodes again, then repeat it.
    AfterRecovery,
    /// Authorise the connection again and repeat it, once.
    Reauthorize,
    /// Repeat it on a new connection.
    NewConnection,
}

impl Error {
    pub(crate) fn validation(method: Method, message: impl Into<String>) -> Self {
        Self::Validation { method, message: message.into() }
    }

    /// It with its causes, in one line: `cannot connect to 10.0.0.5:8111: timed out`.
    pub fn with_causes(&self) -> impl fmt::Display {
        with_causes(self)
    }

    /// What to do about it. A write that may have taken effect is [`Retry::Never`].
    pub fn retry(&self) -> Retry {
        if self.outcome_unknown() {
            return Retry::Never;
        }
        match self {
            Self::Server(error) => error.retry(),
            Self::Malformed { .. } | Self::Broken { .. } | Self::Timeout { .. } => Retry::NewConnection,
            Self::Connect { .. } => Retry::Now,
            Self::Dns { source, .. } if !says_no_such_name(source) => Retry::AfterWait,
            Self::NoRoute { .. } => Retry::AfterRecovery,
            Self::Fallback { .. } => Retry::AfterWait,
            _ => Retry::Never,
        }
    }

    /// Whether a write may have taken effect although the call failed.
    ///
    /// `false` for reads, and for transactions, which carry a token and take effect once.
    pub fn outcome_unknown(&self) -> bool {
        let (method, sent) = match self {
            Self::Server(error) => return error.outcome_unknown(),
            Self::Malformed { method, .. } => (method, true),
            Self::Broken { method, sent, .. }
            | Self::Timeout { method, sent, .. }
            | Self::Fallback { method, sent, .. } => (method, *sent),
            // The write was answered; only the answer could not be read.
            Self::TooManyLookups { method, .. } => (method, true),
            _ => return false,
        };
        sent && method.access() == Access::Write
    }

    /// The error that the server answered with, if it did.
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Self::Server(error) => Some(error),
            _ => None,
        }
    }

    /// Which exception it is, if it is a known one: raised by the server, or [`Exception::Validation`] if the request was
    /// found wrong before it was sent.
    pub fn exception(&self) -> Option<Exception> {
        match self {
            Self::Validation { .. } | Self::Build { .. } => Some(Exception::Validation),
            Self::Server(error) => error.exception(),
            _ => None,
        }
    }

    /// Whether a single write was refused because its condition does not hold.
    pub fn is_condition_failed(&self) -> bool {
        self.exception() == Some(Exception::ConditionalCheckFailed)
    }

    /// Whether the call was wrong and nothing was sent, or DynamoDB says that it was wrong.
    pub fn is_validation(&self) -> bool {
        self.exception() == Some(Exception::Validation)
    }

    /// Whether the table or index does not exist.
    pub fn is_not_found(&self) -> bool {
        self.exception() == Some(Exception::ResourceNotFound)
    }

    /// Whether the failure lies on the way to the server: a name, a connection, a deadline.
    pub const fn is_io(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Tls { .. }
                | Self::Dns { .. }
                | Self::Broken { .. }
                | Self::Timeout { .. }
                | Self::NoRoute { .. }
                | Self::Fallback { .. }
        )
    }

    /// The same after the cluster was asked as well, and failed in this way.
    pub(crate) fn with_cluster(mut self, failure: Self) -> Self {
        if let Self::Fallback { cluster, .. } = &mut self {
            *cluster = Some(Box::new(failure));
        }
        self
    }

    /// Whether this is the outcome of a call that could be made without the cluster: a verdict, unless it is that a node
    /// has more reads than it can take. A table that is out of capacity says so under another name.
    pub(crate) fn is_final(&self, access: Access) -> bool {
        let overloaded = self.exception() == Some(Exception::Throttling);
        self.is_verdict() && !(overloaded && access == Access::Read)
    }

    /// Whether somebody judged the request. If not, whoever was asked could not answer.
    pub(crate) fn is_verdict(&self) -> bool {
        match self {
            Self::Validation { .. } | Self::Build { .. } | Self::Endpoint(_) | Self::Config { .. } => true,
            Self::Server(error) => error.is_verdict(),
            _ => false,
        }
    }
}
