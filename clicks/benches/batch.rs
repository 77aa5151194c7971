//! How many events a second one core decodes and adds up, for messages of 1, 100 and 1,000 events.
//!
//! `cargo bench -p clicks` prints the figures. A second is one of the core, so a busy machine changes little. Links follow Zipf's law; each event is a line as the redirector writes it,
//! a tenth of them of bots. The input is what Lambda passes: JSON with records in Base64 of gzip of JSON with lines of JSON.
//! The output is the number of updates that would follow, and what each would add.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints figures"
)]

use std::{hint::black_box, io::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clicks::{Input, measure};
use fastrand::Rng;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

/// Events of a batch.
const EVENTS: usize = 20_000;
/// Links of the service.
const LINKS: f64 = 1e6;
/// Time for each figure.
const TIME: Duration = Duration::from_secs(3);
const SEED: u64 = 7;

fn main() {
    println!("{:>20} {:>12} {:>12} {:>10}", "events a message", "bytes", "events/s", "updates");
    for size in [1, 100, 1_000] {
        let event = event(size);
        let (mut batches, mut updates) = (0, 0);
        let started = core_time();
        while core_time() - started < TIME {
            let input: Input = serde_json::from_slice(&event).unwrap();
            updates = black_box(measure::updates(input));
            batches += 1;
        }
        let rate = (EVENTS * batches) as f64 / (core_time() - started).as_secs_f64();
        println!("{size:>20} {:>12} {rate:>12.0} {updates:>10}", event.len());
    }
    let event = attack();
    let started = core_time();
    let additions = measure::additions(serde_json::from_slice(&event).unwrap());
    println!(
        "5,000 links with 5 made-up referrers each, of one visitor in a batch: {} updates, {} attributes, {} bytes of names, at most {} of one \
         item, {:?}",
        additions.updates,
        additions.attributes,
        additions.name_bytes,
        additions.largest,
        core_time() - started
    );
}

/// How long this thread has run.
fn core_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// An event whose records have so many events each.
fn event(size: usize) -> Vec<u8> {
    let rng = &mut Rng::with_seed(SEED);
    let records = (0..EVENTS / size).map(|record| {
        let lines = (0..size).map(|_| {
            let slug = LINKS.powf(rng.f64()) as u64;
            let referrer = ["", "t.co", "news.ycombinator.com", "www.google.com"][rng.usize(0..4)];
            line(rng, &format!("l{slug:x}"), referrer)
        });
        record_of(record, lines.collect())
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string().into_bytes()
}

/// 25,000 clicks of one visitor: each link once with each of five made-up referrers.
fn attack() -> Vec<u8> {
    let rng = &mut Rng::with_seed(SEED);
    let records = (0..250).map(|record| {
        let lines = (0..100).map(|line_| {
            let number = record * 100 + line_;
            let referrer = format!("{}{number:05}.example", "x".repeat(87));
            line(rng, &format!("l{}", number % 5_000), &referrer)
        });
        record_of(record, lines.collect())
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string().into_bytes()
}

fn line(rng: &mut Rng, slug: &str, referrer: &str) -> String {
    let request = format!("{:08x}-e9f4-11e8-9739-{:012x}", rng.u32(..), rng.u64(0..1 << 48));
    let click = if rng.u8(0..10) == 0 {
        r#""bot":true,"prefetch":false,"referrer":"","click":{"country":"US","device":"","os":"","browser":""}"#
            .to_owned()
    } else {
        format!(
            r#""bot":false,"prefetch":false,"referrer":"{referrer}","click":{{"country":"DE","device":"mobile","os":"ios","browser":"safari","visitor":"{:06x}"}}"#,
            rng.u32(0..1 << 24)
        )
    };
    format!(
        r#"{{"timestamp":"2026-11-27T03:00:00.250Z","level":"info","message":"redirect","request_id":"{request}","slug":"{slug}","outcome":"redirect","method":"GET","status":301,"tier":"lru","duration_us":{},{click}}}"#,
        rng.u8(9..99)
    )
}

fn record_of(number: usize, lines: Vec<String>) -> Value {
    let events = lines.into_iter().enumerate().map(|(position, line)| {
        let id = format!("3870404069871253621244849{number:010}{position:021}");
        json!({ "id": id, "timestamp": 1_795_748_400_000_u64 + position as u64, "message": line })
    });
    let message = json!({
        "messageType": "DATA_MESSAGE", "owner": "111111111111", "logGroup": "/kurz/redirector",
        "logStream": format!("2026/11/27/[{number}]0123456789abcdef0123456789abcdef"), "subscriptionFilters": ["clicks"],
        "logEvents": events.collect::<Vec<_>>(),
    });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(message.to_string().as_bytes()).unwrap();
    let sequence = format!("49590338271490256608559692538361571095921575{number:012}");
    json!({
        "kinesis": { "sequenceNumber": sequence, "data": STANDARD.encode(encoder.finish().unwrap()),
            "approximateArrivalTimestamp": 1_795_748_420.5, "partitionKey": "p", "kinesisSchemaVersion": "1.0" },
        "eventID": format!("shardId-000000000000:{sequence}"), "eventSource": "aws:kinesis",
    })
}
