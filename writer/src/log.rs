//! The log: one JSON object per line. It never contains client addresses, credentials or targets.

use std::{error::Error, time::Duration};

use function::log::{Failure as Failed, Level, write};
use links::{BlockReason, HostChange, HostSuffix, KeyId, Link};
use serde_json::json;

/// The line of a request.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a str,
    /// The path of the call, with placeholders; empty if there is no such call.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// Whose links the caller manages; unset if the caller is not known.
    pub(crate) owner: Option<&'a str>,
    /// Who sent the request; for a key that is not valid, the key that was presented.
    pub(crate) principal: Option<&'a str>,
    /// The link that the request made, or that it names.
    pub(crate) slug: Option<&'a str>,
    /// What was done or what was wrong, in one word.
    pub(crate) outcome: &'static str,
    pub(crate) duration: Duration,
}

impl Line<'_> {
    pub(crate) fn write(&self) {
        let route = format!("{} {}", self.method, self.path);
        let micros = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        let fields = json!({ "request_id": self.request_id, "route": route, "owner": self.owner,
            "principal": self.principal, "status": self.status, "slug": self.slug, "outcome": self.outcome,
            "duration_us": micros });
        write(Level::Info, self.outcome, fields);
    }
}

/// An administrator changed the link of another owner.
pub(crate) fn moderated(request_id: &str, principal: &str, before: &Link, after: &Link) {
    let fields = json!({ "request_id": request_id, "principal": principal, "slug": after.slug.as_str(),
        "owner": after.owner, "state_before": before.state.name(), "state_after": after.state.name(),
        "held": after.held, "reason": BlockReason::of(after.state).map(BlockReason::name), "version": after.version });
    write(Level::Info, "moderated", fields);
}

/// An administrator changed the lists of hosts.
pub(crate) fn hosts_changed(request_id: &str, principal: &str, change: &HostChange) {
    let names = |hosts: &[HostSuffix]| hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let fields = json!({ "request_id": request_id, "principal": principal, "forbid": names(&change.forbid),
        "allow": names(&change.allow), "remove": names(&change.remove) });
    write(Level::Info, "hosts changed", fields);
}

/// The lists of hosts could not be read.
pub(crate) fn hosts_failed(request_id: &str, error: &dyn Error) {
    let message = "the lists of hosts could not be read";
    Failed { level: Level::Error, message, request_id, error, subject: None }.write();
}

/// A failure of the store.
pub(crate) fn store_failed(request_id: &str, error: &dyn Error) {
    Failed { level: Level::Error, message: "the store failed", request_id, error, subject: None }.write();
}

/// The sums of a page of links could not be read. The page was shown without them.
pub(crate) fn sums_failed(request_id: &str, error: &dyn Error) {
    let message = "clicks could not be summed up";
    Failed { level: Level::Error, message, request_id, error, subject: None }.write();
}

/// Days could not be added to a stored sum. Whoever reads it next will do it.
pub(crate) fn sum_not_stored(request_id: &str, of: &str, error: &dyn Error) {
    let message = "a sum of clicks was not stored";
    Failed { level: Level::Warn, message, request_id, error, subject: Some(("of", of)) }.write();
}

/// The store did not respond in time.
pub(crate) fn timed_out(request_id: &str, limit: Duration) {
    let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    write(Level::Error, "the store took too long", json!({ "request_id": request_id, "limit_ms": limit }));
}

/// A key could not be looked up, so its caller was refused.
pub(crate) fn keys_failed(request_id: &str, error: &dyn Error) {
    Failed { level: Level::Error, message: "a key could not be looked up", request_id, error, subject: None }.write();
}

/// The use of a key could not be recorded. Its caller was admitted all the same.
pub(crate) fn use_not_noted(request_id: &str, key_id: &KeyId, error: &dyn Error) {
    let subject = Some(("key_id", key_id.as_str()));
    Failed { level: Level::Warn, message: "the use of a key was not noted", request_id, error, subject }.write();
}
