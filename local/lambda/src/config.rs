//! What runs on a platform: functions, and the routes that lead to them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loopback_guard::Cors;

use crate::observer::{Observer, Silent};

/// The functions of a [`Platform`](crate::Platform), their routes, and how they are run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlatformConfig {
    /// The functions. Each name occurs once.
    pub functions: Vec<Function>,
    /// The routes of the HTTP API, in any order: the most specific one wins.
    pub routes: Vec<Route>,
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
    /// No functions, no routes, no observer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            functions: Vec::new(),
            routes: Vec::new(),
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
