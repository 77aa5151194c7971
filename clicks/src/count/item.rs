//! Counting the clicks of one item.

use links::{
    Added, CountError, Tell,
    clicks::{Addition, Counter, DayKey, DayState, Facet, item::REST},
};

use super::{Counting, Origin, Work, known::KnownItem, patiently, visitors};
use crate::{
    batch::{
        Click,
        sums::{Known, Sums},
    },
    salts::end_of,
};

/// What became of an item's clicks.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) is_updated: bool,
    pub(super) repeated: u64,
    pub(super) is_reduced: bool,
    /// Clicks that the item could not take.
    pub(super) skipped: Option<(u64, CountError)>,
}

/// How much of the clicks is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    /// The numbers per half hour, for an item that cannot take more.
    Slots,
}

impl Counting {
    /// Returns when every click is in the item, exactly once, or cannot be.
    pub(super) async fn one(&self, work: &Work<'_>, origin: Origin<'_>) -> Result<Outcome, CountError> {
        let (mut outcome, mut detail) = (Outcome::default(), Detail::Full);
        let mut clicks: &[Click] = &work.clicks;
        while let Some(first) = clicks.first() {
            let attempt = || self.attempt(work, clicks, origin, first, detail);
            match patiently(attempt).await {
                Ok(Added::Counted(_)) => {
                    outcome.is_updated = true;
                    outcome.is_reduced = detail == Detail::Slots;
                    break;
                }
                Ok(Added::Ahead(state)) => {
                    outcome.repeated += 1;
                    if origin.shard.is_none() {
                        // The message is the item's last of its lane.
                        break;
                    }
                    clicks = uncounted(clicks, &state, origin).ok_or_else(|| no_mark(&work.key))?;
                }
                Err(CountError::Invalid { .. }) if detail == Detail::Full => detail = Detail::Slots,
                Err(error @ CountError::Invalid { .. }) => {
                    outcome.skipped = Some((clicks.len() as u64, error));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcome)
    }

    async fn attempt(
        &self,
        work: &Work<'_>,
        clicks: &[Click],
        origin: Origin<'_>,
        first: &Click,
        detail: Detail,
    ) -> Result<Added, CountError> {
        let key = &work.key;
        let known = self.known.get(key);
        let mark = origin.mark(first);
        let sums = Sums::of(clicks);
        let (addition, tell) = match detail {
            Detail::Slots => (self.addition(key, sums.slots()), Tell::Nothing),
            Detail::Full => self.full(work, &sums, origin, known.as_ref()).await?,
        };
        let added = self.table.add(key, &addition, mark.as_ref(), tell).await?;
        match &added {
            Added::Ahead(state) => self.known.learn(key, state),
            Added::Counted(state) => {
                if tell == Tell::All {
                    self.known.learn(key, state);
                }
                self.thin(key, state, known.map_or(state.level, |known| known.level.max(state.level))).await;
            }
        }
        Ok(added)
    }

    /// All that is known about the clicks, within the bounds of the item.
    async fn full(
        &self,
        work: &Work<'_>,
        sums: &Sums,
        origin: Origin<'_>,
        known: Option<&KnownItem>,
    ) -> Result<(Addition, Tell), CountError> {
        let has = |name: &str| known.is_some_and(|item| self.known.has(item, name));
        let limits = Known { has_referrer: Some(&has), referrers: known.map_or(0, |item| item.referrers.len()) };
        let mut addition = self.addition(&work.key, sums.counters(&origin.batch.referrers, &limits));
        if work.has_visitors {
            let level = known.map_or(0, |item| item.level);
            let sample = visitors::sample(sums.visitors(), level);
            if sample.level > level {
                // What is added is a sample at a higher level than the item's. The item's level must not be lower.
                self.table.thin(&work.key, sample.level, &[], addition.expires_at).await?;
            }
            addition.visitors = sample.kept;
        }
        let is_new = |(counter, _): &(Counter, u64)| match counter {
            Counter::By(Facet::Referrer, name) => !name.is_empty() && &**name != REST && !has(name),
            _ => false,
        };
        let has_visitors = !addition.visitors.is_empty();
        let tell = if addition.counters.iter().any(is_new) || known.is_none() && has_visitors {
            Tell::All
        } else if has_visitors {
            Tell::Changed
        } else {
            Tell::Nothing
        };
        Ok((addition, tell))
    }

    fn addition(&self, key: &DayKey, counters: Vec<(Counter, u64)>) -> Addition {
        let expires_at = (self.keep_days > 0).then(|| {
            let kept = std::time::Duration::from_secs(u64::from(self.keep_days) * 86_400);
            end_of(key.day()).plus(kept)
        });
        Addition { counters, visitors: Vec::new(), expires_at }
    }

    /// Removes codes if there are too many. They have been counted, so a failure only means that the item stays larger until
    /// the next addition.
    async fn thin(&self, key: &DayKey, state: &DayState, level: u32) {
        if let Some(thinned) = visitors::excess(&state.visitors, level) {
            let expires_at = self.addition(key, Vec::new()).expires_at;
            if self.table.thin(key, thinned.level, &thinned.below, expires_at).await.is_ok() {
                self.known.raise(key, thinned.level);
            }
        }
    }
}

/// The clicks that an item has not; `None` if it should have none of them.
fn uncounted<'a>(clicks: &'a [Click], state: &DayState, origin: Origin<'_>) -> Option<&'a [Click]> {
    let counted = clicks.partition_point(|click| origin.sequence(click) <= state.watermark);
    if counted == 0 { None } else { clicks.get(counted..) }
}

/// The condition failed although it holds.
fn no_mark(key: &DayKey) -> CountError {
    let source = format!("the item of {} does not say how far it has been counted", key.of()).into();
    CountError::Refused { operation: "UpdateItem", source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use links::clicks::{Mark, Slot, Span};

    #[test]
    fn what_is_before_the_mark_is_dropped() {
        let sequences = ["10", "20", "30"].map(|text| text.parse().unwrap()).to_vec();
        let batch = Batch { sequences, ..Batch::default() };
        let origin = Origin { shard: Some(0), batch: &batch };
        let click = |record| Click { record, referrer: None, slot: Slot::new(0).unwrap(), traits: Default::default() };
        let clicks = [0, 0, 1, 2, 2].map(click);
        let check = |mark: Option<&str>, expected: Option<usize>| {
            let state = DayState { watermark: mark.map(|text| text.parse().unwrap()), ..DayState::default() };
            assert_eq!(uncounted(&clicks, &state, origin).map(<[Click]>::len), expected, "{mark:?}");
        };
        check(Some("10"), Some(3));
        check(Some("15"), Some(3));
        check(Some("29"), Some(2));
        check(Some("99"), Some(0));
        check(Some("9"), None);
        check(None, None);
        let [first, end] = ["20", "30"].map(|text| text.parse().unwrap());
        assert_eq!(origin.mark(&clicks[2]), Some(Mark::Span(Span { shard: 0, first, end })));
    }
}
