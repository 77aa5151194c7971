//! A message of CloudWatch Logs: events of one log stream.

use std::borrow::Cow;

use serde::Deserialize;

use super::PayloadError;

/// Events of one log stream, which is one execution environment of the redirector.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    message_type: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) log_stream: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) log_events: Vec<LogEvent<'a>>,
}

/// What a function wrote as one line.
#[derive(Debug, Deserialize)]
pub(crate) struct LogEvent<'a> {
    /// Different for every event.
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    /// When it was written, in milliseconds since the epoch.
    pub(crate) timestamp: i64,
    #[serde(borrow)]
    pub(crate) message: Cow<'a, str>,
}

impl<'a> Message<'a> {
    /// Reads a message; `None` if it only tests whether it arrives.
    ///
    /// # Errors
    /// [`PayloadError::Message`].
    pub(crate) fn read(json: &'a [u8]) -> Result<Option<Self>, PayloadError> {
        let message: Self = serde_json::from_slice(json).map_err(PayloadError::Message)?;
        Ok((message.message_type != "CONTROL_MESSAGE").then_some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_events() {
        let json = r#"{"messageType":"DATA_MESSAGE","owner":"111111111111","logGroup":"g","logStream":"2026/11/26/[7]a\"b",
            "subscriptionFilters":["f"],"logEvents":[{"id":"3195","timestamp":1432826855000,"message":"{\"a\":1}"}]}"#;
        let message = Message::read(json.as_bytes()).unwrap().unwrap();
        assert_eq!(message.log_stream, "2026/11/26/[7]a\"b");
        let event = &message.log_events[0];
        assert_eq!((&*event.id, event.timestamp, &*event.message), ("3195", 1_432_826_855_000, r#"{"a":1}"#));
    }

    #[test]
    fn a_test_message_is_none() {
        let json = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",
            "subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1432826855000,
            "message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}"#;
        assert!(Message::read(json.as_bytes()).unwrap().is_none());
    }

    #[test]
    fn anything_else_is_an_error() {
        for json in ["", "[]", "{}", r#"{"messageType":1}"#, r#"{"messageType":"DATA_MESSAGE","logEvents":[{}]}"#] {
            assert!(matches!(Message::read(json.as_bytes()), Err(PayloadError::Message(_))), "{json}");
        }
    }
}
