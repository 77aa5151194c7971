//! Why an environment failed, and what the caller of its function hears about it.

use std::io;
use std::time::Duration;

use super::process::Exit;
use crate::config::Function;
use crate::function_error::FunctionError;

/// Why an environment ended, or never became ready, while an invocation needed it.
#[derive(Debug)]
pub(super) enum Failure {
    /// The program could not be started.
    NotStarted(io::Error),
    /// The process reported that it cannot initialise.
    Reported(FunctionError),
    /// The process ended on its own.
    Exited(Exit),
    /// The process overran its deadline.
    TimedOut,
}

impl Failure {
    /// The error for the caller, in Lambda's words.
    pub(super) fn to_error(&self, request_id: &str, function: &Function) -> FunctionError {
        let (kind, reason) = match self {
            Self::Reported(error) => return error.clone(),
            Self::NotStarted(error) => {
                ("Runtime.InvalidEntrypoint", format!("fork/exec {}: {error}", function.program.display()))
            }
            Self::Exited(status) => ("Runtime.ExitError", format!("Runtime exited with error: {status}")),
            Self::TimedOut => ("Sandbox.Timedout", timed_out(function.timeout)),
        };
        FunctionError::new(kind, &format!("RequestId: {request_id} Error: {reason}"))
    }
}

fn timed_out(limit: Duration) -> String {
    format!("Task timed out after {:.2} seconds", limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use serde_json::json;

    use super::*;

    #[test]
    fn failures_are_worded_as_lambda_words_them() {
        let function = Function::new("f", "/opt/f");
        let exited = |raw| Failure::Exited(Exit::from(ExitStatus::from_raw(raw)));
        for (failure, kind, message) in [
            (Failure::TimedOut, "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
            (exited(3 << 8), "Runtime.ExitError", "Runtime exited with error: exit status 3"),
            (exited(9), "Runtime.ExitError", "Runtime exited with error: signal: killed"),
            (
                Failure::NotStarted(io::Error::other("no such file")),
                "Runtime.InvalidEntrypoint",
                "fork/exec /opt/f: no such file",
            ),
        ] {
            let error = failure.to_error("id", &function);
            let payload: serde_json::Value = serde_json::from_slice(&error.payload).unwrap();
            let message = format!("RequestId: id Error: {message}");
            assert_eq!(payload, json!({ "errorType": kind, "errorMessage": message }));
            assert_eq!(error.kind, kind);
        }
    }
}
