//! Events of a platform, for programs that want to watch it.

use std::fmt::Debug;
use std::time::Duration;

/// Watches a platform. All methods do nothing by default. They are called on the platform's own tasks, so they should
/// return quickly.
pub trait Observer: Debug + Send + Sync {
    /// The gateway has responded to a request.
    fn request(&self, request: &RequestRecord<'_>) {
        let _ = request;
    }

    /// The gateway has refused a request before it looked for a route: it was for another host, or a web page of another
    /// origin caused it.
    fn refused(&self, refused: &RefusedRecord<'_>) {
        let _ = refused;
    }

    /// A function process has printed a line.
    fn output(&self, function: &str, line: &str) {
        let _ = (function, line);
    }

    /// A function process failed: it could not start, or it ended or was killed during an invocation.
    fn crash(&self, crash: &CrashRecord<'_>) {
        let _ = crash;
    }
}

/// One request that the gateway has responded to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestRecord<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path as the client sent it, without the query.
    pub path: &'a str,
    /// HTTP status of the response.
    pub status: u16,
    /// From the end of the request head to the response.
    pub duration: Duration,
    /// The request had to wait for a new execution environment.
    pub cold_start: bool,
}

/// One request that the gateway has refused.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RefusedRecord<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path as the client sent it, without the query.
    pub path: &'a str,
    /// Why, in the words of the response.
    pub reason: &'a str,
}

/// One failed execution environment, or one malformed result.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CrashRecord<'a> {
    /// Name of the function.
    pub function: &'a str,
    /// The failure. If the caller received an error, its JSON.
    pub error: &'a str,
    /// The last lines that the process printed.
    pub last_lines: &'a [String],
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {}
