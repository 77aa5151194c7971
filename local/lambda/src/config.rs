//! What runs on a platform: functions, and the routes that lead to them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopback_guard::Cors;

use crate::observer::{Observer, Silent};

/// The functions of a [`Platform`](crate::Platform), what leads to them, and how they are run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlatformConfig {
    /// The functions. Each name occurs once.
    pub functions: Vec<Function>,
    /// The routes of the HTTP API, in any order: the most specific one wins.
    pub routes: Vec<Route>,
    /// What happens to lines that functions print.
    pub subscriptions: Vec<Subscription>,
    /// Streams, to which subscriptions and [`Platform::put_record`](crate::Platform::put_record) add records.
    pub streams: Vec<Stream>,
    /// The functions that get the records of streams.
    pub event_sources: Vec<EventSource>,
    /// Chooses what [`FaultRule`](crate::FaultRule)s leave to chance.
    pub fault_seed: u64,
    /// Names of this machine, besides `localhost`, under which gateway and Invoke API may be called, such as one in
    /// `/etc/hosts`. Requests for any other name are refused: it may be one that a web page has pointed here.
    pub allowed_hosts: Vec<String>,
    /// Which web pages of other origins may use the API. Without it none may, and their requests are refused.
    pub cors: Option<Cors>,
    /// An executable that passes its arguments to [`launcher::launch`](crate::launcher::launch) when the first one is
    /// [`launcher::SUBCOMMAND`](crate::launcher::SUBCOMMAND). Processes started through it end with this process even
    /// if it is killed. `None` starts them directly: they end when the platform is stopped or dropped, and after a
    /// kill when they notice that the Runtime API is gone.
    pub launcher: Option<PathBuf>,
    /// Watches requests, output and crashes.
    pub observer: Arc<dyn Observer>,
}

impl PlatformConfig {
    /// No functions, nothing that leads to them, no observer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            functions: Vec::new(),
            routes: Vec::new(),
            subscriptions: Vec::new(),
            streams: Vec::new(),
            event_sources: Vec::new(),
            fault_seed: 1,
            allowed_hosts: Vec::new(),
            cors: None,
            launcher: None,
            observer: Arc::new(Silent),
        }
    }
}

impl Default for PlatformConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// A Lambda function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Function {
    /// Name in routes, in the Invoke API and in ARNs.
    pub name: String,
    /// The executable, `bootstrap` on Lambda.
    pub program: PathBuf,
    /// The `_HANDLER` variable, `bootstrap` by default. Custom runtimes seldom read it.
    pub handler: String,
    /// Environment variables. They override the ones that Lambda sets.
    pub env: BTreeMap<String, String>,
    /// Memory size in MB as reported to the function, 128 by default. It is not enforced.
    pub memory_mb: u64,
    /// Limit of one invocation: 3 s by default, as on Lambda.
    pub timeout: Duration,
    /// Time for an environment to ask for its first invocation: 10 s by default, as on Lambda.
    pub init_timeout: Duration,
    /// Maximum number of environments, 8 by default. Lambda's default is 1,000, more than one machine carries.
    pub concurrency: usize,
    /// Maximum number of invocations that wait for an environment, 1,000 by default; beyond it they are throttled.
    /// Lambda has no queue: with 0 throttling starts at [`concurrency`](Self::concurrency).
    pub queue: usize,
    /// Idle time after which an environment is removed: 10 minutes by default.
    pub idle_expiry: Duration,
    /// Stops idle processes with `SIGSTOP`, as Lambda freezes environments. Exposes background work and connections
    /// that go stale. Off by default.
    pub freeze: bool,
}

impl Function {
    /// A function with the default limits.
    #[must_use]
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            handler: "bootstrap".to_owned(),
            env: BTreeMap::new(),
            memory_mb: 128,
            timeout: Duration::from_secs(3),
            init_timeout: Duration::from_secs(10),
            concurrency: 8,
            queue: 1_000,
            idle_expiry: Duration::from_secs(600),
            freeze: false,
        }
    }
}

/// A route of the HTTP API and the function it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// `GET /{id}`, `ANY /{proxy+}` or `$default`, as in API Gateway.
    pub key: String,
    /// Name of the function.
    pub function: String,
    /// Time after which the gateway responds with 503: 30 s by default, which is also API Gateway's maximum.
    pub timeout: Duration,
}

impl Route {
    /// A route with API Gateway's default timeout.
    #[must_use]
    pub fn new(key: impl Into<String>, function: impl Into<String>) -> Self {
        Self { key: key.into(), function: function.into(), timeout: Duration::from_secs(30) }
    }
}

/// A subscription filter: lines of a function's log that match a pattern go to a stream or another function.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// Its name, which messages carry.
    pub name: String,
    /// The function whose log it is.
    pub function: String,
    /// A word that lines must contain; empty, the default, for all lines. No other form of a filter pattern is understood.
    pub pattern: String,
    /// Where the lines go.
    pub destination: Destination,
    /// How long lines are collected, 1 s by default. On AWS it is 5 to 20 s.
    pub interval: Duration,
}

/// Where the lines of a log go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination {
    /// The function of this name is invoked with them.
    Function(String),
    /// They become records of the stream of this name.
    Stream(String),
}

/// A stream of Kinesis Data Streams.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Number of shards, 1 by default.
    pub shards: usize,
}

/// An event source mapping: the records of a stream go to a function, shard by shard and in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSource {
    /// Name of the stream.
    pub stream: String,
    /// Name of the function.
    pub function: String,
    /// Most records of a batch, 100 by default, as on Lambda.
    pub batch_size: usize,
    /// How long records are collected for a batch that is not full, not at all by default, as on Lambda.
    pub window: Duration,
}

impl Subscription {
    /// A subscription to all lines.
    #[must_use]
    pub fn new(name: impl Into<String>, function: impl Into<String>, destination: Destination) -> Self {
        Self {
            name: name.into(),
            function: function.into(),
            pattern: String::new(),
            destination,
            interval: Duration::from_secs(1),
        }
    }
}

impl Stream {
    /// A stream with one shard.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), shards: 1 }
    }
}

impl EventSource {
    /// A mapping with Lambda's defaults.
    #[must_use]
    pub fn new(stream: impl Into<String>, function: impl Into<String>) -> Self {
        Self { stream: stream.into(), function: function.into(), batch_size: 100, window: Duration::ZERO }
    }
}
