//! CloudWatch Logs, as far as subscription filters go: lines of functions are collected by environment and become
//! messages.
//!
//! Each execution environment writes a log stream, and a message holds lines of one stream only, as on AWS.
//!
//! Source: CloudWatch Logs user guide, "Real-time processing of log data with subscriptions".

mod message;
mod pattern;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::config::Subscription;
use crate::ids::log_group;
pub(crate) use message::Message;
use message::{LogEvent, messages};
use pattern::Pattern;
pub use pattern::PatternError;

/// Most lines of a subscription that wait for their delivery; further ones are lost, as Lambda loses lines under
/// pressure.
const MAX_WAITING: usize = 200_000;

/// The subscriptions to the functions' logs.
#[derive(Debug, Default)]
pub(crate) struct Logs(Vec<Arc<Feed>>);

impl Logs {
    pub(crate) fn new(feeds: Vec<Arc<Feed>>) -> Self {
        Self(feeds)
    }

    /// The log stream that an environment of `function` writes.
    pub(crate) fn stream(&self, function: &str, name: &str) -> LogStream {
        let feeds = self.0.iter().filter(|feed| feed.function == function).cloned().collect();
        LogStream { name: name.into(), feeds }
    }
}

/// The log stream of one environment.
#[derive(Debug, Clone)]
pub(crate) struct LogStream {
    name: Arc<str>,
    feeds: Vec<Arc<Feed>>,
}

impl LogStream {
    /// Hands a line to the subscriptions whose pattern it matches.
    pub(crate) fn write(&self, line: &str) {
        for feed in &self.feeds {
            feed.add(&self.name, line);
        }
    }
}

/// The lines of one subscription that wait for their delivery.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Name of the subscription.
    name: String,
    /// The function whose log it is.
    function: String,
    pattern: Pattern,
    waiting: Mutex<Waiting>,
    filled: Notify,
    /// Lines that were lost.
    lost: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    streams: BTreeMap<Arc<str>, Vec<LogEvent>>,
    /// Lines that are not delivered yet, including those that were taken.
    lines: usize,
    /// Lines so far, for their ids.
    all: u64,
}

impl Feed {
    /// # Errors
    /// If the filter pattern is not one that is understood here.
    pub(crate) fn new(subscription: &Subscription) -> Result<Self, PatternError> {
        Ok(Self {
            name: subscription.name.clone(),
            function: subscription.function.clone(),
            pattern: subscription.pattern.parse()?,
            waiting: Mutex::default(),
            filled: Notify::new(),
            lost: AtomicU64::new(0),
        })
    }

    fn add(&self, stream: &Arc<str>, line: &str) {
        if !self.pattern.matches(line) {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.lines == MAX_WAITING {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Waiting { streams, lines, all } = &mut *waiting;
        let event = LogEvent::new(*all, Timestamp::now(), line);
        streams.entry(Arc::clone(stream)).or_default().push(event);
        (*lines, *all) = (*lines + 1, *all + 1);
        self.filled.notify_one();
    }

    /// Resolves once a line waits. Cancel-safe.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Takes what waits, as messages that are small enough for any destination. Each waits until it is [`sent`](Self::sent).
    pub(crate) fn take(&self) -> Vec<Message> {
        let streams = std::mem::take(&mut self.waiting().streams);
        let group = log_group(&self.function);
        let of_stream = |(stream, events): (Arc<str>, Vec<LogEvent>)| messages(&group, &self.name, &stream, &events);
        streams.into_iter().flat_map(of_stream).collect()
    }

    /// The message has reached its destination.
    pub(crate) fn sent(&self, message: &Message) {
        let mut waiting = self.waiting();
        waiting.lines = waiting.lines.saturating_sub(message.lines);
    }

    /// Number of lines that wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting().lines
    }

    /// Number of lines that were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic between two assignments miscounts lines, nothing else.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Destination;

    fn feed(pattern: &str) -> Arc<Feed> {
        let to = Destination::Function("counter".to_owned());
        let mut subscription = Subscription::new("all", "greeter", to);
        subscription.pattern = pattern.to_owned();
        Arc::new(Feed::new(&subscription).unwrap())
    }

    fn texts(message: &Message) -> Vec<String> {
        let body = message.json();
        let events = body["logEvents"].as_array().unwrap();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn each_environment_has_messages_of_its_own() {
        let feed = feed("click");
        let logs = Logs::new(vec![Arc::clone(&feed)]);
        let (one, two) = (logs.stream("greeter", "one"), logs.stream("greeter", "two"));
        for line in ["a click", "nothing", "click b"] {
            one.write(line);
        }
        two.write("click c");
        logs.stream("other", "three").write("click d");
        assert_eq!(feed.len(), 3);
        let taken = feed.take();
        let [first, second] = taken.as_slice() else { panic!("{taken:?}") };
        assert_eq!((&*first.log_stream, texts(first)), ("one", vec!["a click".to_owned(), "click b".to_owned()]));
        assert_eq!((&*second.log_stream, texts(second)), ("two", vec!["click c".to_owned()]));
        assert_eq!((feed.len(), feed.take().len()), (3, 0));
        taken.iter().for_each(|message| feed.sent(message));
        assert_eq!(feed.len(), 0);
    }

    #[test]
    fn what_nobody_takes_is_lost_and_not_kept_for_ever() {
        let feed = feed("");
        let stream: Arc<str> = "one".into();
        for _ in 0..MAX_WAITING + 5 {
            feed.add(&stream, "x");
        }
        assert_eq!((feed.len(), feed.lost()), (MAX_WAITING, 5));
    }
}
