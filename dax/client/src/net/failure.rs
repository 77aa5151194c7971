//! Attempts that failed: which error the caller gets, and what else follows.

use dax_protocol::{Exception, Method};

use super::patience::Patience;
use crate::error::Error;
use crate::session::{Call, Request};

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether the call may be made again as far as its effect goes: it is a read, or it carries a token, or the
    /// node cannot have acted on it.
    pub(crate) harmless: bool,
    /// Whether the node may have carried out a call that changes data.
    pub(crate) acted: bool,
    /// Whether it only waited in line for a connection.
    pub(crate) in_line: bool,
    /// What was kept from earlier had gone stale unnoticed, a connection or the number of a list, and nothing is known
    /// against the node.
    pub(crate) stale: bool,
}

/// What had happened by the time an attempt failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met {
    /// It involved the node: it did not only wait in line.
    pub(super) node: bool,
    /// Its connection was a new one, on which the node had not answered.
    pub(super) unproven: bool,
    /// Another call failed to open the connection that it waited for.
    pub(super) others: bool,
    /// It took a connection that had gone stale.
    pub(super) stale: bool,
}

impl Met {
    /// The attempt fails with the error of another call.
    pub(super) fn through_others(&mut self, error: Error) -> Error {
        self.others = true;
        error
    }
}

/// The error of a call whose patience has ended.
pub(super) fn timed_out<R: Request>(call: &Call<'_, R>, patience: &Patience) -> Error {
    let after = patience.until().saturating_duration_since(patience.started());
    Error::Timeout { method: call.method(), lookup: patience.lookup(), after, sent: call.is_sent() }
}

/// Whether the node does not know the number of a list that it gave out before: it was restarted. It cannot have carried
/// out what it could not read.
pub(super) fn is_unknown_list(error: &Error) -> bool {
    let server = error.server().filter(|server| server.exception() == Some(Exception::Validation));
    server.is_some_and(|server| server.message.starts_with("unknown attribute list"))
}

/// The error of a lookup as that of the call that needed it.
pub(super) fn of_lookup(error: Error, method: Method, sent: bool) -> Error {
    match error {
        Error::Timeout { method: lookup, after, .. } => Error::Timeout { method, lookup: Some(lookup), after, sent },
        Error::Broken { method: lookup, endpoint, source, .. } => {
            Error::Broken { method, lookup: Some(lookup), endpoint, sent, source }
        }
        Error::Malformed { method: lookup, at, what, .. } => {
            Error::Malformed { method, lookup: Some(lookup), at, what }
        }
        Error::Server(mut server) => {
            server.lookup = Some(server.method);
            server.method = method;
            Error::Server(server)
        }
        other => other,
    }
}

/// The error of a write that was sent, whatever failed afterwards: it tells the caller that the write may have taken
/// effect.
pub(super) fn of_request(error: Error, method: Method) -> Error {
    match error {
        Error::Timeout { .. } | Error::Broken { .. } | Error::Malformed { .. } | Error::TooManyLookups { .. } => error,
        other => {
            tracing::debug!(error = %other.with_causes(), "the names in an answer could not be learned");
            Error::Malformed { method, lookup: None, at: 0, what: "its attribute names could not be learned" }
        }
    }
}
