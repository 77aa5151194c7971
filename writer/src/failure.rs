//! Why a call did not do what it was asked for.

use links::StoreError;

use crate::http::problem::Problem;

/// Why a call did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is the request's fault, or there is nothing to be done.
    Problem(Problem),
    /// The store failed; the log tells how, the client only learns that it did.
    Store(StoreError),
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
