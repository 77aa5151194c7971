//! The log: one JSON object a line on standard output, which Lambda carries to the function's log group. It holds no
//! client address, no credentials and no target.

use std::{error::Error, time::Duration};

use function::log::{Failure as Failed, Level};
use links::KeyId;
use serde_json::json;

/// One line for a request that was answered.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a str,
    /// The path of the call, with placeholders; empty if there is no such call.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) slug: Option<&'a str>,
    /// In one word, what was done or what was wrong.
    pub(crate) outcome: &'static str,
    pub(crate) duration: Duration,
}

impl Line<'_> {
    pub(crate) fn write(&self) {
        let route = format!("{} {}", self.method, self.path);
        let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        function::log::write(
            &json!({ "level": "info", "message": self.outcome, "request_id": self.request_id, "route": route,
            "status": self.status, "slug": self.slug, "outcome": self.outcome, "duration_us": micros }),
        );
    }
}

/// Trouble with the store, with the whole chain of its causes.
pub(crate) fn store_failed(request_id: &str, error: &dyn Error) {
    Failed { level: Level::Error, message: "the store failed", request_id, error, subject: None }.write();
}

/// An operation that was given up.
pub(crate) fn timed_out(request_id: &str, limit: Duration) {
    function::log::write(&json!({ "level": "error", "message": "the store took too long", "request_id": request_id,
        "limit_ms": u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) }));
}

/// Trouble with the table of keys: nobody is let in.
pub(crate) fn keys_failed(request_id: &str, error: &dyn Error) {
    Failed { level: Level::Error, message: "a key could not be looked up", request_id, error, subject: None }.write();
}

/// A key was used, and the table does not know it.
pub(crate) fn use_not_noted(request_id: &str, key_id: &KeyId, error: &dyn Error) {
    let subject = Some(("key_id", key_id.as_str()));
    Failed { level: Level::Warn, message: "the use of a key was not noted", request_id, error, subject }.write();
}
