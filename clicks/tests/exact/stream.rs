//! The stream that is counted: shards of records, each with a message of CloudWatch Logs.

use std::{collections::HashMap, io::Write as _, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

/// Records of a shard that does not split.
const RECORDS: usize = 80;
/// 2026-11-26T00:00:00Z.
const DAY_START: u64 = 1_795_651_200;
/// The seconds of the day and the next two hours.
const SECONDS: Range<u64> = 0..26 * 3_600;
/// The link whose item cannot take a byte more ...
pub(crate) const FULL: &str = "full";
/// ... and the one whose item can take only the numbers that it has.
pub(crate) const CROWDED: &str = "crowded";
/// The link of a visitor with made-up referrers.
pub(crate) const SPAM: &str = "spam";
/// A link that is not in the table.
const GONE: &str = "gone";

/// A click as it was logged.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) slug: String,
    /// Seconds since the epoch.
    pub(crate) time: u64,
    pub(crate) bot: bool,
    pub(crate) referrer: String,
    pub(crate) country: &'static str,
    pub(crate) device: &'static str,
    pub(crate) visitor: Option<u32>,
}

impl Logged {
    fn new(rng: &mut Rng) -> Self {
        let slug = match rng.u8(0..60) {
            0..12 => "viral".to_owned(),
            12..18 => "mid".to_owned(),
            18..20 => FULL.to_owned(),
            20..22 => CROWDED.to_owned(),
            22..26 => SPAM.to_owned(),
            26 => GONE.to_owned(),
            _ => format!("tail{}", rng.u8(0..40)),
        };
        let bot = rng.u8(0..10) == 0;
        let referrer = match slug.as_str() {
            SPAM => format!("{}.example", rng.u32(..)),
            _ => ["", "t.co", "news.example"][rng.usize(0..3)].to_owned(),
        };
        let visitor = (!bot).then(|| if slug == "viral" { rng.u32(0..1 << 24) } else { rng.u32(0..40) * 77_777 });
        Self {
            time: DAY_START + rng.u64(SECONDS),
            country: ["US", "DE", "JP", ""][rng.usize(0..4)],
            device: ["mobile", "desktop", ""][rng.usize(0..3)],
            slug,
            bot,
            referrer,
            visitor,
        }
    }

    fn line(&self) -> String {
        let visitor = self.visitor.map(|code| format!("{code:06x}"));
        let click = json!({ "country": self.country, "device": self.device, "os": "ios", "browser": "safari" });
        let mut line = json!({ "message": "redirect", "slug": self.slug, "bot": self.bot, "referrer": self.referrer, "click": click });
        if let Some(visitor) = visitor {
            line["click"]["visitor"] = visitor.into();
        }
        line.to_string()
    }
}

/// A record.
#[derive(Debug)]
pub(crate) struct Record {
    sequence: String,
    pub(crate) clicks: Vec<Logged>,
    /// The message, in Base64 of gzip.
    pub(crate) data: String,
}

/// A shard.
#[derive(Debug)]
pub(crate) struct Shard {
    number: usize,
    /// The shard that it was a part of. That is read to the end first.
    pub(crate) parent: Option<usize>,
    pub(crate) records: Vec<Record>,
}

impl Shard {
    fn new(number: usize, parent: Option<usize>, records: usize, first: usize, rng: &mut Rng) -> Self {
        // Sequence numbers have 56 digits and gaps.
        let mut last = first * 1_000_000;
        let records = (0..records).map(|position| {
            last += rng.usize(1..1_000);
            let clicks: Vec<_> = (0..rng.usize(1..=6)).map(|_| Logged::new(rng)).collect();
            let sequence = format!("49590338271490256608559692538361571095921575{last:012}");
            let data = message(&format!("shard {number} record {position}"), &clicks);
            Record { sequence, clicks, data }
        });
        Self { number, parent, records: records.collect() }
    }

    /// An event with some of its records.
    pub(crate) fn event(&self, records: &[Record]) -> Value {
        let record = |record: &Record| {
            json!({
                "eventID": format!("shardId-{:012}:{}", self.number, record.sequence),
                "eventSource": "aws:kinesis",
                "kinesis": {
                    "sequenceNumber": record.sequence,
                    "data": record.data,
                    "approximateArrivalTimestamp": (DAY_START + SECONDS.end) as f64,
                },
            })
        };
        json!({ "Records": records.iter().map(record).collect::<Vec<_>>() })
    }
}

fn message(id: &str, clicks: &[Logged]) -> String {
    let events = clicks.iter().enumerate().map(
        |(number, click)| json!({ "id": format!("{id} {number}"), "timestamp": click.time * 1_000, "message": click.line() }),
    );
    let message = json!({ "messageType": "DATA_MESSAGE", "logStream": id, "logEvents": events.collect::<Vec<_>>() });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(message.to_string().as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

/// All shards.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) shards: Vec<Shard>,
    /// Whether [`FULL`] and [`CROWDED`] are what they are called. Such items take most of the time.
    pub(crate) has_full_items: bool,
}

impl Stream {
    /// Shard 0, which splits into 2 and 3, and shard 1.
    pub(crate) fn new(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let shards = [(None, RECORDS / 2, 0), (None, RECORDS, 0), (Some(0), RECORDS / 2, 1), (Some(0), RECORDS / 2, 1)];
        let shards = shards.into_iter().enumerate();
        Self {
            has_full_items: seed % 4 == 1,
            shards: shards
                .map(|(number, (parent, records, first))| Shard::new(number, parent, records, first, rng))
                .collect(),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Logged> {
        self.shards.iter().flat_map(|shard| &shard.records).flat_map(|record| &record.clicks)
    }

    pub(crate) fn clicks(&self) -> usize {
        self.all().count()
    }

    /// The owner of each link; `None` if its item has none.
    pub(crate) fn owners(&self) -> HashMap<String, Option<&'static str>> {
        let slugs = self.all().map(|click| click.slug.clone()).filter(|slug| slug != GONE);
        slugs.map(|slug| (slug.clone(), owner(&slug))).collect()
    }
}

fn owner(slug: &str) -> Option<&'static str> {
    match slug.len() {
        4 => None,
        5 => Some("ann"),
        _ => Some("arn:aws:iam::111111111111:role/bob"),
    }
}
