//! The messages of late, by which a second delivery is noticed.
//!
//! CloudWatch Logs may put a message into the stream twice. The two records have different sequence numbers, so the marks in
//! the items cannot tell. A process that has seen the first drops the second; one that has not counts it once more.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroUsize,
};

use links::clicks::{DayKey, Sequence};
use lru::LruCache;

/// How many messages are remembered: a few hours of them at a thousand clicks a second.
const MESSAGES: usize = 100_000;

/// Messages without a stream that were counted in part and are remembered. One at a time is.
const HALF_DONE: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// Messages of late and where they were first seen.
#[derive(Debug)]
pub(crate) struct Recent {
    messages: HashMap<u64, Option<Sequence>>,
    /// The same, the oldest first. Both have their room from the start: an allocation with each message would break up the
    /// memory between the large ones of an invocation.
    order: VecDeque<u64>,
    /// Messages without a stream, and the items that have their clicks.
    half_done: LruCache<u64, HashSet<DayKey>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            messages: HashMap::with_capacity(MESSAGES + 1),
            order: VecDeque::with_capacity(MESSAGES + 1),
            half_done: LruCache::new(HALF_DONE),
        }
    }
}

impl Recent {
    /// Whether a message came before, in another record. The same record may come again and again, until it has been counted.
    ///
    /// Without a stream there is no place to compare: there a message is remembered with [`Recent::remember`], once it has
    /// been counted.
    pub(crate) fn is_repeated(&mut self, message: u64, sequence: Option<Sequence>) -> bool {
        match sequence {
            None => self.messages.contains_key(&message),
            Some(sequence) => match self.messages.get(&message) {
                Some(first) => *first != Some(sequence),
                None => {
                    self.add(message, Some(sequence));
                    false
                }
            },
        }
    }

    fn add(&mut self, message: u64, first: Option<Sequence>) {
        if self.messages.insert(message, first).is_some() {
            return;
        }
        self.order.push_back(message);
        if self.order.len() > MESSAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.messages.remove(&oldest);
        }
    }

    /// Remembers a message that came without a stream and has been counted.
    pub(crate) fn remember(&mut self, message: u64) {
        self.half_done.pop(&message);
        self.add(message, None);
    }

    /// Remembers that an item has its clicks of a message that came without a stream.
    pub(crate) fn remember_item(&mut self, message: u64, item: DayKey) {
        self.half_done.get_or_insert_mut(message, HashSet::new).insert(item);
    }

    /// Whether an item has its clicks of a message that was counted in part.
    pub(crate) fn has_item(&self, message: u64, item: &DayKey) -> bool {
        self.half_done.peek(&message).is_some_and(|items| items.contains(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_another_record_is_repeated() {
        let mut recent = Recent::default();
        let sequence = |text: &str| Some(text.parse().unwrap());
        assert!(!recent.is_repeated(1, sequence("5")));
        assert!(!recent.is_repeated(2, sequence("6")));
        assert!(!recent.is_repeated(1, sequence("5")));
        assert!(recent.is_repeated(1, sequence("7")));
    }

    #[test]
    fn the_oldest_message_is_forgotten() {
        let mut recent = Recent::default();
        (0..=MESSAGES as u64).for_each(|message| recent.remember(message));
        let [forgotten, oldest] = [0, 1].map(|message| recent.is_repeated(message, None));
        assert!(!forgotten && oldest);
        assert_eq!(recent.messages.len(), MESSAGES);
    }

    #[test]
    fn without_a_stream_a_message_is_repeated_once_it_was_counted() {
        let mut recent = Recent::default();
        assert!(!recent.is_repeated(1, None));
        assert!(!recent.is_repeated(1, None));
        let item = DayKey::of_owner("ann", "2026-11-27".parse().unwrap());
        recent.remember_item(1, item.clone());
        assert!(!recent.is_repeated(1, None) && recent.has_item(1, &item));
        recent.remember(1);
        assert!(recent.is_repeated(1, None) && !recent.has_item(1, &item));
    }
}
