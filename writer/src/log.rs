//! The log: one JSON object a line on standard output, which Lambda carries to the function's log group. It holds no
//! client address, no credentials and no target.

use std::{error::Error, io::Write as _, time::Duration};

use serde_json::{Value, json};

/// One line for a request that was answered.
pub(crate) fn request(
    request_id: &str,
    route: &str,
    status: u16,
    slug: Option<&str>,
    code: &str,
    duration: Duration,
) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    write(
        &json!({ "level": "info", "message": code, "request_id": request_id, "route": route, "status": status,
        "slug": slug, "outcome": code, "duration_us": micros }),
    );
}

/// Trouble with the store, with the whole chain of its causes.
pub(crate) fn store_failed(request_id: &str, error: &dyn Error) {
    write(
        &json!({ "level": "error", "message": "the store failed", "request_id": request_id,
        "error": links::with_causes(error) }),
    );
}

/// An operation that was given up.
pub(crate) fn timed_out(request_id: &str, limit: Duration) {
    write(
        &json!({ "level": "error", "message": "the store took too long", "request_id": request_id,
        "limit_ms": u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) }),
    );
}

fn write(line: &Value) {
    // A log that cannot be written must not fail the request, and there is nobody else to tell.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
