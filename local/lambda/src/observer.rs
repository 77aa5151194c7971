//! What happens in a stack, for whoever wants to watch it.

use std::fmt::Debug;
use std::time::Duration;

/// Watches a stack. All methods do nothing by default and are called on the stack's own tasks, so they
/// should return quickly.
pub trait Observer: Debug + Send + Sync {
    /// The gateway has answered a request.
    fn request(&self, request: &RequestRecord<'_>) {
        let _ = request;
    }

    /// A function process has printed a line.
    fn output(&self, function: &str, line: &str) {
        let _ = (function, line);
    }

    /// A function process has ended or was killed although it had work to do, or could not start.
    fn crash(&self, crash: &CrashRecord<'_>) {
        let _ = crash;
    }
}

/// One request that the gateway has answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestRecord<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path as the client sent it, without the query.
    pub path: &'a str,
    /// HTTP status of the answer.
    pub status: u16,
    /// From the end of the request head to the answer.
    pub duration: Duration,
    /// The request had to wait for a new execution environment.
    pub cold_start: bool,
}

/// One failed execution environment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CrashRecord<'a> {
    /// Name of the function.
    pub function: &'a str,
    /// What went wrong, as the caller of the function was told.
    pub error: &'a str,
    /// The last lines that the process printed.
    pub last_lines: &'a [String],
}

/// Watches nothing.
#[derive(Debug)]
pub struct Silent;

impl Observer for Silent {}
