//! What a subscription sends: compressed JSON with lines of one log stream.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::Serialize;

use crate::ids::ACCOUNT_ID;

/// Most lines of a message.
const MAX_LINES: usize = 1_000;

/// Most bytes of lines in a message: even incompressible, it fits into an asynchronous invocation of 1 MB.
const MAX_BYTES: usize = 512 * 1024;

/// A message and the log stream that its lines are from.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) log_stream: Arc<str>,
    pub(super) lines: usize,
    /// Compressed with gzip.
    pub(crate) data: Bytes,
}

/// One line.
#[derive(Debug, Serialize)]
pub(super) struct LogEvent {
    /// 56 digits, which no other event has.
    id: String,
    /// Milliseconds since 1970.
    timestamp: i64,
    message: String,
}

impl LogEvent {
    /// The line with this number in its subscription.
    pub(super) fn new(number: u64, now: Timestamp, line: &str) -> Self {
        let timestamp = now.as_millisecond();
        Self {
            id: format!("3{timestamp:015}{:020}{number:020}", rand::random::<u64>()),
            timestamp,
            message: line.to_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    message_type: &'static str,
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: &'a [&'a str],
    log_events: &'a [LogEvent],
}

/// The lines of a log stream, in as many messages as it takes.
pub(super) fn messages(group: &str, filter: &str, stream: &Arc<str>, events: &[LogEvent]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |event: &&LogEvent| {
            bytes += event.message.len();
            bytes <= MAX_BYTES
        };
        // A line is far smaller than a message, so the first one always fits.
        let count = rest.iter().take(MAX_LINES).take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        let envelope = Envelope {
            message_type: "DATA_MESSAGE",
            owner: ACCOUNT_ID,
            log_group: group,
            log_stream: stream,
            subscription_filters: &[filter],
            log_events: now,
        };
        messages.push(Message { log_stream: Arc::clone(stream), lines: count, data: compressed(&envelope) });
        rest = later;
    }
    messages
}

impl Message {
    /// What a new subscription sends to try out its destination.
    pub(crate) fn control() -> Self {
        let message = "CWL CONTROL MESSAGE: Checking health of destination.".to_owned();
        let timestamp = Timestamp::now().as_millisecond();
        let envelope = Envelope {
            message_type: "CONTROL_MESSAGE",
            owner: "CloudwatchLogs",
            log_group: "",
            log_stream: "",
            subscription_filters: &[],
            log_events: &[LogEvent { id: String::new(), timestamp, message }],
        };
        Self { log_stream: "control".into(), lines: 0, data: compressed(&envelope) }
    }

    #[cfg(test)]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_reader(flate2::read::GzDecoder::new(self.data.as_ref())).unwrap()
    }
}

#[expect(clippy::expect_used, reason = "memory takes any bytes, and an envelope has string keys only")]
fn compressed(envelope: &Envelope<'_>) -> Bytes {
    let json = serde_json::to_vec(envelope).expect("an envelope is JSON");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&json).and_then(|()| encoder.finish()).expect("memory takes it").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(events: &[LogEvent]) -> Vec<Message> {
        messages("/aws/lambda/greeter", "all", &"one".into(), events)
    }

    fn events(count: u64, line: &str) -> Vec<LogEvent> {
        (0..count).map(|number| LogEvent::new(number, Timestamp::UNIX_EPOCH, line)).collect()
    }

    #[test]
    fn a_message_has_the_documented_form() {
        let taken = taken(&events(2, "{}"));
        let [message] = taken.as_slice() else { panic!("{taken:?}") };
        let body = message.json();
        assert_eq!(body["messageType"], "DATA_MESSAGE");
        assert_eq!((&body["owner"], &body["logGroup"]), (&ACCOUNT_ID.into(), &"/aws/lambda/greeter".into()));
        assert_eq!((&body["logStream"], &body["subscriptionFilters"]), (&"one".into(), &serde_json::json!(["all"])));
        let ids: Vec<_> =
            body["logEvents"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 56), "{ids:?}");
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_digit())), "{ids:?}");
        let control = Message::control().json();
        assert_eq!((&control["messageType"], &control["owner"]), (&"CONTROL_MESSAGE".into(), &"CloudwatchLogs".into()));
    }

    #[test]
    fn many_lines_are_many_messages() {
        for (count, line, expected) in [
            (0, "x".to_owned(), vec![]),
            (1_000, "x".to_owned(), vec![1_000]),
            (2_001, "x".to_owned(), vec![1_000, 1_000, 1]),
            (3, "x".repeat(MAX_BYTES / 2), vec![2, 1]),
        ] {
            let taken = taken(&events(count, &line));
            let found: Vec<_> =
                taken.iter().map(|message| message.json()["logEvents"].as_array().unwrap().len()).collect();
            assert_eq!(found, expected, "{count}");
        }
    }
}
