//! The log: one JSON object a line, on standard output or, from `warn` on, standard error. Lambda carries both to the
//! function's log group.
//!
//! Every line has a `timestamp` and a `level`. Lambda counts a line without them as `INFO`, whatever it reports, and drops it
//! when the stack's `LogLevel` is higher.
//!
//! Source: AWS Lambda developer guide, "Log-level filtering".

use std::{error::Error, io::Write as _, time::SystemTime};

use serde_json::{Value, json};

pub use crate::log_time::LogTime;
use crate::with_causes;

/// How much is written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Off,
    /// What someone must look at.
    Error,
    /// Also what went wrong but was recovered from.
    Warn,
    /// Also a line per request.
    Info,
}

impl Level {
    /// The level of that name, in any case. `debug` and `trace` mean `info`: there is nothing below it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "off" => Self::Off,
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" | "debug" | "trace" => Self::Info,
            _ => return None,
        })
    }

    /// Its name in settings and in log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

/// Writes a line of a request, which must end with a line break and have a timestamp and a level, in one piece.
pub fn write_line(line: &str) {
    // A log that cannot be written must not fail the request, and there is nowhere else to report it.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Writes a line with a timestamp, a level, a message that can be read alone, and the entries of the object `fields`.
pub fn write(level: Level, message: &str, fields: Value) {
    #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
    let now = SystemTime::now();
    let line = format!("{}\n", object(now, level, message, fields));
    if level == Level::Info {
        write_line(&line);
    } else {
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn object(now: SystemTime, level: Level, message: &str, fields: Value) -> Value {
    let mut object = json!({ "timestamp": LogTime::of(now).as_str(), "level": level.name(), "message": message });
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}

/// Something that failed while a request was handled.
#[derive(Debug)]
pub struct Failure<'a> {
    /// How bad it is.
    pub level: Level,
    /// What failed, without particulars.
    pub message: &'static str,
    /// The request.
    pub request_id: &'a str,
    /// Why, logged with the whole chain of its causes.
    pub error: &'a dyn Error,
    /// A name and its value: what the failure is about.
    pub subject: Option<(&'static str, &'a str)>,
}

impl Failure<'_> {
    /// Writes it as a line.
    pub fn write(&self) {
        write(self.level, self.message, self.fields());
    }

    fn fields(&self) -> Value {
        let mut fields = json!({ "request_id": self.request_id, "error": with_causes(self.error) });
        if let (Value::Object(fields), Some((name, value))) = (&mut fields, self.subject) {
            fields.insert(name.to_owned(), value.into());
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_logged_with_its_subject() {
        let error = std::io::Error::other("refused");
        let failure = Failure {
            level: Level::Warn,
            message: "the store failed",
            request_id: "r",
            error: &error,
            subject: Some(("slug", "launch")),
        };
        assert_eq!(
            object(SystemTime::UNIX_EPOCH, failure.level, failure.message, failure.fields()),
            json!({ "timestamp": "1970-01-01T00:00:00.000Z", "level": "warn", "message": "the store failed",
                "request_id": "r", "error": "refused", "slug": "launch" })
        );
    }

    #[test]
    fn levels_have_names_both_ways() {
        for level in [Level::Off, Level::Error, Level::Warn, Level::Info] {
            assert_eq!(Level::from_name(level.name()), Some(level));
        }
        assert_eq!((Level::from_name("DEBUG"), Level::from_name("loud")), (Some(Level::Info), None));
    }
}
