//! Why a call failed.

use links::{KeysError, StoreError};

use crate::{
    http::problem::{AccessProblem, LinkProblem, Problem, RequestProblem},
    log,
};

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request is wrong, or cannot be done now.
    Problem(Problem),
    /// The store failed. The log says how; the client learns only that it did.
    Store(StoreError),
    /// The keys table failed, which holds the lists of hosts.
    Hosts(KeysError),
}

impl Failure {
    /// What the client sees of it. What the client must not see is logged.
    pub(crate) fn into_problem(self, request_id: &str) -> Problem {
        let error = match self {
            Self::Problem(problem) => return problem,
            Self::Store(error) => error,
            Self::Hosts(error) => {
                log::hosts_failed(request_id, &error);
                return AccessProblem::HostsUnavailable.into();
            }
        };
        log::store_failed(request_id, &error);
        match error {
            StoreError::Malformed { slug, .. } => LinkProblem::Malformed { slug: slug.to_string() }.into(),
            StoreError::NoOwnerIndex => RequestProblem::NoOwnerIndex.into(),
            _ => Problem::Unavailable,
        }
    }
}

impl<P: Into<Problem>> From<P> for Failure {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::Hosts(error)
    }
}
