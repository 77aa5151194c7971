//! `logs`: log lines of the functions and the API, newest last.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use console::style;
use serde_json::{Value, json};

use crate::aws::signed::now;
use crate::outcome::Exit;
use crate::stack::Session;

/// Pages per poll, a few thousand lines each.
const PAGE_LIMIT: usize = 20;
/// The time between polls with `--follow`. Log events arrive some seconds late anyway.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// A log group.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogGroup {
    /// The redirector: GET and HEAD
    Redirector,
    /// The writer: POST and the management API
    Writer,
    /// The function that counts clicks
    Clicks,
    /// The access log of the HTTP API
    Api,
}

impl LogGroup {
    fn output(self) -> &'static str {
        match self {
            Self::Redirector => "RedirectorLogGroup",
            Self::Writer => "WriterLogGroup",
            Self::Clicks => "ClicksLogGroup",
            Self::Api => "ApiLogGroup",
        }
    }
}

/// Options of `infra logs`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Which log to read
    #[arg(value_enum, default_value = "redirector")]
    group: LogGroup,
    /// How far back to begin: 30s, 10m, 2h, 1d
    #[arg(long, default_value = "10m", value_parser = span)]
    since: Duration,
    /// Show only lines that contain this text or match this CloudWatch filter pattern
    #[arg(long, value_name = "PATTERN", default_value = "")]
    filter: String,
    /// Keep printing new lines as they arrive
    #[arg(long, short)]
    follow: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    let invalid = || "expected a number and s, m, h or d, such as 10m".to_owned();
    let unit = text.chars().last().ok_or_else(invalid)?;
    let number: u64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(invalid)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(invalid()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(invalid)
}

/// Runs `infra logs`.
///
/// # Errors
/// If the stack or its log group cannot be read.
pub(crate) async fn run(session: &Session, options: &Options) -> Result<Exit> {
    let stack = session.existing_stack().await?;
    let group = stack.output(options.group.output())?;
    let back = i64::try_from(options.since.as_millis()).unwrap_or(i64::MAX);
    let mut from = now().as_millisecond().saturating_sub(back);
    let mut shown: Vec<String> = Vec::new();
    loop {
        let lines = poll(session, group, &options.filter, from).await?;
        for line in lines.iter().filter(|line| !shown.iter().any(|known| known == id(line))) {
            print(session, line);
        }
        if !options.follow {
            return Ok(Exit::Done);
        }
        // More lines of the last millisecond may arrive: read it again and show only the new ones.
        from = lines.iter().filter_map(time).max().unwrap_or(from);
        shown = lines.iter().filter(|line| time(line) == Some(from)).map(|line| id(line).to_owned()).collect();
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn poll(session: &Session, group: &str, filter: &str, from: i64) -> Result<Vec<Value>> {
    let mut lines = Vec::new();
    let mut token = Value::Null;
    for _ in 0..PAGE_LIMIT {
        let mut body = json!({"logGroupName": group, "startTime": from});
        let optional = [("filterPattern", json!(filter)), ("nextToken", token)];
        if let Some(body) = body.as_object_mut() {
            let given = optional.into_iter().filter(|(_, value)| !value.is_null() && value != "");
            body.extend(given.map(|(name, value)| (name.to_owned(), value)));
        }
        let answer = session.aws.signed.json("logs", "Logs_20140328.FilterLogEvents", &body).await?;
        let page = answer.get("events").and_then(Value::as_array);
        lines.extend(page.into_iter().flatten().cloned());
        token = answer.get("nextToken").cloned().unwrap_or_default();
        if token.is_null() {
            break;
        }
    }
    lines.sort_by_key(time);
    Ok(lines)
}

fn id(line: &Value) -> &str {
    line.get("eventId").and_then(Value::as_str).unwrap_or_default()
}

fn time(line: &Value) -> Option<i64> {
    line.get("timestamp").and_then(Value::as_i64)
}

fn print(session: &Session, line: &Value) {
    let message = line.get("message").and_then(Value::as_str).unwrap_or_default().trim_end();
    let at = time(line).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at.map(|at| at.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default();
    session.terminal.line(format_args!("{} {message}", style(at).dim()));
    session.terminal.event("log", json!({"timestamp": time(line), "message": message}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        for (text, seconds) in [("30s", 30), ("10m", 600), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "10", "10x", "-1m", "1.5h", "99999999999999999999d", "9ä"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
