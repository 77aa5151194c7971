//! How a run ends: exit codes that a script can branch on.

use std::fmt;

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Something failed; the stack was not touched, or is unchanged.
    Failed = 1,
    /// The result is not the desired one: the change was rolled back, or the stack has drifted.
    NotAsDesired = 2,
    /// The stack needs a decision before anything else can happen to it.
    NeedsDecision = 3,
    /// Ctrl-C.
    Interrupted = 130,
}

/// An error that carries its exit code; every other error exits with [`Exit::Failed`].
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// The message for the user.
    pub(crate) message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// An error with an exit code other than [`Exit::Failed`].
pub(crate) fn failure(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    Failure { exit, message: message.into() }.into()
}

/// The exit code of an error.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    error.downcast_ref::<Failure>().map_or(Exit::Failed, |failure| failure.exit)
}
