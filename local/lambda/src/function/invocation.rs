//! One invocation: what goes in and what comes out.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::function_error::FunctionError;
use crate::ids;

/// A call of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    /// X-Ray root, `Root=1-…`.
    pub(crate) trace_root: String,
    pub(crate) client_context: Option<String>,
    /// Runs to the end even if nobody waits for the result.
    pub(crate) detached: bool,
    /// The caller wants the log lines; the result then waits until the environment is idle again.
    pub(crate) log_tail: bool,
    /// The process is killed when it has worked on it for so long.
    pub(crate) kill_after: Option<Duration>,
}

impl Invocation {
    /// A call by a service, which nobody else waits for.
    pub(crate) fn of_service(payload: Bytes, kill_after: Option<Duration>) -> Self {
        Self {
            request_id: ids::request_id(),
            payload,
            trace_root: ids::trace_root(None, Timestamp::now()),
            client_context: None,
            detached: true,
            log_tail: false,
            kill_after,
        }
    }
}

/// A finished invocation.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) outcome: Result<Bytes, FunctionError>,
    /// The invocation started its environment.
    pub(crate) cold_start: bool,
    /// From delivery to result, without the wait for an environment.
    pub(crate) duration: Duration,
    /// The last 4 KiB of log, if requested.
    pub(crate) log_tail: Option<String>,
}

impl Completed {
    /// The log of this invocation in Lambda's form: its own lines between `START` and `REPORT`.
    pub(super) fn log(&self, memory_mb: u64, request_id: &str, lines: &[String]) -> String {
        let mut log = format!("START RequestId: {request_id} Version: $LATEST\n");
        for line in lines {
            log.push_str(line);
            log.push('\n');
        }
        let milliseconds = self.duration.as_secs_f64() * 1_000.0;
        let billed = milliseconds.ceil();
        log.push_str(&format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\t\
             Billed Duration: {billed} ms\tMemory Size: {memory_mb} MB\n"
        ));
        log
    }
}
