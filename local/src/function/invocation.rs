//! One invocation: what goes in, what comes out, and how failures are worded.

use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::Spec;

/// A call of a function.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    /// X-Ray root, `Root=1-…`.
    pub(crate) trace_root: String,
    pub(crate) client_context: Option<String>,
    /// Run to the end even if nobody waits for the answer.
    pub(crate) detached: bool,
    /// The caller wants the log lines; the answer then waits until the environment is idle again.
    pub(crate) log_tail: bool,
}

/// A finished invocation.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) outcome: Result<Bytes, FunctionError>,
    /// The invocation started its environment.
    pub(crate) cold_start: bool,
    /// From delivery to answer, without waiting for an environment.
    pub(crate) duration: Duration,
    /// The last 4 KiB of log, when asked for.
    pub(crate) log_tail: Option<String>,
}

impl Completed {
    /// The log of this invocation in Lambda's form: its own lines between `START` and `REPORT`.
    pub(super) fn log(&self, spec: &Spec, request_id: &str, lines: &[String]) -> String {
        let mut log = format!("START RequestId: {request_id} Version: $LATEST\n");
        for line in lines {
            log.push_str(line);
            log.push('\n');
        }
        let milliseconds = self.duration.as_secs_f64() * 1_000.0;
        let (billed, memory) = (milliseconds.ceil(), spec.memory_mb);
        log.push_str(&format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\t\
             Billed Duration: {billed} ms\tMemory Size: {memory} MB\n"
        ));
        log
    }
}

/// A failure of the function, as its caller sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FunctionError {
    /// `Runtime.ExitError`, `Function.Unknown` and so on.
    pub(crate) kind: String,
    /// JSON with `errorType` and `errorMessage`.
    pub(crate) payload: Bytes,
}

impl FunctionError {
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        let payload = json!({ "errorType": kind, "errorMessage": message });
        Self { kind: kind.to_owned(), payload: Bytes::from(payload.to_string()) }
    }

    pub(super) fn timed_out(request_id: &str, limit: Duration) -> Self {
        let message = format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", limit.as_secs_f64());
        Self::new("Sandbox.Timedout", &message)
    }

    pub(super) fn exited(request_id: &str, status: Exit) -> Self {
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {status}");
        Self::new("Runtime.ExitError", &message)
    }

    pub(super) fn not_started(request_id: &str, program: &str, reason: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: fork/exec {program}: {reason}");
        Self::new("Runtime.InvalidEntrypoint", &message)
    }
}

/// How a process ended, in Lambda's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exit(pub(super) Option<ExitStatus>);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(status) = self.0 else {
            return f.write_str("unknown");
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(9)) => f.write_str("signal: killed"),
            (None, Some(6)) => f.write_str("signal: aborted"),
            (None, Some(11)) => f.write_str("signal: segmentation fault"),
            (None, Some(signal)) => write!(f, "signal: {signal}"),
            (None, None) => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn failures_are_worded_as_lambda_words_them() {
        let exit = Exit(Some(ExitStatus::from_raw(3 << 8)));
        for (error, kind, message) in [
            (
                FunctionError::timed_out("id", Duration::from_secs(3)),
                "Sandbox.Timedout",
                "RequestId: id Error: Task timed out after 3.00 seconds",
            ),
            (
                FunctionError::exited("id", exit),
                "Runtime.ExitError",
                "RequestId: id Error: Runtime exited with error: exit status 3",
            ),
            (
                FunctionError::exited("id", Exit(Some(ExitStatus::from_raw(9)))),
                "Runtime.ExitError",
                "RequestId: id Error: Runtime exited with error: signal: killed",
            ),
        ] {
            let payload: serde_json::Value = serde_json::from_slice(&error.payload).unwrap();
            assert_eq!(payload, json!({ "errorType": kind, "errorMessage": message }));
            assert_eq!(error.kind, kind);
        }
    }
}
