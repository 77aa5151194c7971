//! The log: one JSON object a line on standard output, which Lambda carries to the function's log group.

use std::{error::Error, io::Write as _};

use serde_json::{Map, Value};

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

/// Writes a line, which must end with a line break, in one piece.
pub fn write_line(line: &str) {
    // A log that cannot be written must not fail the request, and there is nowhere else to report it.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Writes a JSON object as a line.
pub fn write(object: &Value) {
    write_line(&format!("{object}\n"));
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
        write(&Value::Object(self.fields()));
    }

    fn fields(&self) -> Map<String, Value> {
        let fields = [
            ("level", self.level.name()),
            ("message", self.message),
            ("request_id", self.request_id),
            ("error", &with_causes(self.error)),
        ];
        fields.into_iter().chain(self.subject).map(|(name, value)| (name.to_owned(), value.into())).collect()
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
            Value::Object(failure.fields()),
            serde_json::json!({ "level": "warn", "message": "the store failed", "request_id": "r",
                "error": "refused", "slug": "launch" })
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
