//! Subscriptions, streams and event sources of a platform.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use loopback_guard::Stop;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{self, Destination, PlatformConfig};
use crate::config_error::ConfigError;
use crate::event_source::EventSource;
use crate::fault::Faults;
use crate::function::Pool;
use crate::logs::Feed;
use crate::stats::{Counters, DeliveryStats};
use crate::stream::Stream;
use crate::subscription::{Function, Subscription, Target};

/// The feeds of the configured subscriptions, in their order.
///
/// # Errors
/// [`ConfigError::Pattern`]
pub(crate) fn feeds(config: &PlatformConfig) -> Result<Vec<Arc<Feed>>, ConfigError> {
    let feed = |subscription: &config::Subscription| match Feed::new(subscription) {
        Ok(feed) => Ok(Arc::new(feed)),
        Err(error) => Err(ConfigError::Pattern(subscription.name.clone(), error)),
    };
    config.subscriptions.iter().map(feed).collect()
}

/// Everything between the logs and the functions that receive them.
pub(crate) struct Deliveries {
    streams: BTreeMap<String, Arc<Stream>>,
    faults: Arc<Faults>,
    receivers: Vec<Receiver>,
    /// Ends the subscriptions, after which there are no new records.
    stop_subscriptions: watch::Sender<bool>,
    stop_sources: watch::Sender<bool>,
    subscriptions: JoinSet<()>,
    sources: JoinSet<()>,
}

/// A function, and what leads to it.
struct Receiver {
    function: String,
    counters: Arc<Counters>,
    subscriptions: Vec<Arc<Subscription>>,
    sources: Vec<Arc<EventSource>>,
}

/// Puts the parts together before anything runs.
struct Builder<'a> {
    pools: &'a BTreeMap<String, Arc<Pool>>,
    streams: BTreeMap<String, Arc<Stream>>,
    faults: Arc<Faults>,
    counters: BTreeMap<String, Arc<Counters>>,
}

impl Deliveries {
    /// Begins to deliver what the logs of `feeds` get.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`]; nothing runs then.
    pub(crate) fn start(
        config: &PlatformConfig,
        feeds: Vec<Arc<Feed>>,
        pools: &BTreeMap<String, Arc<Pool>>,
    ) -> Result<Self, ConfigError> {
        let stream = |config: &config::Stream| (config.name.clone(), Arc::new(Stream::new(config)));
        let mut builder = Builder {
            pools,
            streams: config.streams.iter().map(stream).collect(),
            faults: Arc::new(Faults::new(config.fault_seed)),
            counters: BTreeMap::new(),
        };
        let mut subscriptions = Vec::new();
        for (settings, feed) in config.subscriptions.iter().zip(feeds) {
            subscriptions.push((&settings.destination, builder.subscription(settings, feed)?));
        }
        let mut sources = Vec::new();
        for settings in &config.event_sources {
            sources.push((settings, builder.source(settings)?));
        }

        let (stop_subscriptions, subscriptions_stop) = Stop::channel();
        let (stop_sources, sources_stop) = Stop::channel();
        let mut running = Self {
            streams: builder.streams,
            faults: builder.faults,
            receivers: builder.counters.into_iter().map(|(name, counters)| Receiver::new(name, counters)).collect(),
            stop_subscriptions,
            stop_sources,
            subscriptions: JoinSet::new(),
            sources: JoinSet::new(),
        };
        for receiver in &mut running.receivers {
            receiver.find(&subscriptions, &sources);
        }
        for (_, subscription) in subscriptions {
            running.subscriptions.spawn(subscription.run(subscriptions_stop.clone()));
        }
        for (_, source) in sources {
            running.sources.spawn(source.run(sources_stop.clone()));
        }
        Ok(running)
    }

    /// Whether anything leads to the function.
    pub(crate) fn lead_to(&self, function: &str) -> bool {
        self.receivers.iter().any(|receiver| receiver.function == function)
    }

    /// Adds a record; `None` if there is no such stream.
    pub(crate) fn put(&self, stream: &str, partition_key: &str, data: Bytes) -> Option<String> {
        Some(self.streams.get(stream)?.put(partition_key, data))
    }

    /// Splits a shard; `false` if there is no open one with this number.
    pub(crate) fn split(&self, stream: &str, shard: usize) -> bool {
        self.streams.get(stream).is_some_and(|stream| stream.split(shard))
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The state of what leads to a function; `None` if nothing does.
    pub(crate) fn stats(&self, function: &str) -> Option<DeliveryStats> {
        self.receivers.iter().find(|receiver| receiver.function == function).map(Receiver::stats)
    }

    /// Delivers what is left. Nothing is printed any more.
    pub(crate) async fn drain(&mut self) {
        self.stop_subscriptions.send_replace(true);
        while self.subscriptions.join_next().await.is_some() {}
        self.stop_sources.send_replace(true);
        while self.sources.join_next().await.is_some() {}
    }
}

impl Builder<'_> {
    fn subscription(
        &mut self,
        settings: &config::Subscription,
        feed: Arc<Feed>,
    ) -> Result<Arc<Subscription>, ConfigError> {
        self.pool(&settings.name, &settings.function)?;
        let target = match &settings.destination {
            Destination::Stream(name) => Target::Stream(self.stream(&settings.name, name)?),
            Destination::Function(name) => Target::Function(Function {
                pool: self.pool(&settings.name, name)?,
                faults: Arc::clone(&self.faults),
                counters: self.counters(name),
                in_flight: Arc::new(AtomicU64::new(0)),
            }),
        };
        Ok(Arc::new(Subscription { feed, target, interval: settings.interval }))
    }

    fn source(&mut self, settings: &config::EventSource) -> Result<Arc<EventSource>, ConfigError> {
        let stream = self.stream(&settings.stream, &settings.stream)?;
        let pool = self.pool(&settings.stream, &settings.function)?;
        let counters = self.counters(&settings.function);
        Ok(EventSource::new(settings, stream, pool, Arc::clone(&self.faults), counters))
    }

    fn pool(&self, from: &str, name: &str) -> Result<Arc<Pool>, ConfigError> {
        self.pools.get(name).cloned().ok_or_else(|| unknown(from, name))
    }

    fn stream(&self, from: &str, name: &str) -> Result<Arc<Stream>, ConfigError> {
        self.streams.get(name).cloned().ok_or_else(|| unknown(from, name))
    }

    fn counters(&mut self, function: &str) -> Arc<Counters> {
        Arc::clone(self.counters.entry(function.to_owned()).or_default())
    }
}

impl Receiver {
    fn new(function: String, counters: Arc<Counters>) -> Self {
        Self { function, counters, subscriptions: Vec::new(), sources: Vec::new() }
    }

    /// Takes the parts that lead to its function.
    fn find(
        &mut self,
        subscriptions: &[(&Destination, Arc<Subscription>)],
        sources: &[(&config::EventSource, Arc<EventSource>)],
    ) {
        let ours: Vec<_> = sources.iter().filter(|(settings, _)| settings.function == self.function).collect();
        let leads_here = |destination: &Destination| match destination {
            Destination::Function(name) => *name == self.function,
            Destination::Stream(name) => ours.iter().any(|(settings, _)| settings.stream == *name),
        };
        let found = subscriptions.iter().filter(|(destination, _)| leads_here(destination));
        self.subscriptions = found.map(|(_, subscription)| Arc::clone(subscription)).collect();
        self.sources = ours.into_iter().map(|(_, source)| Arc::clone(source)).collect();
    }

    fn stats(&self) -> DeliveryStats {
        let mut stats = self.counters.stats();
        // In the order in which lines travel: one on its way is seen twice rather than not at all.
        for subscription in &self.subscriptions {
            stats.waiting += subscription.waiting();
            stats.lost += subscription.feed.lost();
        }
        stats.waiting += self.sources.iter().map(|source| source.waiting()).sum::<u64>();
        stats
    }
}

fn unknown(from: &str, name: &str) -> ConfigError {
    ConfigError::Unknown { from: from.to_owned(), name: name.to_owned() }
}
