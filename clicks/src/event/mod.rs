//! What invokes the function: records of a Kinesis stream, or a message of CloudWatch Logs itself.
//!
//! ```text
//! Input ─► record ─► payload ─┬─ gzip: message of CloudWatch Logs ─► lines ─► clicks
//!                             └─ else: lines of CloudFront ─► clicks
//! ```

pub(crate) mod edge;
pub(crate) mod line;
pub(crate) mod message;

use std::{io::Read as _, str::FromStr as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::bufread::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use links::clicks::Sequence;
use serde::Deserialize;

/// Largest message after decompression. CloudWatch Logs puts at most 1 MB of events into one.
const MAX_MESSAGE_BYTES: u64 = 32 << 20;

/// How the payload of CloudWatch Logs begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An event as Lambda passes it to the function.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Input {
    /// From an event source mapping on a stream.
    #[serde(default, rename = "Records")]
    pub(crate) records: Vec<RawRecord>,
    /// From a subscription that invokes the function.
    #[serde(default)]
    pub(crate) awslogs: Option<RawMessage>,
}

/// A record of a stream.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RawRecord {
    /// `shardId-000000000006:4959…`.
    #[serde(rename = "eventID")]
    event_id: String,
    kinesis: RawKinesis,
}

#[derive(Debug, Clone, Deserialize)]
struct RawKinesis {
    #[serde(rename = "sequenceNumber")]
    sequence_number: String,
    /// In Base64.
    data: String,
    /// In seconds.
    #[serde(rename = "approximateArrivalTimestamp")]
    approximate_arrival_timestamp: Option<f64>,
}

/// A message of CloudWatch Logs that invoked the function.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RawMessage {
    /// Base64 of gzip of JSON.
    pub(crate) data: String,
}

/// A record whose place in the stream is known.
#[derive(Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) shard: u64,
    pub(crate) sequence: Sequence,
    /// When the stream received it.
    pub(crate) arrival: Option<Timestamp>,
    /// In Base64.
    pub(crate) data: String,
}

impl RawRecord {
    /// # Errors
    /// [`PayloadError::Place`].
    pub(crate) fn read(self) -> Result<Record, PayloadError> {
        let shard =
            self.event_id.strip_prefix("shardId-").and_then(|rest| rest.split_once(':')).map(|(shard, _)| shard);
        let shard = shard.and_then(|digits| digits.parse().ok()).ok_or(PayloadError::Place)?;
        let sequence =
            Sequence::from_str(&self.kinesis.sequence_number).map_err(|_not_a_number| PayloadError::Place)?;
        let arrival = self.kinesis.approximate_arrival_timestamp.and_then(time_of_seconds);
        Ok(Record { shard, sequence, arrival, data: self.kinesis.data })
    }
}

/// A time that is written in seconds, to the millisecond.
fn time_of_seconds(seconds: f64) -> Option<Timestamp> {
    let since_epoch = SignedDuration::try_from_secs_f64(seconds + 0.000_5).ok()?;
    Timestamp::from_millisecond(i64::try_from(since_epoch.as_millis()).ok()?).ok()
}

/// What a record holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// The JSON of a message of CloudWatch Logs.
    Message(Vec<u8>),
    /// Something else, which must be lines of CloudFront.
    Lines(Vec<u8>),
}

impl Payload {
    /// # Errors
    /// [`PayloadError`] if the data is not Base64, or is gzip that cannot be decompressed.
    pub(crate) fn of(data: &str) -> Result<Self, PayloadError> {
        let bytes = STANDARD.decode(data).map_err(|_error| PayloadError::Base64)?;
        if !bytes.starts_with(&GZIP) {
            return Ok(Self::Lines(bytes));
        }
        let mut message = Vec::with_capacity(bytes.len() * 8);
        let mut decoder = GzDecoder::new(bytes.as_slice()).take(MAX_MESSAGE_BYTES + 1);
        decoder.read_to_end(&mut message).map_err(PayloadError::Gzip)?;
        if message.len() as u64 > MAX_MESSAGE_BYTES {
            return Err(PayloadError::Large);
        }
        Ok(Self::Message(message))
    }
}

/// A record that cannot be read, now or ever.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error("the record has no shard or no sequence number")]
    Place,
    #[error("the data is not Base64")]
    Base64,
    #[error("the data is not gzip")]
    Gzip(#[source] std::io::Error),
    #[error("the message is longer than {MAX_MESSAGE_BYTES} bytes")]
    Large,
    #[error("the line does not have the fields of CloudFront's log")]
    Edge,
    #[error("the message is not one of CloudWatch Logs")]
    Message(#[source] serde_json::Error),
    #[error("the line has a click that cannot be read")]
    Line(#[source] serde_json::Error),
    #[error("the line has a click on what is not a slug")]
    Slug,
}

#[cfg(test)]
pub(crate) mod testing {
    //! Events as AWS makes them.

    use std::io::Write as _;

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use flate2::{Compression, write::GzEncoder};

    /// What CloudWatch Logs sends for a JSON text, in Base64.
    pub(crate) fn packed(json: &str) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_of_a_stream_has_a_place() {
        let event = json!({ "Records": [{
            "kinesis": { "kinesisSchemaVersion": "1.0", "partitionKey": "p", "data": "eA==",
                "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
                "approximateArrivalTimestamp": 1545084650.987 },
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
            "eventName": "aws:kinesis:record",
        }] });
        let input: Input = serde_json::from_value(event).unwrap();
        let record = input.records.into_iter().next().unwrap().read().unwrap();
        assert_eq!(record.shard, 6);
        assert_eq!(record.arrival, Some("2018-12-17T22:10:50.987Z".parse().unwrap()));
        assert_eq!(Payload::of(&record.data).unwrap(), Payload::Lines(b"x".to_vec()));
    }

    #[test]
    fn a_record_without_a_place_is_an_error() {
        for (id, number) in [("shard-1:2", "2"), ("shardId-x:2", "2"), ("shardId-1:2", "two"), ("shardId-1", "1")] {
            let kinesis = json!({ "data": "", "sequenceNumber": number });
            let record: RawRecord = serde_json::from_value(json!({ "eventID": id, "kinesis": kinesis })).unwrap();
            assert!(matches!(record.read(), Err(PayloadError::Place)), "{id} {number}");
        }
    }

    #[test]
    fn the_first_bytes_tell_what_a_payload_is() {
        assert_eq!(Payload::of(&testing::packed("{}")).unwrap(), Payload::Message(b"{}".to_vec()));
        assert!(matches!(Payload::of("?"), Err(PayloadError::Base64)));
        assert!(matches!(Payload::of(&STANDARD.encode([0x1f, 0x8b, 8])), Err(PayloadError::Gzip(_))));
    }

    #[test]
    fn a_small_record_cannot_become_a_large_message() {
        let bomb = testing::packed(&" ".repeat(usize::try_from(MAX_MESSAGE_BYTES).unwrap() + 1));
        assert!(bomb.len() < 1 << 20);
        assert!(matches!(Payload::of(&bomb), Err(PayloadError::Large)));
    }
}
