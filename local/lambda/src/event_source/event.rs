//! The event of a batch.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;

use crate::ids::{ACCOUNT_ID, REGION};
use crate::stream::{Record, Shard};

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<EventRecord<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    kinesis: Kinesis<'a>,
    event_source: &'static str,
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    invoke_identity_arn: &'a str,
    aws_region: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis<'a> {
    kinesis_schema_version: &'static str,
    partition_key: &'a str,
    sequence_number: &'a str,
    data: String,
    /// Seconds since 1970.
    approximate_arrival_timestamp: f64,
}

/// The event with these records of a shard.
///
/// Source: Lambda developer guide, "Using AWS Lambda with Amazon Kinesis", example event.
#[expect(clippy::expect_used, reason = "an event has string keys only")]
pub(super) fn event(stream: &str, shard: &Shard, records: &[Arc<Record>]) -> Bytes {
    let role = format!("arn:aws:iam::{ACCOUNT_ID}:role/lambda-role");
    let records = records.iter().map(|record| EventRecord {
        kinesis: Kinesis {
            kinesis_schema_version: "1.0",
            partition_key: &record.partition_key,
            sequence_number: &record.sequence_number,
            data: STANDARD.encode(&record.data),
            approximate_arrival_timestamp: record.arrived.as_duration().as_secs_f64(),
        },
        event_source: "aws:kinesis",
        event_version: "1.0",
        event_id: format!("{}:{}", shard.name(), record.sequence_number),
        event_name: "aws:kinesis:record",
        invoke_identity_arn: &role,
        aws_region: REGION,
        event_source_arn: stream,
    });
    serde_json::to_vec(&Event { records: records.collect() }).expect("an event is JSON").into()
}
