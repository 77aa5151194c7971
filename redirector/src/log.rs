//! The log: one JSON object a line on standard output, which Lambda carries to the function's log group.
//!
//! The line of a redirect is put together by hand, because it is part of the redirect's cost. No line holds a client
//! address, a user agent, a query or a target. What it says about a visitor is in [`Click`].

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use function::log::{Failure, Level, LogTime, write_line};

use crate::{
    click::Click,
    event::{Headers, Method},
};

/// Writes lines up to a level.
#[derive(Debug)]
pub(crate) struct Log {
    level: Level,
}

/// What is logged about a request.
#[derive(Debug)]
pub(crate) struct RequestLine<'a> {
    /// When the request arrived.
    pub(crate) time: SystemTime,
    pub(crate) request_id: &'a str,
    /// Empty if the path was not a slug.
    pub(crate) slug: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) method: Method,
    pub(crate) status: u16,
    pub(crate) tier: &'static str,
    pub(crate) duration: Duration,
    /// If clicks are counted and the request counts.
    pub(crate) click: Option<Click>,
}

impl Log {
    pub(crate) fn new(level: Level) -> Self {
        Self { level }
    }

    /// Logs a request. One that counts is logged at every level, because its line is what is counted.
    pub(crate) fn request(&self, line: &RequestLine<'_>, headers: &Headers) {
        if self.level >= Level::Info || line.click.is_some() {
            write_line(&request_line(line, headers));
        }
    }

    /// Logs a failure of the store with its causes.
    pub(crate) fn store_failed(&self, level: Level, request_id: &str, slug: &str, error: &dyn Error) {
        if self.level >= level {
            let subject = Some(("slug", slug));
            Failure { level, message: "the store failed", request_id, error, subject }.write();
        }
    }
}

/// Room for a line with the longest usual texts, so that it is made in one piece.
const LINE_BYTES: usize = 480;

/// Formats a line. None of its texts needs escaping: they are our own identifiers, slugs and host names.
pub(crate) fn request_line(line: &RequestLine<'_>, headers: &Headers) -> String {
    let RequestLine { time, request_id, slug, outcome, method, status, tier, duration, click } = line;
    let plain = request_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let mut text = String::with_capacity(LINE_BYTES);
    // Put together rather than formatted, which takes twice as long.
    for part in [
        r#"{"timestamp":""#,
        LogTime::of(*time).as_str(),
        r#"","level":"info","message":""#,
        outcome,
        r#"","request_id":""#,
        if plain { request_id } else { "" },
        r#"","slug":""#,
        slug,
        r#"","outcome":""#,
        outcome,
        r#"","method":""#,
        method.name(),
        r#"","status":"#,
        itoa::Buffer::new().format(*status),
        r#","tier":""#,
        tier,
        r#"","duration_us":"#,
        itoa::Buffer::new().format(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
        r#","bot":"#,
        json_bool(headers.agent.is_bot()),
        r#","prefetch":"#,
        json_bool(headers.is_prefetch()),
        r#","referrer":""#,
        &headers.referrer.0,
        "\"",
    ] {
        text.push_str(part);
    }
    if let Some(click) = click {
        click.write_to(&mut text);
    }
    text.push_str("}\n");
    text
}

fn json_bool(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_with_the_documented_fields() {
        let headers: Headers = serde_json::from_str(
            r#"{"user-agent":"Googlebot/2.1 (secret)","sec-purpose":"prefetch;secret","referer":"https://example.com/?q=secret"}"#,
        )
        .unwrap();
        let line = request_line(
            &RequestLine {
                time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_798_761_600_250),
                request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                slug: "grqpaeet",
                outcome: "redirect",
                method: Method::Head,
                status: 301,
                tier: "lru",
                duration: Duration::from_micros(12),
                click: None,
            },
            &headers,
        );
        assert!(line.ends_with("}\n") && !line.contains("secret"), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            value,
            serde_json::json!({ "timestamp": "2027-01-01T00:00:00.250Z", "level": "info", "message": "redirect", "outcome": "redirect", "method": "HEAD", "status": 301,
                "request_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "slug": "grqpaeet", "tier": "lru",
                "duration_us": 12, "bot": true, "prefetch": true, "referrer": "example.com" })
        );
    }

    #[test]
    fn a_strange_request_id_cannot_break_the_line() {
        let line = RequestLine {
            time: SystemTime::UNIX_EPOCH,
            request_id: "\"",
            slug: "",
            outcome: "gone",
            method: Method::Other,
            status: 410,
            tier: "none",
            duration: Duration::ZERO,
            click: None,
        };
        assert!(serde_json::from_str::<serde_json::Value>(&request_line(&line, &Headers::default())).is_ok());
    }
}
