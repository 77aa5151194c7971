//! The clicks of a batch, grouped by the items that they count in.

pub(crate) mod lines;
pub(crate) mod names;
pub(crate) mod sums;
mod time;

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use jiff::{Timestamp, civil::Date};
use links::{
    Slug,
    clicks::{MessageMark, Sequence, Slot},
};

use self::{lines::Lines, names::Names};
use crate::{
    event::{
        Payload, PayloadError, Record, edge,
        line::{ClickLine, Traits},
        message::Message,
    },
    recent::Recent,
};

/// A click, as small as it gets: there are up to a hundred thousand in a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Click {
    /// The position of its record in the batch.
    pub(crate) record: u32,
    /// The position of its referrer among the batch's; `None` if it is not worth a counter.
    pub(crate) referrer: Option<u32>,
    pub(crate) slot: Slot,
    pub(crate) traits: Traits,
}

/// Clicks of one shard, or of one message that came without a stream.
#[derive(Debug, Default)]
pub struct Batch {
    /// The place of each record, in ascending order; empty without a stream.
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) slugs: Names<Slug>,
    pub(crate) referrers: Names<Box<str>>,
    /// By link, as its position among `slugs`, and day. The clicks of each are in the order of their records.
    pub(crate) days: HashMap<(u32, Date), Vec<Click>>,
    /// The id of its first event.
    pub(crate) first_event: String,
    /// Its message, if that came without a stream.
    pub(crate) message: Option<MessageMark>,
    /// Lines for the archive, if there is one.
    pub(crate) lines: Option<Lines>,
    pub(crate) figures: Figures,
    /// Why something could not be read: the first error, and how many there were.
    pub(crate) unreadable: Option<(PayloadError, u64)>,
}

/// What a batch consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) records: u64,
    /// Clicks of people and requests of bots.
    pub(crate) clicks: u64,
    /// Of these, those that count for a later time than they happened at.
    pub(crate) late: u64,
    /// Messages that had been delivered before.
    pub(crate) redelivered: u64,
}

/// What reading a record depends on.
pub(crate) struct Context<'a> {
    pub(crate) now: Timestamp,
    /// Messages of late, by which a second delivery is noticed.
    pub(crate) recent: &'a mut Recent,
}

impl Batch {
    /// An empty batch, which keeps lines for the archive if there `is_archived`.
    pub(crate) fn new(is_archived: bool) -> Self {
        Self { lines: is_archived.then(Lines::default), ..Self::default() }
    }

    /// Adds the clicks of a record, whose sequence number is above all others.
    pub(crate) fn add_record(&mut self, record: &Record, context: &mut Context<'_>) {
        let position = u32::try_from(self.sequences.len()).unwrap_or(u32::MAX);
        self.sequences.push(record.sequence);
        let arrival = time::arrival(record.arrival, context.now);
        self.add(&record.data, Place { record: position, sequence: Some(record.sequence), arrival }, context.recent);
    }

    /// Adds the clicks of a message that came without a stream.
    pub(crate) fn add_message(&mut self, data: &str, context: &mut Context<'_>) {
        self.add(data, Place { record: 0, sequence: None, arrival: context.now }, context.recent);
    }

    fn add(&mut self, data: &str, place: Place, recent: &mut Recent) {
        self.figures.records += 1;
        let added = match Payload::of(data) {
            Ok(Payload::Message(json)) => self.add_json(&json, place, recent),
            Ok(Payload::Lines(lines)) => {
                self.add_lines(&String::from_utf8_lossy(&lines), place);
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = added {
            self.note(error);
        }
    }

    fn add_json(&mut self, json: &[u8], place: Place, recent: &mut Recent) -> Result<(), PayloadError> {
        let Some(message) = Message::read(json)? else { return Ok(()) };
        let mark = mark(&message);
        if recent.is_repeated(mark.identity(), place.sequence) {
            self.figures.redelivered += 1;
            return Ok(());
        }
        if place.sequence.is_none() {
            self.message = Some(mark);
            self.first_event = message.log_events.first().map(|event| event.id.to_string()).unwrap_or_default();
        }
        for event in &message.log_events {
            match ClickLine::read(&event.message) {
                Ok(None) => {}
                Ok(Some(click)) => {
                    let happened = Timestamp::from_millisecond(event.timestamp).unwrap_or(place.arrival);
                    self.add_click(&event.id, happened, &click, place);
                }
                Err(error) => self.note(error),
            }
        }
        Ok(())
    }

    /// Adds the clicks of lines of CloudFront, which have no ids.
    fn add_lines(&mut self, lines: &str, place: Place) {
        for (number, line) in lines.lines().enumerate() {
            match edge::read(line) {
                Ok(None) => {}
                Ok(Some((happened, click))) => {
                    let id = place.sequence.map(|sequence| format!("{sequence}-{number}")).unwrap_or_default();
                    self.add_click(&id, happened, &click, place);
                }
                Err(error) => self.note(error),
            }
        }
    }

    fn add_click(&mut self, id: &str, happened: Timestamp, click: &ClickLine<'_>, place: Place) {
        let Some(slug) = self.slugs.position(&click.slug, |text| text.parse().ok()) else {
            return self.note(PayloadError::Slug);
        };
        let counted = time::counted(happened, place.arrival);
        let (day, slot) = Slot::of(counted);
        let referrer = click.referrer.as_ref().and_then(|host| self.referrers.position(host, |host| Some(host.into())));
        let entry = Click { record: place.record, referrer, slot, traits: click.traits };
        self.days.entry((slug, day)).or_default().push(entry);
        self.figures.clicks += 1;
        self.figures.late += u64::from(counted != happened);
        if let (Some(lines), Some(slug)) = (&mut self.lines, self.slugs.name(slug)) {
            lines.add(day, id, happened, slug, click);
        }
    }

    /// Notes what could not be read.
    pub(crate) fn note(&mut self, error: PayloadError) {
        match &mut self.unreadable {
            Some((_, count)) => *count += 1,
            none => *none = Some((error, 1)),
        }
    }
}

/// Where a record is, and when it came.
#[derive(Debug, Clone, Copy)]
struct Place {
    record: u32,
    sequence: Option<Sequence>,
    arrival: Timestamp,
}

/// What is the same when a message is delivered again, to another process as well.
fn mark(message: &Message<'_>) -> MessageMark {
    let mut hasher = DefaultHasher::new();
    message.log_stream.hash(&mut hasher);
    for event in &message.log_events {
        (&event.id, event.timestamp).hash(&mut hasher);
    }
    // An emulator may number the events of each message from 1, but a line has the id of its request.
    let ends = [message.log_events.first(), message.log_events.last()];
    ends.into_iter().flatten().map(|event| &event.message).collect::<Vec<&Cow<'_, str>>>().hash(&mut hasher);
    MessageMark::new(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::testing::packed;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde_json::json;

    const NOW: &str = "2026-11-27T12:00:00Z";

    fn line(slug: &str, bot: bool) -> String {
        json!({ "slug": slug, "bot": bot, "referrer": "t.co", "click": { "country": "DE" } }).to_string()
    }

    fn message(events: &[(&str, &str, String)]) -> String {
        let milliseconds = |time: &str| time.parse::<Timestamp>().unwrap().as_millisecond();
        let events =
            events.iter().map(|(id, time, line)| json!({ "id": id, "timestamp": milliseconds(time), "message": line }));
        let events: Vec<_> = events.collect();
        packed(&json!({ "messageType": "DATA_MESSAGE", "logStream": "s", "logEvents": events }).to_string())
    }

    fn record(sequence: &str, data: String) -> Record {
        Record { shard: 0, sequence: sequence.parse().unwrap(), arrival: NOW.parse().ok(), data }
    }

    fn batch(records: &[Record]) -> Batch {
        let (mut batch, mut recent) = (Batch::new(false), Recent::default());
        let mut context = Context { now: NOW.parse().unwrap(), recent: &mut recent };
        records.iter().for_each(|record| batch.add_record(record, &mut context));
        batch
    }

    #[test]
    fn clicks_are_grouped_by_link_and_day_in_the_order_of_records() {
        let events = [
            ("1", "2026-11-26T23:59:59Z", line("a", false)),
            ("2", "2026-11-27T00:00:00Z", line("A", true)),
            ("3", "2026-11-27T00:30:00Z", line("b", false)),
        ];
        let records =
            [record("5", message(&events)), record("7", message(&[("4", "2026-11-27T00:31:00Z", line("b", false))]))];
        let batch = batch(&records);
        assert_eq!(batch.figures, Figures { records: 2, clicks: 4, late: 0, redelivered: 0 });
        let day = |slug: &str, day: &str| {
            let slug = (0..2).find(|position| batch.slugs.name(*position).unwrap().as_str() == slug).unwrap();
            let clicks = &batch.days[&(slug, day.parse().unwrap())];
            clicks.iter().map(|click| (click.record, click.slot.index(), click.traits.is_bot)).collect::<Vec<_>>()
        };
        assert_eq!(day("a", "2026-11-26"), [(0, 47, false)]);
        assert_eq!(day("a", "2026-11-27"), [(0, 0, true)]);
        assert_eq!(day("b", "2026-11-27"), [(0, 1, false), (1, 1, false)]);
    }

    #[test]
    fn what_cannot_be_read_does_not_hide_the_rest() {
        let events =
            [("1", NOW, line("no slug", false)), ("2", NOW, line("a", false)), ("3", NOW, "{\"click\":".to_owned())];
        let batch =
            batch(&[record("1", "?".to_owned()), record("2", "eA==".to_owned()), record("3", message(&events))]);
        assert_eq!((batch.figures.records, batch.figures.clicks), (3, 1));
        let (first, count) = batch.unreadable.unwrap();
        assert_eq!((first.to_string().as_str(), count), ("the data is not Base64", 4));
    }

    #[test]
    fn lines_of_cloudfront_are_told_from_messages() {
        let line = |result: &str| format!("1795780000.0\t301\tGET\t/a\tcurl/8\t-\t{result}\tDE\n");
        let data = STANDARD.encode([line("Hit"), line("Miss"), line("RefreshHit"), "x\n".to_owned()].concat());
        let batch = batch(&[record("1", data)]);
        assert_eq!((batch.figures.clicks, batch.unreadable.map(|(_, count)| count)), (2, Some(1)));
    }

    #[test]
    fn a_message_that_is_delivered_again_is_not_counted_again() {
        let first = message(&[("1", NOW, line("a", false))]);
        let other = message(&[("2", NOW, line("a", false))]);
        let records = [record("1", first.clone()), record("2", other), record("3", first)];
        assert_eq!(batch(&records).figures, Figures { records: 3, clicks: 2, late: 0, redelivered: 1 });
    }

    #[test]
    fn a_record_that_is_read_again_is_counted_again() {
        let data = message(&[("1", NOW, line("a", false))]);
        let mut recent = Recent::default();
        for _ in 0..2 {
            let mut batch = Batch::new(false);
            let mut context = Context { now: NOW.parse().unwrap(), recent: &mut recent };
            batch.add_record(&record("9", data.clone()), &mut context);
            assert_eq!(batch.figures.clicks, 1);
        }
    }

    #[test]
    fn a_click_that_is_days_late_counts_when_it_came() {
        let batch = batch(&[record("1", message(&[("1", "2026-11-25T11:59:59Z", line("a", false))]))]);
        assert_eq!(batch.figures.late, 1);
        assert!(batch.days.contains_key(&(0, "2026-11-27".parse().unwrap())));
    }
}
