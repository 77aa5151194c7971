//! What an event comes to, without a table: for the bench.

use jiff::Timestamp;

use crate::{
    Batch, Input,
    batch::{
        Context,
        sums::{Known, Sums},
    },
    recent::Recent,
};

/// What would be added.
#[derive(Debug, Default)]
pub struct Additions {
    /// Items that would be updated.
    pub updates: usize,
    /// Counters of all additions.
    pub attributes: usize,
    /// Bytes of their names.
    pub name_bytes: usize,
    /// Bytes of the names in one addition, at most.
    pub largest: usize,
}

/// Decodes an event and adds its clicks up; how many links and days it has.
pub fn updates(input: Input) -> usize {
    additions(input).updates
}

/// Decodes an event and adds its clicks up.
pub fn additions(input: Input) -> Additions {
    let (mut batch, mut recent) = (Batch::new(false), Recent::default());
    let now = Timestamp::from_second(1_795_748_430).unwrap_or_default();
    let mut context = Context { now, recent: &mut recent };
    for record in input.records.into_iter().filter_map(|record| record.read().ok()) {
        batch.add_record(&record, &mut context);
    }
    let mut additions = Additions::default();
    for clicks in batch.days.values() {
        let counters = Sums::of(clicks).counters(&batch.referrers, &Known::default());
        let bytes = counters.iter().map(|(counter, _)| counter.attribute().len()).sum();
        additions.updates += 1;
        additions.attributes += counters.len();
        additions.name_bytes += bytes;
        additions.largest = additions.largest.max(bytes);
    }
    additions
}
