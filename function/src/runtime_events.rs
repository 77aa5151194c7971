//! What `lambda_runtime` reports, as log lines.
//!
//! Without a subscriber it prints its errors as plain text, which has no level.

use std::fmt::{self, Write as _};

use serde_json::json;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};

use crate::log;

/// The crate whose errors are written. What other crates report, the functions report themselves.
const RUNTIME: &str = "lambda_runtime";

/// Writes errors of `lambda_runtime` to the log from now on. Everything else costs one comparison.
pub(crate) fn write() {
    // If there is a subscriber already, it has them.
    let _ = tracing::subscriber::set_global_default(Errors);
}

/// Takes errors, and no spans.
struct Errors;

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::ERROR && metadata.target().starts_with(RUNTIME)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::ERROR)
    }

    fn event(&self, event: &Event<'_>) {
        log::write(log::Level::Error, "the Lambda runtime failed", json!({ "error": Text::of(event) }));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event and its other fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn of(event: &Event<'_>) -> String {
        let mut text = Self::default();
        event.record(&mut text);
        text.message + &text.fields
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, "; {name}: {value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Keeps the texts of events.
    struct Texts(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Texts {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            Errors.enabled(metadata)
        }

        fn event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(Text::of(event));
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn only_errors_of_the_runtime_are_written() {
        let texts = Arc::new(Mutex::default());
        tracing::subscriber::with_default(Texts(Arc::clone(&texts)), || {
            tracing::error!(target: "lambda_runtime::layers", status = 413, "not accepted");
            tracing::warn!(target: "lambda_runtime::layers", "slow");
            tracing::error!(target: "hyper::client", "gone");
        });
        assert_eq!(*texts.lock().unwrap(), ["not accepted; status: 413"]);
    }
}
